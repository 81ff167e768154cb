import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { dropTurns, holdTurns, takeTurn, type TurnAnswer } from '../../db/init-turn.repository.ts';
import { newId } from '../../db/ids.ts';
import type { PostMode, PostState } from '../../domain/contracts/post.ts';
import { seedAccount } from '../helpers/analytics.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { seedWorkspace } from '../helpers/seed.ts';

let database: TestDatabase;
let workspace_id: string;
let account: string;

beforeAll(async () => {
  database = await createTestDatabase(20);
  ({ workspace_id } = await seedWorkspace(database.db));
});
beforeEach(async () => {
  account = await seedAccount(database.db, workspace_id);
});
afterAll(() => database.drop());

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

async function newPost(mode: PostMode = 'direct', state: PostState = 'preparing'): Promise<{ id: string; mode: PostMode }> {
  const id = newId();
  await database.db
    .insertInto('posts')
    .values({ id, workspace_id, social_account_id: account, group_id: newId(), kind: 'video', mode, source: 'url', video_url: 'https://example.test/a.mp4', content: '{}', state, updated_at: new Date() })
    .execute();
  return { id, mode };
}
const ask = ({ id, mode }: { id: string; mode: PostMode }, turn = 1): Promise<TurnAnswer> =>
  takeTurn(database.db, { social_account_id: account, post_id: id, turn_key: `${id}:${turn}`, mode });

/** Turns that were granted so long ago. */
async function granted(ages: number[], mode: PostMode = 'direct', voided = false): Promise<void> {
  const { id } = await newPost(mode, 'published');
  for (const [index, age] of ages.entries()) {
    const granted_at = new Date(Date.now() - age);
    await database.db
      .insertInto('init_turns')
      .values({ social_account_id: account, post_id: id, turn_key: `${id}:${index}`, mode, granted_at, voided_at: voided ? granted_at : null })
      .execute();
  }
}
/** A busy machine may take seconds to ask. */
const about = (ms: number): unknown => ({ asymmetricMatch: (seen: number) => seen <= ms && seen > ms - 5_000, toString: () => `about ${ms}` });
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

test('six a minute, however many ask at once, and the same turn asked again stays granted', async () => {
  const posts = await Promise.all(Array.from({ length: 14 }, () => newPost()));
  const answers = await Promise.all(posts.map((post) => ask(post)));
  const lucky = posts.filter((_, index) => answers[index]!.kind === 'granted');
  expect(lucky).toHaveLength(6);
  expect(await Promise.all(lucky.map((post) => ask(post)))).toEqual(times(6, { kind: 'granted' }));
  const waits = answers.filter((answer) => answer.kind === 'wait');
  expect(waits.every(({ wait_ms, code }) => wait_ms > 55_000 && wait_ms <= 61_000 && code === 'tiktok_rate_limited')).toBe(true);
});

test('the window slides: the wait ends when the oldest of the six is a minute old', async () => {
  await granted([55_000, ...times(5, 10_000)]);
  const [first, second] = [await newPost(), await newPost()];
  expect(await ask(first)).toMatchObject({ kind: 'wait', wait_ms: about(6_000) });
  expect(await ask(second)).toMatchObject({ kind: 'wait', wait_ms: about(51_000) });
});

test('who asked first is first: a place that gets free is not taken by a later one', async () => {
  await granted([...times(6, 10_000)]);
  const [first, second] = [await newPost(), await newPost()];
  await ask(first);
  await ask(second);
  await database.db.updateTable('init_turns').set({ granted_at: new Date(Date.now() - 62_000) }).where('turn_key', 'like', '%:0').where('social_account_id', '=', account).execute();
  expect(await ask(second)).toMatchObject({ kind: 'wait' });
  expect(await ask(first)).toEqual({ kind: 'granted' });
});

test('one that ended or gave up holds nobody up', async () => {
  await granted([...times(5, 10_000)]);
  await granted([52_000]);
  const [ended, dropped, next] = [await newPost(), await newPost(), await newPost()];
  await ask(ended);
  await ask(dropped);
  await database.db.updateTable('posts').set({ state: 'cancelled' }).where('id', '=', ended.id).execute();
  await dropTurns(database.db, dropped.id);
  await database.db.updateTable('init_turns').set({ granted_at: new Date(Date.now() - 62_000) }).where('social_account_id', '=', account).where('granted_at', '<', new Date(Date.now() - 50_000)).execute();
  expect(await ask(next)).toEqual({ kind: 'granted' });
});

test('fifteen direct posts a day, and those that came to nothing do not count', async () => {
  await granted(times(15, DAY - 5 * MINUTE));
  expect(await ask(await newPost())).toMatchObject({ kind: 'wait', code: 'tiktok_daily_cap', wait_ms: about(5 * MINUTE) });
  account = await seedAccount(database.db, workspace_id);
  await granted(times(14, DAY / 2));
  await granted(times(10, DAY / 2), 'direct', true);
  expect(await ask(await newPost())).toEqual({ kind: 'granted' });
  expect(await ask(await newPost())).toMatchObject({ kind: 'wait', code: 'tiktok_daily_cap' });
});

test('five drafts a day, which hold no direct post up', async () => {
  await granted(times(5, DAY / 2), 'inbox');
  const draft = await newPost('inbox');
  expect(await ask(draft)).toMatchObject({ kind: 'wait', code: 'tiktok_pending_cap' });
  expect(await Promise.all((await Promise.all(times(6, 0).map(() => newPost()))).map((post) => ask(post)))).toEqual(times(6, { kind: 'granted' }));
});

test('what TikTok itself said holds the account’s mode until it is over, and only that', async () => {
  await holdTurns(database.db, { social_account_id: account, mode: 'direct', for_ms: 30_000, code: 'tiktok_daily_cap', reason: 'spam_risk_too_many_posts' });
  const post = await newPost();
  expect(await ask(post)).toMatchObject({ kind: 'wait', code: 'tiktok_daily_cap', reason: 'spam_risk_too_many_posts', wait_ms: about(30_000) });
  expect(await ask(await newPost('inbox'))).toEqual({ kind: 'granted' });
  await database.db.updateTable('init_holds').set({ until: new Date() }).where('social_account_id', '=', account).execute();
  expect(await ask(post)).toEqual({ kind: 'granted' });
});

test('a turn of a post’s own that it did not use does not stand in its way', async () => {
  await granted(times(5, 10_000));
  const post = await newPost();
  expect(await ask(post, 1)).toEqual({ kind: 'granted' });
  expect(await ask(post, 2)).toEqual({ kind: 'granted' });
  expect(await ask(await newPost())).toMatchObject({ kind: 'wait' });
});
