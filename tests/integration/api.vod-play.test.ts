import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { VodView } from '../../api/schemas/vod.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow } from '../../db/schema.ts';
import { signToken } from '../../db/signed-token.ts';
import { posterKey, vodKey } from '../../domain/contracts/vod.ts';
import { put, seedStream, sha256 } from '../helpers/recordings.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

const BYTES = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 251));
const T0 = Date.parse('2026-03-14T18:00:00.000Z');
const at = (ms: number): string => new Date(T0 + ms).toISOString();

let api: TestApi;
let owner: Person;
beforeAll(async () => {
  api = await createTestApi();
});
beforeEach(async () => {
  owner = await api.person();
});
afterAll(() => api.close());

async function seedVod(over: Partial<NewRow<'vods'>> = {}): Promise<string> {
  const id = newId();
  await put(api.deps.media, vodKey(id), BYTES);
  await put(api.deps.media, posterKey(id), Buffer.from('a picture'));
  await api.deps.db
    .insertInto('vods')
    .values({
      id,
      workspace_id: owner.workspace_id,
      user_id: owner.user_id,
      stream_id: null,
      title: 'Friday live',
      description: null,
      visibility: 'private',
      source: 'upload',
      source_url: null,
      status: 'ready',
      status_code: null,
      status_reason: null,
      storage_key: vodKey(id),
      poster_key: posterKey(id),
      content_type: 'video/mp4',
      size_bytes: BYTES.length,
      sha256: sha256(BYTES),
      duration_ms: 60_000,
      width: 320,
      height: 240,
      probe: null,
      recorded_from: null,
      ...over,
    })
    .execute();
  return id;
}

async function play(id: string, headers: Record<string, string> = {}, { query = '', method = 'GET', path = 'play', token = owner.token as string | null } = {}) {
  const response = await api.app.request(`/vod/${id}/${path}${query}`, { method, headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers } });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}
const problem = ({ bytes }: { bytes: Buffer }) => JSON.parse(bytes.toString()) as { code: string; reason?: string };

describe('Playing', () => {
  test('gives all of it, with what a player needs to ask for less', async () => {
    const id = await seedVod();
    const { status, headers, bytes } = await play(id);
    expect([status, bytes.equals(BYTES)]).toEqual([200, true]);
    expect(Object.fromEntries(headers)).toMatchObject({ 'content-type': 'video/mp4', 'content-length': '5000', 'accept-ranges': 'bytes', etag: `"${sha256(BYTES)}"`, 'cache-control': 'private, max-age=3600' });
  });

  test.each([
    ['bytes=0-99', 0, 99],
    ['bytes=4900-', 4_900, 4_999],
    ['bytes=-10', 4_990, 4_999],
    ['bytes=100-9999', 100, 4_999],
  ])('%s gives that part', async (range, first, last) => {
    const { status, headers, bytes } = await play(await seedVod(), { range });
    expect([status, headers.get('content-range'), headers.get('content-length')]).toEqual([206, `bytes ${first}-${last}/5000`, String(last - first + 1)]);
    expect(bytes.equals(BYTES.subarray(first, last + 1))).toBe(true);
  });

  test('a part that is not there is 416, with how much there is', async () => {
    const { status, headers } = await play(await seedVod(), { range: 'bytes=5000-' });
    expect([status, headers.get('content-range')]).toEqual([416, 'bytes */5000']);
  });

  test('of a file that has changed since gives all of it instead of a part', async () => {
    const id = await seedVod();
    expect((await play(id, { range: 'bytes=0-9', 'if-range': '"older"' })).status).toBe(200);
    expect((await play(id, { range: 'bytes=0-9', 'if-range': `"${sha256(BYTES)}"` })).status).toBe(206);
    expect((await play(id, { 'if-none-match': `"${sha256(BYTES)}"` })).status).toBe(304);
  });

  test('HEAD tells the same without a byte', async () => {
    const id = await seedVod();
    const { status, headers, bytes } = await play(id, { range: 'bytes=0-9' }, { method: 'HEAD' });
    expect([status, headers.get('content-length'), bytes.length]).toEqual([206, '10', 0]);
  });

  test('a public one needs no token, and may be kept by anybody', async () => {
    const { status, headers } = await play(await seedVod({ visibility: 'public' }), {}, { token: null });
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=3600']);
  });

  test('a private one is for members, and who has a link', async () => {
    const id = await seedVod();
    const none = await play(id, {}, { token: null });
    expect([none.status, problem(none).reason]).toEqual([401, 'missing']);
    expect(problem(await play(id, {}, { token: 'nonsense' }))).toMatchObject({ code: 'unauthenticated', reason: 'invalid' });
    expect((await play(id, {}, { token: null, query: `?token=${owner.token}` })).status).toBe(200);
    expect((await play(id, {}, { token: (await api.person()).token })).status).toBe(404);
    const { body } = await api.call<{ url: string; token: string; expires_at: string }>('POST', `/vod/${id}/play-url`, { token: owner.token });
    const { pathname, search } = new URL(body.url);
    expect(pathname).toBe(`/vod/${id}/play`);
    for (const path of ['play', 'poster', 'chat']) expect([path, (await play(id, {}, { token: null, path, query: search })).status]).toEqual([path, 200]);
    // It is of this video alone, and not for ever.
    expect((await play(await seedVod(), {}, { token: null, query: search })).status).toBe(401);
    const old = await signToken('play', id, api.deps.config.jwtSecret, 60, Math.floor(Date.now() / 1_000) - 120);
    expect(problem(await play(id, {}, { token: null, query: `?token=${old}` }))).toMatchObject({ code: 'token_expired', reason: 'expired' });
    // A stranger who is signed in may have been given the link.
    expect((await play(id, {}, { token: (await api.person()).token, query: search })).status).toBe(200);
    // It opens nothing else.
    expect((await api.call('GET', `/vod/${id}`, { token: body.token })).status).toBe(401);
  });

  test('a recording is also for who has a link of its stream', async () => {
    const stream_id = await seedStream(api.deps.db, owner);
    const token = await signToken('play', stream_id, api.deps.config.jwtSecret, 60);
    const watch = async (id: string) => (await play(id, {}, { token: null, query: `?token=${token}` })).status;
    expect([await watch(await seedVod({ stream_id, source: 'recording' })), await watch(await seedVod())]).toEqual([200, 401]);
    // An upload names it for its chat alone: nobody who was let in to the stream was shown that.
    expect(await watch(await seedVod({ stream_id }))).toBe(401);
  });

  test('what is not made yet can not be played, and says why', async () => {
    expect(await play(await seedVod({ status: 'processing' }))).toMatchObject({ status: 409 });
    const failed = await play(await seedVod({ status: 'failed', status_code: 'vod_unreadable', status_reason: 'It is a poem.' }));
    expect([failed.status, JSON.parse(failed.bytes.toString())]).toMatchObject([409, { code: 'vod_not_ready', detail: 'It is a poem.' }]);
  });

  test('goes to the object storage by a signed URL where there is one', async () => {
    const id = await seedVod();
    api.deps.media.presign = (key, ttl) => Promise.resolve(`https://bucket.example.com/${key}?ttl=${ttl}`);
    const { status, headers } = await play(id, {}, { query: '?redirect=true' });
    const direct = await play(id);
    delete api.deps.media.presign;
    expect([status, headers.get('location')]).toEqual([302, `https://bucket.example.com/${vodKey(id)}?ttl=3600`]);
    expect(direct.status).toBe(200);
    expect((await play(id, {}, { query: '?redirect=true' })).status).toBe(200);
  });
});

