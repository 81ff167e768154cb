import type { Client } from '@temporalio/client';
import type { Db } from '../../db/client.ts';
import type { AnalyticsAccount } from '../../domain/contracts/analytics.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import type { ErrorLog } from '../live/log.ts';
import { createAnalyticsSchedules } from './analytics-schedules.ts';
import { createAccountSampling } from './sample-account.ts';
import { createVideoSampling } from './sample-videos.ts';

export interface AnalyticsDeps {
  db: Db;
  tiktok: Pick<OpenApiClient, 'userInfo' | 'queryVideos'>;
  calls: AccountCalls;
  client: Client;
  taskQueuePrefix: string;
  logger: ErrorLog;
  /** Milliseconds between two rounds of an account; 15 minutes where absent. */
  everyMs?: number;
}

/** What `syncAnalytics` does, and the Schedules that run it. */
export function createAnalyticsActivities({ client, taskQueuePrefix, everyMs, ...deps }: AnalyticsDeps) {
  const schedules = createAnalyticsSchedules({ client, taskQueuePrefix, everyMs });
  return {
    ...createAccountSampling(deps),
    ...createVideoSampling({ ...deps, everyMs }),
    /** Makes or updates the account's Schedule. A repeat changes nothing. */
    ensureAnalyticsSchedule: (account: AnalyticsAccount): Promise<void> => schedules.ensure(account),
    /** Removes the account's Schedule. A repeat changes nothing. */
    removeAnalyticsSchedule: (account: AnalyticsAccount): Promise<void> => schedules.remove(account),
    /** Has the account sampled now: a post of it has just become public. */
    sampleAnalyticsNow: ({ social_account_id, workspace_id }: AnalyticsAccount): Promise<void> => schedules.runNow({ social_account_id, workspace_id }),
  };
}

export type AnalyticsActivities = ReturnType<typeof createAnalyticsActivities>;
