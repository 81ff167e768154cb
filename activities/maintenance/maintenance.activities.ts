import { Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { listUnattended } from '../../db/consumer.repository.ts';
import { thinMetrics } from '../../db/metrics-retention.ts';
import { deleteExpired, deleteSpent } from '../../db/retention.repository.ts';
import type { LivestreamSessionInput } from '../../domain/contracts/livestream.ts';
import { PLAN_TIERS } from '../../domain/plans.ts';

export interface MaintenanceDeps {
  db: Db;
  /** Starts a session where none runs; nothing happens where one does. */
  startSession: (input: LivestreamSessionInput) => Promise<void>;
}

export function createMaintenanceActivities({ db, startSession }: MaintenanceDeps) {
  return {
    /** Deletes what the plans' retention no longer keeps. Heartbeats after each chunk. @returns rows deleted */
    async enforceRetention(): Promise<number> {
      const context = Context.current();
      let total = 0;
      for (const tier of PLAN_TIERS) {
        for (let deleted = 1; deleted > 0; ) {
          deleted = (await deleteExpired(db, tier, new Date())) + (await thinMetrics(db, tier, new Date()));
          total += deleted;
          context.heartbeat(total);
          context.cancellationSignal.throwIfAborted();
        }
      }
      await deleteSpent(db, () => context.heartbeat(total));
      return total;
    },

    /**
     * Starts sessions that should run and do not: Temporal was away when somebody connected, or lost its own store.
     * @returns how many livestreams were looked after
     */
    async sweepLivestreams(): Promise<number> {
      const livestreams = await listUnattended(db);
      for (const livestream of livestreams) {
        await startSession(livestream);
        Context.current().heartbeat(livestream.livestream_id);
      }
      return livestreams.length;
    },
  };
}

export type MaintenanceActivities = ReturnType<typeof createMaintenanceActivities>;
