import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../helpers/eventually.ts';
import { PublishProduct } from '../helpers/publish-product.ts';

/** What goes wrong between the running product and TikTok, and what a person does meanwhile: exactly one post, or none and why. */
let world: PublishProduct;

beforeAll(async () => {
  world = await PublishProduct.start();
}, 180_000);
afterEach(() => world.control.delete('/faults'));
afterAll(() => world.close(), 60_000);

const CREATOR_INFO = '/v2/post/publish/creator_info/query/';
const INIT = '/v2/post/publish/video/init/';
const STATUS = '/v2/post/publish/status/fetch/';
const UPLOAD = '/upload/';

/** Publishes under faults, and gives what TikTok has of it in the end. */
async function under(faults: object[], before: (username: string) => Promise<unknown> = async () => undefined) {
  const creator = await world.creator();
  await before(creator.username);
  for (const fault of faults) await world.fault(creator, fault);
  const post = await world.publish(creator);
  const seen = await world.reaches(post, 'published');
  return { seen, kinds: seen.timeline.map(({ kind }) => kind), ...(await world.atTikTok(creator)) };
}

describe('Exactly one post', () => {
  test('when connections drop in the middle of chunks, and after one that TikTok has taken', async () => {
    const { posts, videos, kinds } = await under([
      { path: UPLOAD, chunk: 0, drop: 'before', after_bytes: 10_000_000 },
      { path: UPLOAD, chunk: 1, drop: 'after' },
      { path: UPLOAD, chunk: 2, drop: 'before', after_bytes: 50_000_000 },
      { path: UPLOAD, chunk: 2, drop: 'after' },
    ]);
    expect([posts.length, videos.length]).toEqual([1, 1]);
    expect(kinds).toContain('upload_resumed');
    expect(posts[0]!.upload!.sha256).toBe(await world.sha256());
  }, 180_000);

  test('when TikTok fails and limits every kind of call', async () => {
    const { videos, posts } = await under([
      { path: CREATOR_INFO, answer: { status: 429, code: 'rate_limit_exceeded', retry_after_s: 1 } },
      { path: CREATOR_INFO, answer: { status: 503, code: 'internal_error', retry_after_s: 1 } },
      { path: INIT, answer: { status: 429, code: 'rate_limit_exceeded', retry_after_s: 1 } },
      { path: INIT, answer: { status: 500, code: 'internal_error', acted: true } },
      { path: INIT, drop: 'after' },
      { path: UPLOAD, chunk: 1, answer: { status: 500 }, times: 2 },
      { path: STATUS, answer: { status: 429, code: 'rate_limit_exceeded' } },
      { path: STATUS, answer: { status: 502, code: 'internal_error', body: '<html>Bad gateway</html>' } },
    ]);
    // Two inits that TikTok did and whose answers were lost: nobody can upload to them.
    expect([posts.length, videos.length]).toEqual([3, 1]);
  }, 180_000);

  test('when TikTok takes half a minute for each answer', async () => {
    const { videos } = await under([{ path: INIT, delay_ms: 31_000 }, { path: UPLOAD, chunk: 2, delay_ms: 29_000 }]);
    expect(videos).toHaveLength(1);
  }, 300_000);

  test('when the upload URL expires between two chunks: a new init, from the beginning', async () => {
    const creator = await world.creator();
    const fault = await world.fault(creator, { path: UPLOAD, chunk: 1, delay_ms: 3_000 });
    const post = await world.publish(creator);
    await world.struck(fault);
    const [first] = (await world.atTikTok(creator)).posts;
    await world.control.post(`/posts/${encodeURIComponent(first!.publish_id)}/expire-upload`);
    const seen = await world.reaches(post, 'published');
    const { posts, videos } = await world.atTikTok(creator);
    expect([posts.length, videos.length]).toEqual([2, 1]);
    expect(seen.timeline.map(({ kind }) => kind)).toContain('init_lost');
    expect(seen.publish_id).not.toBe(first!.publish_id);
  }, 180_000);

  test('when the token dies on the way: it is refreshed, and the step goes on', async () => {
    const creator = await world.creator();
    const fault = await world.fault(creator, { path: UPLOAD, chunk: 1, delay_ms: 2_000 });
    const post = await world.publish(creator);
    await world.struck(fault);
    await world.control.post(`/accounts/${creator.username}/expire`, { which: 'access' });
    const seen = await world.reaches(post, 'published');
    expect(seen.timeline.map(({ kind }) => kind)).toContain('token_refreshed');
    const { posts, videos } = await world.atTikTok(creator);
    expect([posts.length, videos.length]).toEqual([1, 1]);
  }, 180_000);

  test('of each, with its own turn, when an account has more than TikTok takes in a minute', async () => {
    const creator = await world.creator();
    const all = await Promise.all(Array.from({ length: 7 }, () => world.publish(creator)));
    const waiting = await eventually(async () => (await Promise.all(all.map((post) => world.show(post)))).find(({ state }) => state === 'waiting_quota'), { timeoutMs: 60_000 });
    expect(waiting).toMatchObject({ state_code: 'tiktok_rate_limited', state_reason: expect.stringContaining('6') });
    for (const post of all) await world.reaches(post, 'published', 180_000);
    const { posts, videos } = await world.atTikTok(creator);
    expect([posts.length, videos.length]).toEqual([7, 7]);
    const { calls } = await world.control.get<{ calls: { status: number }[] }>(`/calls?path=${INIT}&username=${creator.username}`);
    expect(calls.filter(({ status }) => status === 429)).toHaveLength(0);
  }, 300_000);
});

