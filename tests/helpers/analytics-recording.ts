import { randomUUID } from 'node:crypto';
import { createAnalyticsActivities } from '../../activities/analytics/analytics.activities.ts';
import { failure, fakeNumbers, newVideoId, seedAccount, seedPublishedPost } from './analytics.ts';
import { createTestDatabase } from './database.ts';
import { quietLog } from './quiet-log.ts';
import { recordHistory } from './record-history.ts';
import { seedWorkspace } from './seed.ts';
import { testTemporal } from './temporal.ts';

/** Two rounds: one in which TikTok fails at first, and one whose account was deleted, which takes its Schedule away. @returns files */
export async function recordAnalytics(): Promise<string[]> {
  const [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  const tiktok = fakeNumbers();
  const { db } = database;
  const parts = { db, tiktok: tiktok.tiktok, calls: tiktok.calls, client: temporal.client, taskQueuePrefix: `${temporal.taskQueue}-`, logger: quietLog };
  const round = async (account: object): Promise<string> => {
    const workflowId = `analytics:${randomUUID()}`;
    await temporal.client.workflow.execute('syncAnalytics', { taskQueue: temporal.taskQueue, workflowId, args: [account] });
    return workflowId;
  };
  try {
    await temporal.runWorker({ activities: createAnalyticsActivities(parts) });
    const { workspace_id } = await seedWorkspace(db);
    const account = { workspace_id, social_account_id: await seedAccount(db, workspace_id) };
    await seedPublishedPost(db, account, [newVideoId(), newVideoId()]);
    tiktok.failures = [failure()];
    const sampled = await recordHistory(temporal.client, 'sync-analytics', await round(account));
    await db.deleteFrom('social_accounts').where('id', '=', account.social_account_id).execute();
    return [sampled, await recordHistory(temporal.client, 'sync-analytics-account-gone', await round(account))];
  } finally {
    await temporal.close();
    await database.drop();
  }
}
