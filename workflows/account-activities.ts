import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { AccountActivities } from '../activities/accounts/account.activities.ts';
import type { AnalyticsActivities } from '../activities/analytics/analytics.activities.ts';
import { accountsTaskQueue } from '../domain/names.ts';

const RETRY = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' } as const;

/** The short steps: a row read or changed. */
export function rowActivities() {
  return proxyActivities<AccountActivities>({ ...onAccountsQueue(), startToCloseTimeout: '20s', retry: RETRY });
}

/**
 * What talks to TikTok and then keeps what only this process has: it may last as long as PostgreSQL is away, and the heartbeat
 * notices a worker that died.
 */
export function patientActivities(options: Pick<ActivityOptions, 'scheduleToCloseTimeout' | 'summary'> = {}) {
  return proxyActivities<AccountActivities>({ ...onAccountsQueue(), startToCloseTimeout: '2 hours', heartbeatTimeout: '10s', retry: RETRY, ...options });
}

/** Schedules of the account's statistics: made by the way, and never in the way of its tokens. */
export function scheduleActivities() {
  return proxyActivities<AnalyticsActivities>({ startToCloseTimeout: '30s', scheduleToCloseTimeout: '2 minutes', retry: RETRY });
}

const onAccountsQueue = () => ({ taskQueue: accountsTaskQueue(workflowInfo().taskQueue) });
