import { Context } from '@temporalio/activity';
import { findChannel } from '../../../db/channel.repository.ts';
import { skusWithDueRequests } from '../../../db/inventory-request-queue.repository.ts';
import { hasDueRequests, insertInventoryRequests } from '../../../db/inventory-request.repository.ts';
import { listSkusAfter, readOurStock, type SkuRow, type SkuStock } from '../../../db/sku.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { InventoryRow, ShopFailure } from '../../../domain/contracts/shop-api.ts';
import type { NewInventoryRequest } from '../../../domain/contracts/shop-job.ts';
import { driftOf } from '../../../domain/shop/stock-change.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import type { PushStockDeps } from './push-stock.ts';
import { createChannelStock, SKUS_A_READ } from './stock-writer.ts';
import { storeStock } from './store-stock.ts';

export interface ReconcileDeps extends PushStockDeps {
  workflows: Pick<ShopWorkflows, 'wakeStock'>;
}

/** seen: SKUs that TikTok told of; changed: with another quantity than we knew; missed: counts that TikTok's stock went beyond, and which are sent again. */
export interface ReconcileReport {
  seen: number;
  changed: number;
  missed: number;
  calls: number;
  /** TikTok could not be asked for the rest. */
  failure: Pick<ShopFailure, 'code' | 'reason' | 'retry' | 'retry_after_ms'> | null;
}

type Found = SkuRow & { seen: InventoryRow };

/** Compares our copy of a channel's stock with TikTok's, SKU by SKU, 600 a call. It writes nothing to TikTok: the channel's one writer does. */
export function createReconcileInventory({ db, tiktok, calls, events, settle, workflows }: ReconcileDeps) {
  return {
    reconcileInventory: (key: ChannelKey): Promise<ReconcileReport> => heartbeating(() => reconcile(key)),
  };

  async function reconcile({ channel_id, workspace_id }: ChannelKey): Promise<ReconcileReport> {
    const report: ReconcileReport = { seen: 0, changed: 0, missed: 0, calls: 0, failure: null };
    const row = await findChannel(db, workspace_id, channel_id);
    if (!row) return report;
    const channel = { channel_id, workspace_id, name: row.name };
    const stock = createChannelStock({ tiktok, calls }, channel_id, Context.current().cancellationSignal);
    let after = '';
    for (;;) {
      const skus = await listSkusAfter(db, channel_id, after, SKUS_A_READ);
      const last = skus.at(-1);
      if (!last) break;
      after = last.sku_id;
      const seen_at = new Date();
      const read = await stock.read(skus.map(({ sku_id }) => sku_id));
      report.calls = stock.calls;
      if (!read.ok) {
        report.failure = { code: read.code, reason: read.reason, retry: read.retry, retry_after_ms: read.retry_after_ms };
        break;
      }
      const found = skus.flatMap((sku) => ofSeen(sku, read.value.get(sku.sku_id)));
      report.seen += found.length;
      // A SKU whose stock is being changed may have been read behind a closed door: who changes it stores what it comes to.
      const busy = await skusWithDueRequests(db, channel_id, found.map(({ sku_id }) => sku_id));
      const { stocks, requests } = await judge(channel_id, found.filter(({ sku_id }) => !busy.has(sku_id)), seen_at);
      report.changed += await storeStock({ db, events, settle }, channel, stocks);
      report.missed += (await insertInventoryRequests(db, requests)).length;
    }
    // What waits may have lost its wake while Temporal was away, or the channel was paused.
    if (await hasDueRequests(db, channel_id)) await workflows.wakeStock({ channel_id, workspace_id });
    return report;
  }

  async function judge(channelId: string, found: readonly Found[], seen_at: Date): Promise<{ stocks: SkuStock[]; requests: NewInventoryRequest[] }> {
    const counted = found.filter((sku) => sku.on_hand_source === 'merchant' && sku.on_hand !== null && sku.on_hand_as_of !== null && sku.seen.warehouses.length <= 1);
    const ours = await readOurStock(db, channelId, counted.map(({ sku_id, on_hand_as_of }) => ({ key: sku_id, sku_id, warehouse_id: null, as_of: on_hand_as_of! })));
    const requests: NewInventoryRequest[] = [];
    const stocks = found.map((sku): SkuStock => {
      const plain = { sku_id: sku.sku_id, seen: sku.seen, seen_at };
      const inHouse = { units: sku.seen.available + sku.seen.committed, source: 'tiktok' as const, as_of: seen_at };
      const known = ours.get(sku.sku_id);
      // Nobody counted: what TikTok says is all there is to know. Of several warehouses a count is of one.
      if (!known) return sku.on_hand_source === 'merchant' ? plain : { ...plain, on_hand: inHouse };
      const drift = driftOf(sku.on_hand!, sku.seen, known.shipped_since);
      // It was read in the middle of a change of ours.
      if (drift === 'none' || (sku.stock_seen_at !== null && sku.stock_seen_at > seen_at)) return plain;
      if (drift === 'lower') return { ...plain, on_hand: inHouse };
      requests.push(sentAgain(sku, seen_at));
      return plain;
    });
    return { stocks, requests };
  }
}

const ofSeen = (sku: SkuRow, seen: InventoryRow | undefined): Found[] => (seen ? [{ ...sku, seen }] : []);

const sentAgain = ({ channel_id, workspace_id, product_id, sku_id, on_hand, on_hand_as_of }: SkuRow, seenAt: Date): NewInventoryRequest => ({
  channel_id,
  workspace_id,
  source: 'reconcile',
  job_id: null,
  dedupe_key: `reconcile:${channel_id}:${sku_id}:${seenAt.getTime()}`,
  product_id,
  sku_id,
  seller_sku: null,
  warehouse_id: null,
  quantity: on_hand!,
  basis: 'on_hand',
  as_of_ms: on_hand_as_of!.getTime(),
});
