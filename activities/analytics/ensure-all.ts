import type { Client } from '@temporalio/client';
import type { Db } from '../../db/client.ts';
import { listSampledAccounts } from '../../db/metrics.repository.ts';
import type { ErrorLog } from '../live/log.ts';
import { createAnalyticsSchedules } from './analytics-schedules.ts';

const PAGE = 200;
const AT_ONCE = 8;

export interface EnsureAllOptions {
  db: Db;
  client: Client;
  taskQueuePrefix: string;
  logger: ErrorLog;
  /** Accounts read at a time. */
  page?: number;
  signal?: AbortSignal;
}

/**
 * Makes or updates the Schedules of all connected accounts: called at boot, so that new code reaches the old ones, and that
 * a Temporal which lost its store gets them back. An account that fails is logged and does not hold up the others.
 * @returns how many accounts have their Schedule
 */
export async function ensureAllAnalyticsSchedules({ db, client, taskQueuePrefix, logger, page = PAGE, signal }: EnsureAllOptions): Promise<number> {
  const schedules = createAnalyticsSchedules({ client, taskQueuePrefix });
  let ensured = 0;
  let after: string | null = null;
  while (!signal?.aborted) {
    const accounts = await listSampledAccounts(db, after, page);
    if (accounts.length === 0) break;
    after = accounts.at(-1)!.social_account_id;
    const lane = async (): Promise<void> => {
      for (let account = accounts.shift(); account && !signal?.aborted; account = accounts.shift()) {
        try {
          await schedules.ensure(account);
          ensured += 1;
        } catch (error) {
          logger.warn({ err: error, social_account_id: account.social_account_id }, 'the Schedule of an account’s statistics could not be made');
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }
  return ensured;
}
