import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createAnalyticsActivities } from '../../activities/analytics/analytics.activities.ts';
import type { AnalyticsReport } from '../../domain/contracts/analytics.ts';
import { SANDBOX_APP } from '../../domain/sandbox-app.ts';
import { createOpenApiClient, type OpenApiClient } from '../../tiktok/open-api/index.ts';
import { accountsHarness, seedSocialAccount, type AccountsHarness } from '../helpers/accounts.ts';
import { seedPublishedPost } from '../helpers/analytics.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { OpenApiSandbox } from '../helpers/open-api-sandbox.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

const HOUR = 3_600_000;
const QUERY = '/v2/video/query/';

describe('Statistics of the sandbox’s TikTok', () => {
  let database: TestDatabase;
  let temporal: TestTemporal;
  let sandbox: OpenApiSandbox;
  let tiktok: OpenApiClient;
  let accounts: AccountsHarness;

  beforeAll(async () => {
    [database, temporal, sandbox] = await Promise.all([createTestDatabase(), testTemporal(), OpenApiSandbox.start()]);
    tiktok = createOpenApiClient({ openApiUrl: sandbox.url, app: SANDBOX_APP });
    accounts = await accountsHarness(database, temporal, tiktok);
    const { db, calls, client, prefix } = accounts;
    await temporal.runWorker({ activities: createAnalyticsActivities({ db, tiktok, calls, client, taskQueuePrefix: prefix, logger: quietLog }) });
  });
  afterAll(async () => {
    await temporal.close();
    await tiktok.close();
    await sandbox.close();
    await database.drop();
  });

  const connected = async (settings: object = {}, scopes?: string[]) => {
    const tokens = await sandbox.account(settings, scopes);
    const { workspace_id } = accounts;
    const social_account_id = await seedSocialAccount(accounts.db, accounts.secrets, workspace_id, {
      ...tokens,
      scopes: tokens.scope.split(','),
      access_expires_in_s: tokens.expires_in,
      refresh_expires_in_s: tokens.refresh_expires_in,
    });
    return { username: tokens.username, account: { workspace_id, social_account_id } };
  };
  const newVideo = async (username: string, caption = 'A clip'): Promise<string> => ((await sandbox.control('POST', '/videos', { username, caption })) as { id: string }).id;
  const round = (account: { workspace_id: string; social_account_id: string }): Promise<AnalyticsReport> =>
    temporal.client.workflow.execute('syncAnalytics', { taskQueue: temporal.taskQueue, workflowId: `analytics-test:${randomUUID()}`, args: [{ ...account, timings: { retry_initial_ms: 20, retry_max_ms: 100 } }] });
  const viewsOf = async (post_id: string): Promise<number[]> =>
    (await accounts.db.selectFrom('post_metrics').select('view_count').where('post_id', '=', post_id).orderBy('at').execute()).map(({ view_count }) => view_count);
  const callsOf = async (username: string): Promise<string[]> =>
    ((await sandbox.control('GET', `/calls?username=${username}`)) as { calls: { path: string }[] }).calls.map(({ path }) => path);
  const makeDue = (post_id: string) => accounts.db.updateTable('sampled_videos').set({ next_sample_at: new Date(0) }).where('post_id', '=', post_id).execute();

  test('are what TikTok tells, and grow as it does, over the end of an access token', async () => {
    const { username, account } = await connected({ follower_count: 50_000 });
    const post = await seedPublishedPost(accounts.db, account, [await newVideo(username), await newVideo(username)]);
    expect((await round(account)).videos).toEqual({ kind: 'sampled', rows: 2, gone: 0 });
    const young = await viewsOf(post);

    // Two hours and more: the token of the first round is dead at TikTok by then.
    await sandbox.advance(3 * HOUR);
    await makeDue(post);
    expect(await round(account)).toEqual({ account: { kind: 'sampled', rows: 1, gone: 0 }, videos: { kind: 'sampled', rows: 2, gone: 0 } });
    const old = (await viewsOf(post)).slice(2);
    expect(Math.min(...old)).toBeGreaterThan(Math.max(...young));
    expect((await accounts.row(account.social_account_id)).token_version).toBe(2);
  });

  test.each(['delete', 'make-private'])('end for a video after %s, and not for the others', async (what) => {
    const { username, account } = await connected();
    const [gone, stays] = [await newVideo(username), await newVideo(username)];
    const post = await seedPublishedPost(accounts.db, account, [gone, stays]);
    await round(account);
    await sandbox.control('POST', `/videos/${gone}/${what}`, {});
    const rounds: unknown[] = [];
    for (let number = 0; number < 3; number += 1) {
      await makeDue(post);
      rounds.push((await round(account)).videos);
    }
    expect(rounds).toEqual([
      { kind: 'sampled', rows: 1, gone: 0 },
      { kind: 'sampled', rows: 1, gone: 1 },
      { kind: 'sampled', rows: 1, gone: 0 },
    ]);
    const rows = await accounts.db.selectFrom('sampled_videos').select(['video_id', 'gone_at']).where('post_id', '=', post).where('gone_at', 'is not', null).execute();
    expect(rows.map(({ video_id }) => video_id)).toEqual([gone]);
  });

  test('come through a 429, a 500 and a connection that breaks, and are then what TikTok tells', async () => {
    const { username, account } = await connected();
    const video = await newVideo(username);
    const post = await seedPublishedPost(accounts.db, account, [video]);
    await sandbox.control('PATCH', `/videos/${video}`, { view_count: 5_000_000_001 });
    await sandbox.fault({ path: QUERY, username, answer: { status: 429, code: 'rate_limit_exceeded', retry_after_s: 1 } });
    await sandbox.fault({ path: QUERY, username, answer: { status: 500 } });
    await sandbox.fault({ path: QUERY, username, drop: 'after' });
    expect((await round(account)).videos).toEqual({ kind: 'sampled', rows: 1, gone: 0 });
    expect(await viewsOf(post)).toEqual([5_000_000_001]);
  });

  test('ask for nothing that the account was connected without', async () => {
    const { username, account } = await connected({}, ['user.info.basic', 'video.list']);
    await seedPublishedPost(accounts.db, account, [await newVideo(username)]);
    expect(await round(account)).toMatchObject({ account: { kind: 'skipped', code: 'scope_missing' }, videos: { kind: 'sampled', rows: 1 } });
    expect(await callsOf(username)).toEqual([QUERY]);
  });

  test('of an account that the creator took back say so, and are asked for no more', async () => {
    const { username, account } = await connected();
    await seedPublishedPost(accounts.db, account, [await newVideo(username)]);
    await sandbox.control('POST', `/accounts/${username}/disconnect`, {});
    const first = await round(account);
    expect(first).toMatchObject({ account: { kind: 'skipped', code: 'reconnect_needed' }, videos: { kind: 'skipped', code: 'reconnect_needed' } });
    const before = await callsOf(username);
    expect(await round(account)).toMatchObject({ videos: { code: 'reconnect_needed' } });
    expect(await callsOf(username)).toEqual(before);
  });
});
