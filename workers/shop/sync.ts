import { ensureAllSyncSchedules } from '../../activities/shop/sync/ensure-all.ts';
import { createSyncActivities } from '../../activities/shop/sync/sync.activities.ts';
import type { ShopContext, ShopPart } from './parts.ts';

/** Polling: the backstop of webhooks, and what fetches older orders. */
export function createSyncPart({ context, log, tiktok, calls, workflows, schedules, intake }: ShopContext): ShopPart {
  const { db } = context.database;
  const closing = new AbortController();
  let ensuring = Promise.resolve();
  return {
    activities: createSyncActivities({ db, tiktok, calls, intake, workflows, schedules, logger: log }),
    started() {
      ensuring = ensureAllSyncSchedules({ db, schedules, logger: log, signal: closing.signal }).then(
        (channels) => log.info({ channels }, 'channels have the Schedules of their sync'),
        (error: unknown) => log.warn({ err: error }, 'the Schedules of channels’ syncs could not be looked after; the next start does'),
      );
      return Promise.resolve();
    },
    async close() {
      closing.abort();
      await ensuring;
    },
  };
}