describe('A person', () => {
  test('edits and cancels what runs', async () => {
    const creator = await world.creator();
    const [edited, cancelled] = [await world.publish(creator, { publish_at: inAnHour() }), await world.publish(creator, { publish_at: inAnHour() })];
    await world.api.patch(`/api/posts/${edited.id}`, { caption: 'Edited', publish_at: null });
    await world.api.post(`/api/posts/${cancelled.id}/cancel`);
    await world.reaches(edited, 'published');
    await world.reaches(cancelled, 'cancelled');
    const { posts } = await world.atTikTok(creator);
    expect(posts.map(({ caption }) => caption)).toEqual(['Edited']);
  }, 120_000);

  test('stops an upload, and nothing becomes of it', async () => {
    const creator = await world.creator();
    const fault = await world.fault(creator, { path: UPLOAD, chunk: 1, delay_ms: 20_000 });
    const post = await world.publish(creator);
    await world.struck(fault);
    await world.api.post(`/api/posts/${post.id}/cancel`);
    await world.reaches(post, 'cancelled');
    expect(await world.atTikTok(creator)).toMatchObject({ videos: [], published: [], posts: [{ status: 'FAILED', fail_reason: 'publish_cancelled' }] });
  }, 120_000);

  test('sees why TikTok refused it, and has it tried again', async () => {
    const creator = await world.creator();
    await world.control.post(`/accounts/${creator.username}/next-post`, { fail_reason: 'picture_size_check_failed' });
    const post = await world.publish(creator);
    expect(await world.reaches(post, 'failed')).toMatchObject({ state_code: 'media_picture_size', state_reason: expect.stringContaining('picture_size_check_failed') });
    await world.api.post(`/api/posts/${post.id}/retry`);
    expect(await world.reaches(post, 'published')).toMatchObject({ run: 2, state_code: null, state_reason: null });
    expect((await world.atTikTok(creator)).videos).toHaveLength(1);
  }, 120_000);

  test('is told when the account’s consent is gone in the middle', async () => {
    const creator = await world.creator();
    const fault = await world.fault(creator, { path: UPLOAD, chunk: 1, delay_ms: 2_000 });
    const post = await world.publish(creator);
    await world.struck(fault);
    await world.control.post(`/accounts/${creator.username}/disconnect`, { reason: 1 });
    await eventually(async () => (await world.api.get<{ state: string }>(`/api/social-accounts/${creator.id}`)).state === 'reconnect_needed');
    expect(await world.reaches(post, 'failed')).toMatchObject({ state_code: 'reconnect_needed' });
    expect((await world.atTikTok(creator)).videos).toHaveLength(0);
  }, 120_000);
});

test('a file that vanishes in the middle ends the post, and says so', async () => {
  const creator = await world.creator();
  const media_id = await world.upload();
  const fault = await world.fault(creator, { path: UPLOAD, chunk: 1, delay_ms: 2_000 });
  const post = await world.publish(creator, { media_id });
  await world.struck(fault);
  await removeFile(join(world.dataDir, 'media'), media_id);
  expect(await world.reaches(post, 'failed')).toMatchObject({ state_code: 'media_missing' });
  expect((await world.atTikTok(creator)).videos).toHaveLength(0);
}, 120_000);

async function removeFile(folder: string, mediaId: string): Promise<void> {
  const { storage_key } = await world.database.db.selectFrom('media').select('storage_key').where('id', '=', mediaId).executeTakeFirstOrThrow();
  expect(await readdir(folder, { recursive: true })).toContain(storage_key);
  await rm(join(folder, storage_key), { force: true });
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();
