import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ScheduleNotFoundError } from '@temporalio/client';
import { createAnalyticsActivities } from '../../activities/analytics/analytics.activities.ts';
import { ensureAllAnalyticsSchedules } from '../../activities/analytics/ensure-all.ts';
import type { AnalyticsAccount } from '../../domain/contracts/analytics.ts';
import { analyticsWorkflowId } from '../../domain/names.ts';
import { fakeNumbers, seedAccount } from '../helpers/analytics.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

describe('The Schedule of an account', () => {
  let database: TestDatabase;
  let temporal: TestTemporal;
  let workspace_id: string;
  let worker: { stop(): Promise<void> } | null = null;
  const made: AnalyticsAccount[] = [];
  const tiktok = fakeNumbers();

  beforeAll(async () => {
    [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
    ({ workspace_id } = await seedWorkspace(database.db));
  });
  afterEach(async () => {
    await worker?.stop();
    worker = null;
    for (const account of made.splice(0)) await activities().removeAnalyticsSchedule(account);
  });
  afterAll(async () => {
    await temporal.close();
    await database.drop();
  });

  const activities = (everyMs?: number) =>
    createAnalyticsActivities({ db: database.db, tiktok: tiktok.tiktok, calls: tiktok.calls, client: temporal.client, taskQueuePrefix: `${temporal.taskQueue}-`, logger: quietLog, everyMs });
  const runWorker = async (everyMs?: number): Promise<void> => {
    worker = await temporal.runWorker({ taskQueue: `${temporal.taskQueue}-publish`, activities: activities(everyMs) });
  };
  const newAccount = async (): Promise<AnalyticsAccount> => {
    const account = { workspace_id, social_account_id: await seedAccount(database.db, workspace_id) };
    made.push(account);
    return account;
  };
  const handleOf = ({ social_account_id }: AnalyticsAccount) => temporal.client.schedule.getHandle(analyticsWorkflowId(social_account_id));
  const samples = async ({ social_account_id }: AnalyticsAccount): Promise<number> =>
    (await database.db.selectFrom('account_metrics').select('at').where('social_account_id', '=', social_account_id).execute()).length;
  const workflowsOf = async (account: AnalyticsAccount): Promise<string[]> => (await handleOf(account).describe()).info.recentActions.map(({ action }) => action.workflow.workflowId);

  test('is made once, says how it runs, and is brought up to date when it is made again', async () => {
    const account = await newAccount();
    await Promise.all([activities().ensureAnalyticsSchedule(account), activities().ensureAnalyticsSchedule(account)]);
    const first = await handleOf(account).describe();
    expect(first.policies.overlap).toBe('SKIP');
    expect(first.spec.intervals).toMatchObject([{ every: 900_000 }]);
    expect(first.spec.jitter).toBe(60_000);
    expect(first.action).toMatchObject({ type: 'startWorkflow', workflowType: 'syncAnalytics', taskQueue: `${temporal.taskQueue}-publish`, args: [account] });

    await handleOf(account).pause('a person looks into something');
    await activities(300_000).ensureAnalyticsSchedule(account);
    const second = await handleOf(account).describe();
    expect(second.spec.intervals).toMatchObject([{ every: 300_000 }]);
    expect([second.state.paused, second.state.note]).toEqual([true, 'a person looks into something']);
  });

  test('is gone after it was removed, and removing it again changes nothing', async () => {
    const account = await newAccount();
    await activities().ensureAnalyticsSchedule(account);
    await activities().removeAnalyticsSchedule(account);
    await expect(handleOf(account).describe()).rejects.toThrow(ScheduleNotFoundError);
    await activities().removeAnalyticsSchedule(account);
  });

  test('samples at once, and when that is asked for, be it while no worker runs', async () => {
    const account = await newAccount();
    await runWorker();
    await activities().ensureAnalyticsSchedule(account);
    await eventually(async () => (await samples(account)) === 1);
    await worker?.stop();

    await activities().sampleAnalyticsNow(account);
    await activities().sampleAnalyticsNow(account);
    await runWorker();
    await eventually(async () => (await samples(account)) === 2);
    const ids = await workflowsOf(account);
    expect(ids).toEqual([expect.stringContaining(analyticsWorkflowId(account.social_account_id))]);
  });

  test('has round after round run, the next worker’s like those of the one before', async () => {
    const every = 2_000;
    const account = await newAccount();
    await runWorker(every);
    await activities(every).ensureAnalyticsSchedule(account);
    await eventually(async () => (await samples(account)) >= 2);
    await worker?.stop();
    const before = await samples(account);
    await runWorker(every);
    // A round that the worker was in when it stopped is noticed by its heartbeat, and holds up those that come.
    await eventually(async () => (await samples(account)) >= before + 2, { timeoutMs: 50_000 });
  });

  test('of an account that was deleted is removed by its next round', async () => {
    const account = await newAccount();
    await runWorker();
    await activities().ensureAnalyticsSchedule(account);
    await eventually(async () => (await samples(account)) === 1);
    await database.db.deleteFrom('social_accounts').where('id', '=', account.social_account_id).execute();
    await activities().sampleAnalyticsNow(account);
    await eventually(() => handleOf(account).describe().then(() => false, (error: unknown) => error instanceof ScheduleNotFoundError));
  });

  test('is made anew at boot for every account that lost it, and for no other', async () => {
    const [lost, also, away] = [await newAccount(), await newAccount(), await newAccount()];
    await database.db.updateTable('social_accounts').set({ state: 'disconnected', access_token: null, refresh_token: null }).where('id', '=', away.social_account_id).execute();
    await ensureAllAnalyticsSchedules({ db: database.db, client: temporal.client, taskQueuePrefix: `${temporal.taskQueue}-`, logger: quietLog, page: 1 });
    for (const account of [lost, also]) expect((await handleOf(account).describe()).action).toMatchObject({ args: [account] });
    await expect(handleOf(away).describe()).rejects.toThrow(ScheduleNotFoundError);
  });
});