describe('The list of videos', () => {
  const list = async (query = '', person = owner) => (await api.call<{ items: VodView[]; next_cursor: string | null }>('GET', `/vod${query}`, { token: person.token })).body;
  const ids = async (query: string) => (await list(query)).items.map(({ id }) => id);

  test('is of the workspace, newest first, by pages and filters', async () => {
    const stream_id = await seedStream(api.deps.db, owner);
    const first = await seedVod({ recorded_from: at(0), stream_id });
    const second = await seedVod({ title: '100% off_sale', recorded_from: at(3_600_000) });
    const third = await seedVod({ description: 'About FRIDAY', recorded_from: at(7_200_000) });
    expect(await ids('')).toEqual([third, second, first]);
    const page = await list('?limit=2');
    expect((await list(`?limit=2&cursor=${page.next_cursor}`)).items.map(({ id }) => id)).toEqual([first]);
    expect(await ids(`?stream_id=${stream_id}`)).toEqual([first]);
    expect(await ids(`?from=${at(3_600_000)}&to=${at(7_200_000)}`)).toEqual([second]);
    expect(await ids('?q=friday')).toEqual([third, first]);
    expect(await ids('?q=100%25')).toEqual([second]);
    expect(await ids('?q=f_s')).toEqual([second]);
    expect((await list('', await api.person())).items).toEqual([]);
  });

  test('changes with its videos, which go with their files', async () => {
    const id = await seedVod();
    const call = (method: string, body?: unknown, person = owner) => api.call<VodView>(method, `/vod/${id}`, { token: person.token, body });
    expect((await call('PATCH', { title: ' Better ', visibility: 'public' })).body).toMatchObject({ title: 'Better', visibility: 'public', play_url: `/vod/${id}/play` });
    expect((await call('PATCH', {})).status).toBe(422);
    const stranger = await api.person();
    for (const method of ['GET', 'PATCH', 'DELETE']) expect([method, (await call(method, method === 'PATCH' ? { title: 'x' } : undefined, stranger)).status]).toEqual([method, 404]);
    expect((await api.call('POST', `/vod/${id}/play-url`, { token: stranger.token })).status).toBe(404);
    expect((await call('DELETE')).status).toBe(204);
    expect([await api.deps.media.stat(vodKey(id)), await api.deps.media.stat(posterKey(id))]).toEqual([null, null]);
    expect((await call('GET')).status).toBe(404);
  });

  test('has a failed one made again, and no other', async () => {
    const failed = await seedVod({ status: 'failed', status_code: 'feature_off', status_reason: 'ffmpeg is not installed', storage_key: null });
    expect(await api.call('POST', `/vod/${failed}/retry`, { token: owner.token })).toMatchObject({ status: 202, body: { status: 'processing', status_code: null } });
    expect(api.temporal.calls.at(-1)).toMatchObject({ name: 'ingestVod', args: [{ vod_id: failed, source: 'upload' }] });
    expect((await api.call('POST', `/vod/${await seedVod()}/retry`, { token: owner.token })).status).toBe(409);
  });

  test('says through the cache what it is made of', async () => {
    const used: unknown[] = [];
    const dropped: string[] = [];
    const { cache } = api.deps;
    api.deps.cache = { ...cache };
    Object.assign(cache, { through: (key: string, tags: string[], ttl: number, load: () => Promise<unknown>) => (used.push([key.split(':')[0], tags, ttl]), load()), invalidate: (tags: string[]) => (dropped.push(...tags), Promise.resolve()) });
    const id = await seedVod();
    await list();
    await api.call('GET', `/vod/${id}`, { token: owner.token });
    await api.call('PATCH', `/vod/${id}`, { token: owner.token, body: { title: 'New' } });
    Object.assign(cache, { through: api.deps.cache.through, invalidate: api.deps.cache.invalidate });
    expect(used).toEqual([['vods', [`vods:${owner.workspace_id}`], 30], ['vod', [`vod:${id}`], 30]]);
    expect(dropped).toEqual([`vods:${owner.workspace_id}`, `vod:${id}`]);
  });
});

