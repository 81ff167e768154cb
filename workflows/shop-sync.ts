import { ApplicationFailure, isCancellation, proxyActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ProductActivities } from '../activities/shop/products/product.activities.ts';
import type { StockActivities } from '../activities/shop/stock/stock.activities.ts';
import type { PlainSyncKind, SyncActivities } from '../activities/shop/sync/sync.activities.ts';
import { DEFAULT_SHOP_SYNC_TIMINGS, type ShopSyncInput, type ShopSyncReport, type SyncCounts, type SyncKind, type SyncPartOutcome, type SyncRange } from '../domain/contracts/shop-sync.ts';
import { causeOf, type FailureCause } from './sync/cause-of.ts';

/**
 * One run of a channel's sync, by its Schedule: asks TikTok what changed, whatever webhooks said. A part that fails keeps where it stands and holds up
 * none of the others; the next run goes on there. A channel that is paused or disconnected ends it at once.
 */
export async function shopSync({ timings, channel_id, workspace_id }: ShopSyncInput): Promise<ShopSyncReport> {
  const channel = { channel_id, workspace_id };
  const { overlap_ms, missed_after_ms, first_ms, retry_initial_ms, retry_max_ms } = { ...DEFAULT_SHOP_SYNC_TIMINGS, ...timings };
  const retry = { initialInterval: retry_initial_ms, backoffCoefficient: 2, maximumInterval: retry_max_ms };
  const { planShopSync, finishShopSync, noteShopSyncFailure } = proxyActivities<SyncActivities>({ startToCloseTimeout: '10 seconds', retry });
  // Less than the Schedule gives a run, so that there is time left to say how it ended.
  const long = { startToCloseTimeout: '25 minutes', scheduleToCloseTimeout: '28 minutes', heartbeatTimeout: '10 seconds', retry: { ...retry, maximumAttempts: 6 } } as const;
  const { syncOrders } = proxyActivities<SyncActivities>(long);
  const { syncChangedProducts } = proxyActivities<ProductActivities>(long);
  const { reconcileInventory } = proxyActivities<StockActivities>(long);
  upsertSearchAttributes({ WorkspaceId: [workspace_id], ChannelId: [channel_id] });

  const plan = await planShopSync({ ...channel, now_ms: Date.now(), overlap_ms });
  if (plan.kind === 'skip') {
    setCurrentDetails(plan.reason);
    return { kind: 'skipped', code: plan.code, reason: plan.reason };
  }

  const part = async (kind: SyncKind, run: () => Promise<SyncCounts>): Promise<SyncPartOutcome> => {
    try {
      const { seen, changed, missed, calls } = await run();
      return { kind: 'done', seen, changed, missed, calls };
    } catch (error) {
      if (isCancellation(error)) throw error;
      const cause = causeOf(error);
      await noteShopSyncFailure({ ...channel, kind, ...cause });
      return { kind: 'failed', ...cause };
    }
  };
  const plainPart = (kind: PlainSyncKind, { to_ms }: SyncRange, run: () => Promise<SyncCounts & { failure?: FailureCause | null }>): Promise<SyncPartOutcome> =>
    part(kind, async () => {
      const { seen, changed, missed, calls, failure } = await run();
      if (failure) throw ApplicationFailure.nonRetryable(failure.reason, failure.code);
      const counts = { seen, changed, missed, calls };
      await finishShopSync({ ...channel, kind, to_ms, counts });
      return counts;
    });
  // Stock is looked at by SKU, so after products; orders need not wait for either.
  const catalogue = async () => {
    const products = await plainPart('products', plan.products, () => syncChangedProducts({ ...channel, ...plan.products, missed_after_ms }));
    return { products, inventory: await plainPart('inventory', plan.inventory, () => reconcileInventory(channel)) };
  };
  const [orders, { products, inventory }] = await Promise.all([part('orders', () => syncOrders({ ...channel, timings: { overlap_ms, missed_after_ms, first_ms } })), catalogue()]);
  setCurrentDetails(`Orders: ${inWords(orders)} Products: ${inWords(products)} Stock: ${inWords(inventory)}`);
  return { kind: 'ran', orders, products, inventory };
}

const inWords = (outcome: SyncPartOutcome): string =>
  outcome.kind === 'done' ? `${outcome.seen} seen, ${outcome.changed} changed, ${outcome.missed} missed by webhooks, ${outcome.calls} calls.` : outcome.reason;
