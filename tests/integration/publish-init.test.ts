import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import type { PublishRef } from '../../activities/publish/working-post.ts';
import type { Row } from '../../db/schema.ts';
import type { ChunkOutcome, InitOutcome } from '../../domain/contracts/post.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { noAnswer } from '../helpers/fake-publishing.ts';
import { MIB, publishingHarness, type Publishing } from '../helpers/publishing.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

/** Two attempts of one activity: one that was taken for dead, and its successor. */
let database: TestDatabase;
let temporal: TestTemporal;
let publishing: Publishing;

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  publishing = await publishingHarness(database, temporal);
});
afterEach(() => publishing.tiktok.reset());
afterAll(async () => {
  await temporal.close();
  await publishing.close();
  await database.drop();
});

const refOf = ({ id, social_account_id, workspace_id, run }: Row<'posts'>): PublishRef => ({ post_id: id, social_account_id, workspace_id, run });
const init = (post: Row<'posts'>): Promise<InitOutcome> => new MockActivityEnvironment().run(publishing.activities.initPost, refOf(post));
const chunk = (post: Row<'posts'>, index: number, attempt = 1): Promise<ChunkOutcome> =>
  new MockActivityEnvironment({ attempt }).run(publishing.activities.uploadChunk, refOf(post), { index, doubt_ms: 50 });

/** Holds TikTok's next answer to init until it is let go. */
function heldInit(): { asked: Promise<void>; answer: () => void } {
  let answer = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    publishing.tiktok.twists.init.push(async (act) => {
      const result = await act();
      resolve();
      await new Promise<void>((go) => (answer = go));
      return result;
    });
  });
  return { asked, answer: () => answer() };
}

test('a second attempt while the first still waits for its answer takes that init for lost, and asks for none of its own yet', async () => {
  const post = await publishing.post({ over: { state: 'preparing' } });
  const held = heldInit();
  const first = init(post);
  await held.asked;
  expect(await init(post)).toMatchObject({ kind: 'lost' });
  expect(publishing.tiktok.called.init).toBe(1);
  expect(await init(post)).toMatchObject({ kind: 'initialised', chunk_count: 1 });
  const { publish_id } = await publishing.row(post.id);
  held.answer();
  // The late answer is not kept: what the second init began stands.
  expect(await first).toMatchObject({ kind: 'initialised', chunk_count: 1 });
  expect(await publishing.row(post.id)).toMatchObject({ publish_id, init_count: 2 });
  expect(publishing.tiktok.posts.at(-1)!.publish_id).toBe(publish_id);
});

test('a pull whose answer comes after all is not doubtful any more', async () => {
  const post = await publishing.post({ bytes: null, over: { state: 'preparing' } });
  const held = heldInit();
  const first = init(post);
  await held.asked;
  expect(await init(post)).toMatchObject({ kind: 'doubtful' });
  await publishing.activities.setPostState(refOf(post), { state: 'unconfirmed', code: 'post_unconfirmed', reason: 'lost' });
  held.answer();
  expect(await first).toMatchObject({ kind: 'initialised', chunk_count: 0 });
  expect(await publishing.row(post.id)).toMatchObject({ state: 'processing', publish_id: publishing.tiktok.posts[0]!.publish_id });
  expect(publishing.tiktok.called.init).toBe(1);
});

test('many attempts at once call TikTok once', async () => {
  const post = await publishing.post({ bytes: null, over: { state: 'preparing' } });
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => init(post)));
  expect(publishing.tiktok.called.init).toBe(1);
  expect(outcomes.filter(({ kind }) => kind === 'initialised').length).toBeGreaterThanOrEqual(1);
});

test('an init is not sent for a post that was cancelled meanwhile, or is on another try', async () => {
  const cancelled = await publishing.post({ over: { state: 'cancelled' } });
  await expect(init(cancelled)).rejects.toMatchObject({ type: 'post_gone' });
  const retried = await publishing.post({ over: { state: 'preparing', run: 2 } });
  await expect(init({ ...retried, run: 1 })).rejects.toMatchObject({ type: 'post_gone' });
  expect(publishing.tiktok.called.init).toBe(0);
});

test('the upload URL lies sealed in the row', async () => {
  const post = await publishing.post({ over: { state: 'preparing' } });
  await init(post);
  const { rows } = await sql<{ text: string }>`select posts::text as text from posts where id = ${post.id}`.execute(database.db);
  expect(rows[0]!.text).not.toContain('upload_id');
});

test('a chunk of an upload that another attempt has finished is not sent again', async () => {
  const post = await publishing.post({ over: { state: 'preparing' } });
  await init(post);
  expect(await chunk(post, 0)).toEqual({ kind: 'complete' });
  expect(await chunk(post, 0, 2)).toEqual({ kind: 'complete' });
  expect(publishing.tiktok.called.uploadChunk).toBe(1);
});

test('bytes that TikTok has never become fewer in the row', async () => {
  const post = await publishing.post({ bytes: 150 * MIB, over: { state: 'preparing' } });
  await init(post);
  expect(await chunk(post, 0)).toEqual({ kind: 'stored', next_chunk: 1 });
  expect(await chunk(post, 1)).toEqual({ kind: 'stored', next_chunk: 2 });
  publishing.tiktok.posts[0]!.uploaded = 50 * MIB;
  expect(await chunk(post, 2)).toEqual({ kind: 'stored', next_chunk: 1 });
  expect(await publishing.row(post.id)).toMatchObject({ bytes_uploaded: 100 * MIB });
});

test('a broken connection has the chunk tried again by its next attempt', async () => {
  const post = await publishing.post({ over: { state: 'preparing' } });
  await init(post);
  publishing.tiktok.twists.uploadChunk.push(async () => noAnswer);
  await expect(chunk(post, 0)).rejects.toMatchObject({ type: 'tiktok_unreachable', nonRetryable: false });
});