describe('The chat beside a video', () => {
  interface Replayed {
    items: { at_ms: number; message: string }[];
    next_cursor: string | null;
  }
  const replay = async (id: string, query = '') => (await api.call<Replayed>('GET', `/vod/${id}/chat${query}`, { token: owner.token })).body;
  const shown = ({ items }: Replayed) => items.map(({ at_ms, message }) => [at_ms, message]);
  let id: string;
  beforeEach(async () => {
    const stream_id = await seedStream(api.deps.db, owner);
    // Ten seconds, twenty of which nothing is there, ten more.
    const stretches = [{ at_ms: 0, duration_ms: 10_000, from: at(0) }, { at_ms: 10_000, duration_ms: 10_000, from: at(30_000) }];
    id = await seedVod({ stream_id, stretches: JSON.stringify(stretches), duration_ms: 20_000 });
    const said: [number, string][] = [[-5_000, 'early'], [1_000, 'one'], [9_999, 'two'], [15_000, 'in the gap'], [20_000, 'deleted'], [31_000, 'after it'], [60_000, 'late']];
    for (const [index, [ms, message]] of said.entries())
      await api.deps.db
        .insertInto('chat_messages')
        .values({ id: newId(), stream_id, position: index + 1, user_id: owner.user_id, user_name: 'Ada', message, reply_to: null, sent_at: at(ms), deleted_at: message === 'deleted' ? new Date() : null, deleted_by: null })
        .execute();
  });

  test('is in step with it; what was said in a gap comes at the gap, what was deleted never', async () => {
    expect(shown(await replay(id))).toEqual([[0, 'early'], [1_000, 'one'], [9_999, 'two'], [10_000, 'in the gap'], [11_000, 'after it'], [20_000, 'late']]);
  });

  test('begins where the viewer is, and ends where they want it to', async () => {
    expect(shown(await replay(id, '?from_ms=10000'))).toEqual([[10_000, 'in the gap'], [11_000, 'after it'], [20_000, 'late']]);
    expect(shown(await replay(id, '?from_ms=10001'))).toEqual([[11_000, 'after it'], [20_000, 'late']]);
    expect(shown(await replay(id, '?from_ms=500&to_ms=10000'))).toEqual([[1_000, 'one'], [9_999, 'two']]);
    expect(shown(await replay(id, '?from_ms=20001'))).toEqual([]);
  });

  test('comes by pages', async () => {
    const first = await replay(id, '?from_ms=1&limit=2');
    const second = await replay(id, `?from_ms=1&limit=2&cursor=${first.next_cursor}`);
    expect([shown(first), shown(second)]).toEqual([[[1_000, 'one'], [9_999, 'two']], [[10_000, 'in the gap'], [11_000, 'after it']]]);
    expect((await replay(id, `?from_ms=1&limit=2&cursor=${second.next_cursor}`)).next_cursor).toBeNull();
  });

  test('is empty where nobody knows when the video was recorded', async () => {
    expect(await replay(await seedVod())).toEqual({ items: [], next_cursor: null });
  });
});
