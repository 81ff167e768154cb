import { isCancellation, log, proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { ShopAccountActivities, ShopTokenActivities } from '../activities/shop/accounts/accounts.activities.ts';
import { accountsTaskQueue } from '../domain/names.ts';

const RETRY = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' } as const;

const onAccountsQueue = () => ({ taskQueue: accountsTaskQueue(workflowInfo().taskQueue) });

/** The short steps: a row read or changed. */
export function shopRowActivities() {
  return proxyActivities<ShopTokenActivities>({ ...onAccountsQueue(), startToCloseTimeout: '20s', retry: RETRY });
}

/**
 * What talks to TikTok and then keeps what only this process has: it may last as long as PostgreSQL is away, and the heartbeat notices a worker
 * that died.
 */
export function shopPatientActivities(options: Pick<ActivityOptions, 'scheduleToCloseTimeout' | 'summary'> = {}) {
  return proxyActivities<ShopTokenActivities>({ ...onAccountsQueue(), startToCloseTimeout: '2 hours', heartbeatTimeout: '10s', retry: RETRY, ...options });
}

/** A question to TikTok that can be put again later. */
export function shopQuestionActivities() {
  return proxyActivities<ShopTokenActivities>({ ...onAccountsQueue(), startToCloseTimeout: '45s', scheduleToCloseTimeout: '1 minute', retry: RETRY });
}

/** Made by the way, and never in the way of tokens: what waits for a token itself, and Schedules. */
export function shopBesideActivities() {
  return proxyActivities<ShopAccountActivities>({ startToCloseTimeout: '2 minutes', scheduleToCloseTimeout: '5 minutes', retry: RETRY });
}

/** Waits for what the caller can do without. @param what for the log, where it fails */
export async function byTheWay(run: () => Promise<unknown>, what: string): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(`${what} failed`, { error });
  }
}
