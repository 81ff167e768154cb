import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PostView } from '../../api/schemas/post.ts';
import { eventually } from '../helpers/eventually.ts';
import { CLIP_BYTES, PublishProduct, type Creator } from '../helpers/publish-product.ts';

/** kill -9 of the worker while it is at a step of publishing: exactly one post, whatever the step. */
let world: PublishProduct;

beforeAll(async () => {
  world = await PublishProduct.start();
}, 180_000);
afterAll(() => world.close(), 60_000);

const CREATOR_INFO = '/v2/post/publish/creator_info/query/';
const INIT = '/v2/post/publish/video/init/';
const STATUS = '/v2/post/publish/status/fetch/';
const UPLOAD = '/upload/';
/** Longer than it takes until the worker is dead, shorter than the test is patient. */
const DELAY_MS = 25_000;

/** Where the worker is when it dies, and what TikTok does meanwhile. */
const STEPS = {
  'before init, asking for creator info': { path: CREATOR_INFO, delay_ms: DELAY_MS },
  'in init, which TikTok does all the same': { path: INIT, delay_ms: DELAY_MS },
  'in the first chunk': { path: UPLOAD, chunk: 0, delay_ms: DELAY_MS },
  'in the second chunk': { path: UPLOAD, chunk: 1, delay_ms: DELAY_MS },
  'in the last chunk': { path: UPLOAD, chunk: 2, delay_ms: DELAY_MS },
  'in polling': { path: STATUS, delay_ms: DELAY_MS },
} as const;
type Step = keyof typeof STEPS;

interface Lane {
  step: Step | 'at the webhook';
  /** Date.now() when it was there; what TikTok does next it does DELAY_MS later. */
  since: number;
  creator: Creator;
  post: PostView;
}

async function at(step: Step, creator: Creator): Promise<Lane> {
  const fault = await world.fault(creator, STEPS[step]);
  const post = await world.publish(creator);
  await world.struck(fault);
  return { step, since: Date.now(), creator, post };
}

/** TikTok publishes it while no worker is there to hear of it. */
async function atTheWebhook(creator: Creator): Promise<Lane> {
  await world.control.post(`/accounts/${creator.username}/next-post`, { processing_ms: DELAY_MS });
  const post = await world.publish(creator);
  await world.reaches(post, 'processing');
  return { step: 'at the webhook', since: Date.now(), creator, post };
}

test('a worker killed at every step leaves exactly one post of each, and the uploads go on where they were', async () => {
  const steps = Object.keys(STEPS) as Step[];
  const creators: Creator[] = [];
  while (creators.length <= steps.length) creators.push(await world.creator());
  // Those that upload first take the longest to get there, and the others wait for nothing.
  const late: Step[] = ['in the last chunk', 'in polling'];
  const slow = await Promise.all([...late.map((step) => at(step, creators.pop()!)), atTheWebhook(creators.pop()!)]);
  const quick = await Promise.all(steps.filter((step) => !late.includes(step)).map((step) => at(step, creators.pop()!)));
  const lanes = [...quick, ...slow];
  await world.product.kill('publish');
  for (const { step, since } of lanes) expect({ step, in_time: Date.now() - since < DELAY_MS }).toEqual({ step, in_time: true });
  expect((await world.show(lanes.at(-1)!.post)).state).toBe('processing');
  await eventually(() => world.database.db.selectFrom('tiktok_webhooks').select('id').where('event', '=', 'post.publish.complete').executeTakeFirst(), { timeoutMs: 60_000 });
  await world.product.spawn('publish');

  for (const { step, creator, post } of lanes) {
    const seen = await world.reaches(post, 'published');
    // An init that TikTok did after its caller was dead, and that nobody has the upload URL of.
    if (step.startsWith('in init')) await eventually(async () => (await world.atTikTok(creator)).posts.length === 2, { timeoutMs: 60_000 });
    const { posts, published, videos } = await world.atTikTok(creator);
    const [video] = videos;
    expect({ step, published: published.length, videos: videos.length }).toEqual({ step, published: 1, videos: 1 });
    expect({ step, inits: posts.length }).toEqual({ step, inits: step.startsWith('in init') ? 2 : 1 });
    expect(seen).toMatchObject({ publish_id: published[0]!.publish_id, progress: { bytes_uploaded: CLIP_BYTES, percent: 100 } });
    expect(await world.linked(post)).toMatchObject({ tiktok_post_ids: [video!.id], permalink: `https://www.tiktok.com/@${creator.username}/video/${video!.id}` });
    expect(published[0]!.upload!.sha256).toBe(await world.sha256());
    // A chunk that TikTok had before is not sent again.
    expect(published[0]!.upload!.puts.filter(({ status }) => status === 206 || status === 201).map(({ chunk }) => chunk)).toEqual([0, 1, 2]);
    expect(seen.timeline.some(({ kind }) => kind === 'upload_resumed')).toBe(step.includes('chunk'));
  }
}, 600_000);

test('killed in each chunk of one upload, it still arrives as one post, each chunk once', async () => {
  const creator = await world.creator();
  const faults = [];
  for (const chunk of [0, 1, 2]) faults.push(await world.fault(creator, { path: UPLOAD, chunk, delay_ms: DELAY_MS }));
  const post = await world.publish(creator);
  for (const fault of faults) {
    await world.struck(fault);
    await world.product.kill('publish');
    await world.product.spawn('publish');
  }
  const seen = await world.reaches(post, 'published');
  const { posts, videos } = await world.atTikTok(creator);
  expect(videos).toHaveLength(1);
  expect(posts).toHaveLength(1);
  expect(posts[0]!.upload!.puts.filter(({ status }) => status !== null && status < 300).map(({ chunk }) => chunk)).toEqual([0, 1, 2]);
  expect(seen.timeline.filter(({ kind }) => kind === 'upload_resumed').length).toBeGreaterThanOrEqual(3);
}, 300_000);
