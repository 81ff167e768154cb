import type { Db } from '../../../db/client.ts';
import { findChannel } from '../../../db/channel.repository.ts';
import { beginSync, finishSync, noteSyncFailure } from '../../../db/shop-sync.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { SyncCounts, SyncKind, SyncRange } from '../../../domain/contracts/shop-sync.ts';
import { ERRORS, type ErrorCode } from '../../../domain/errors.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { OrderIntake } from '../orders/take-orders.ts';
import type { ShopCalls } from '../shop-calls.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import type { SyncSchedules } from '../sync-schedules.ts';
import { createOrderBackfill } from './backfill-orders.ts';
import { createOrderSync } from './sync-orders.ts';
import { createPageTaking } from './take-page.ts';
import { createOrderTelling } from './tell-orders.ts';

export interface SyncDeps {
  db: Db;
  tiktok: Pick<ShopClient, 'searchOrders' | 'orders'>;
  calls: ShopCalls;
  intake: OrderIntake;
  workflows: Pick<ShopWorkflows, 'orderChanged'>;
  schedules: Pick<SyncSchedules, 'remove'>;
  logger: ErrorLog;
}

/** A part that is done in one piece. */
export type PlainSyncKind = Exclude<SyncKind, 'orders'>;

export type SyncPlan = { kind: 'run' } & Record<PlainSyncKind, SyncRange>;
export type PlannedSync = SyncPlan | { kind: 'skip'; code: ErrorCode; reason: string };

/** What `shopSync` and `backfillOrders` do, but for products and stock, which have activities of their own. */
export function createSyncActivities(deps: SyncDeps) {
  const { db, intake, logger } = deps;
  const telling = createOrderTelling({ workflows: deps.workflows, logger });
  const pages = createPageTaking({ db, intake, telling });
  return {
    ...createOrderSync({ ...deps, telling, pages }),
    ...createOrderBackfill({ ...deps, pages }),

    /** Whether the channel may be asked, and for which stretch of time. A repeat for the same time changes nothing. */
    async planShopSync({ channel_id, workspace_id, now_ms, overlap_ms }: ChannelKey & { now_ms: number; overlap_ms: number }): Promise<PlannedSync> {
      const channel = await findChannel(db, workspace_id, channel_id);
      if (!channel || channel.state === 'disconnected') {
        // It was made again by something that was under way when the channel was disconnected.
        await deps.schedules.remove({ channel_id, workspace_id });
        return skip('shop_channel_disconnected', null);
      }
      if (channel.state === 'paused') return skip('shop_channel_paused', channel.state_reason);
      const now = new Date(now_ms);
      return { kind: 'run', products: await beginSync(db, channel_id, 'products', now, overlap_ms), inventory: await beginSync(db, channel_id, 'inventory', now, overlap_ms) };
    },

    /** Keeps that a part is done up to this time. A repeat changes nothing. */
    finishShopSync: ({ channel_id, kind, to_ms, counts }: ChannelKey & { kind: PlainSyncKind; to_ms: number; counts: SyncCounts }): Promise<void> =>
      finishSync(db, channel_id, kind, new Date(to_ms), counts),

    /** Keeps why a part has failed. A repeat changes nothing. */
    noteShopSyncFailure: ({ channel_id, kind, code, reason }: ChannelKey & { kind: SyncKind; code: ErrorCode; reason: string }): Promise<void> =>
      noteSyncFailure(db, channel_id, kind, { code, reason }),
  };
}

export type SyncActivities = ReturnType<typeof createSyncActivities>;

const skip = (code: ErrorCode, detail: string | null): PlannedSync => ({ kind: 'skip', code, reason: detail === null ? ERRORS[code].message : `${ERRORS[code].message} (${detail})` });
