import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { createAnalyticsActivities } from '../../activities/analytics/analytics.activities.ts';
import { SAMPLE_EVERY_MS } from '../../domain/analytics/sampling.ts';
import type { AnalyticsAccount, AnalyticsReport } from '../../domain/contracts/analytics.ts';
import { FEATURE_OF_SCOPE, TIKTOK_SCOPES } from '../../domain/contracts/social-account.ts';
import { ERRORS } from '../../domain/errors.ts';
import { failure, fakeNumbers, newVideoId, seedAccount, seedPublishedPost, type FakeNumbers } from '../helpers/analytics.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

const DAY = 86_400_000;
const counts = (view_count: number) => ({ view_count, like_count: 2, comment_count: 1, share_count: 0 });

describe('A round of statistics', () => {
  let database: TestDatabase;
  let temporal: TestTemporal;
  let tiktok: FakeNumbers;
  let workspace_id: string;

  beforeAll(async () => {
    [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
    ({ workspace_id } = await seedWorkspace(database.db));
    tiktok = fakeNumbers();
    const deps = { db: database.db, tiktok: tiktok.tiktok, calls: tiktok.calls, client: temporal.client, taskQueuePrefix: `${temporal.taskQueue}-`, logger: quietLog };
    await temporal.runWorker({ activities: createAnalyticsActivities(deps) });
  });
  afterAll(async () => {
    await temporal.close();
    await database.drop();
  });

  const accountWith = async (over: Parameters<typeof seedAccount>[2] = {}): Promise<AnalyticsAccount> => ({
    workspace_id,
    social_account_id: await seedAccount(database.db, workspace_id, over),
  });
  const round = (account: AnalyticsAccount): Promise<AnalyticsReport> =>
    temporal.client.workflow.execute('syncAnalytics', { taskQueue: temporal.taskQueue, workflowId: `analytics-test:${randomUUID()}`, args: [{ ...account, timings: { retry_initial_ms: 20, retry_max_ms: 100 } }] });
  const videoRow = (video_id: string) => database.db.selectFrom('sampled_videos').selectAll().where('video_id', '=', video_id).executeTakeFirstOrThrow();
  const samplesOf = (post_id: string) => database.db.selectFrom('post_metrics').selectAll().where('post_id', '=', post_id).orderBy('at').execute();
  const followersOf = ({ social_account_id }: AnalyticsAccount) =>
    database.db.selectFrom('account_metrics').select('follower_count').where('social_account_id', '=', social_account_id).orderBy('at').execute();
  /** As if the time had come, without waiting for it. */
  const makeDue = (video_id: string) => database.db.updateTable('sampled_videos').set({ next_sample_at: new Date(0) }).where('video_id', '=', video_id).execute();

  test('writes the account’s numbers and those of every public post, however its id became known', async () => {
    const account = await accountWith();
    const [video, second] = [newVideoId(), newVideoId()];
    const post = await seedPublishedPost(database.db, account, [video, second]);
    tiktok.videos.set(video, counts(120)).set(second, counts(7));
    tiktok.followers = 1_234;
    expect(await round(account)).toEqual({ account: { kind: 'sampled', rows: 1, gone: 0 }, videos: { kind: 'sampled', rows: 2, gone: 0 } });
    expect(await followersOf(account)).toEqual([{ follower_count: 1_234 }]);
    expect((await samplesOf(post)).map((row) => [row.video_id, row.view_count, row.like_count])).toEqual(
      expect.arrayContaining([
        [video, 120, 2],
        [second, 7, 2],
      ]),
    );
    const { next_sample_at } = await videoRow(video);
    expect(next_sample_at.getTime() - (await samplesOf(post))[0]!.at.getTime()).toBe(SAMPLE_EVERY_MS);
  });

  test('asks only for the videos that are due, and those that are older rarely', async () => {
    const account = await accountWith();
    const [young, old, ancient] = [newVideoId(), newVideoId(), newVideoId()];
    const published = (age: number) => ({ published_at: new Date(Date.now() - age) });
    await seedPublishedPost(database.db, account, [young]);
    const post = await seedPublishedPost(database.db, account, [old], published(30 * DAY));
    await seedPublishedPost(database.db, account, [ancient], published(400 * DAY));
    for (const id of [young, old, ancient]) tiktok.videos.set(id, counts(1));
    const before = tiktok.queries.length;
    await round(account);
    await round(account);
    expect(tiktok.queries.slice(before).map((ids) => [...ids].sort())).toEqual([[young, old].sort()]);
    const { next_sample_at } = await videoRow(old);
    expect(next_sample_at.getTime() - (await samplesOf(post))[0]!.at.getTime()).toBe(DAY);
  });

  test('ends a video’s sampling with the year', async () => {
    const account = await accountWith();
    const video = newVideoId();
    await seedPublishedPost(database.db, account, [video], { published_at: new Date(Date.now() - 360 * DAY) });
    tiktok.videos.set(video, counts(5));
    expect((await round(account)).videos).toMatchObject({ rows: 1 });
    expect((await videoRow(video)).next_sample_at).toBe(Infinity);
    expect((await round(account)).videos).toMatchObject({ rows: 0, gone: 0 });
  });

  test('asks for 45 videos in three calls of at most 20', async () => {
    const account = await accountWith();
    const ids = Array.from({ length: 45 }, newVideoId);
    for (const id of ids) tiktok.videos.set(id, counts(1));
    await seedPublishedPost(database.db, account, ids);
    const before = tiktok.queries.length;
    expect((await round(account)).videos).toEqual({ kind: 'sampled', rows: 45, gone: 0 });
    const asked = tiktok.queries.slice(before);
    expect(asked.map((batch) => batch.length)).toEqual([20, 20, 5]);
    expect(new Set(asked.flat())).toEqual(new Set(ids));
  });

  test('takes a video for gone that TikTok left out twice in a row, keeps its numbers and never asks again', async () => {
    const account = await accountWith();
    const video = newVideoId();
    const post = await seedPublishedPost(database.db, account, [video]);
    tiktok.videos.set(video, counts(50));
    await round(account);
    tiktok.videos.delete(video);
    await makeDue(video);
    expect((await round(account)).videos).toEqual({ kind: 'sampled', rows: 0, gone: 0 });
    expect(await videoRow(video)).toMatchObject({ misses: 1, gone_at: null });
    await makeDue(video);
    expect((await round(account)).videos).toEqual({ kind: 'sampled', rows: 0, gone: 1 });
    expect((await videoRow(video)).gone_at).toBeInstanceOf(Date);
    const before = tiktok.queries.length;
    await makeDue(video);
    await round(account);
    expect(tiktok.queries).toHaveLength(before);
    expect(await samplesOf(post)).toHaveLength(1);
  });

  test('forgives a video that TikTok left out once', async () => {
    const account = await accountWith();
    const video = newVideoId();
    await seedPublishedPost(database.db, account, [video]);
    for (const returned of [false, true, false]) {
      if (returned) tiktok.videos.set(video, counts(1));
      else tiktok.videos.delete(video);
      if (await database.db.selectFrom('sampled_videos').select('misses').where('video_id', '=', video).executeTakeFirst()) await makeDue(video);
      await round(account);
    }
    expect(await videoRow(video)).toMatchObject({ misses: 1, gone_at: null });
  });

  test('goes on after TikTok failed in the middle, and asks for nothing twice that it had', async () => {
    const account = await accountWith();
    const ids = Array.from({ length: 25 }, newVideoId);
    for (const id of ids) tiktok.videos.set(id, counts(3));
    const post = await seedPublishedPost(database.db, account, ids);
    tiktok.failures = [null, failure({ code: 'tiktok_rate_limited' }), failure()];
    const before = tiktok.queries.length;
    // The attempt that ended well wrote five; the twenty of the first attempt stayed.
    expect((await round(account)).videos).toEqual({ kind: 'sampled', rows: 5, gone: 0 });
    expect(tiktok.queries.slice(before).map((batch) => batch.length)).toEqual([20, 5, 5, 5]);
    const rows = await samplesOf(post);
    expect(rows).toHaveLength(25);
    expect(new Set(rows.map(({ at }) => at.getTime())).size).toBe(1);
  });

  test('fails, for people to see, where TikTok does not answer at all, and has the other half all the same', async () => {
    const account = await accountWith();
    await seedPublishedPost(database.db, account, [newVideoId()]);
    tiktok.failures = Array.from({ length: 20 }, () => failure({ reason: 'TikTok: internal_error (log 42)' }));
    const error: unknown = await round(account).catch((thrown: unknown) => thrown);
    tiktok.failures = [];
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toMatchObject({ cause: { message: 'TikTok: internal_error (log 42)', type: 'tiktok_unreachable' } });
    expect(await followersOf(account)).toHaveLength(1);
  });

  test('that TikTok refuses for good says so and is no failure', async () => {
    const account = await accountWith();
    await seedPublishedPost(database.db, account, [newVideoId()]);
    tiktok.failures = [failure({ code: 'scope_missing', retryable: false, reason: 'scope_not_authorized (log 7)' })];
    expect((await round(account)).videos).toEqual({ kind: 'skipped', code: 'scope_missing', reason: 'scope_not_authorized (log 7)' });
  });

  test.each(['reconnect_needed', 'disconnected'] as const)('of an account that is %s asks TikTok for nothing and fails at nothing', async (state) => {
    const account = await accountWith({ state, access_token: null, refresh_token: null, state_reason: 'revoked on the phone' });
    await seedPublishedPost(database.db, account, [newVideoId()]);
    const [queries, userInfos] = [tiktok.queries.length, tiktok.userInfoCalls];
    const code = state === 'disconnected' ? 'account_disconnected' : state;
    const reason = ERRORS[code].message + (state === 'disconnected' ? '' : ' (revoked on the phone)');
    expect(await round(account)).toEqual({ account: { kind: 'skipped', code, reason }, videos: { kind: 'skipped', code, reason } });
    expect([tiktok.queries.length, tiktok.userInfoCalls]).toEqual([queries, userInfos]);
  });

  test.each([
    ['user.info.stats', 'videos', 'account'],
    ['video.list', 'account', 'videos'],
  ] as const)('without %s has the %s half, and names what the other one needs', async (scope, has, lacks) => {
    const account = await accountWith({ scopes: TIKTOK_SCOPES.filter((granted) => granted !== scope) });
    const report = await round(account);
    expect(report[has].kind).toBe('sampled');
    expect(report[lacks]).toMatchObject({ kind: 'skipped', code: 'scope_missing', reason: expect.stringContaining(`${scope}: ${FEATURE_OF_SCOPE[scope]}`) });
  });

  test('of another workspace’s account finds none', async () => {
    const { social_account_id } = await accountWith();
    const other = await seedWorkspace(database.db);
    expect(await round({ social_account_id, workspace_id: other.workspace_id })).toEqual({ account: { kind: 'account_gone' }, videos: { kind: 'account_gone' } });
  });
});
