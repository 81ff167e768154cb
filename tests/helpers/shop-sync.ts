import { createOrderIntake, type OrderIntake } from '../../activities/shop/orders/take-orders.ts';
import { createSyncActivities } from '../../activities/shop/sync/sync.activities.ts';
import { createJob } from '../../db/job.repository.ts';
import { newId } from '../../db/ids.ts';
import type { ChannelKey } from '../../domain/contracts/channel.ts';
import type { ShopSyncReport, ShopSyncTimings, SyncCounts } from '../../domain/contracts/shop-sync.ts';
import { jobWorkflowId, shopSyncWorkflowId } from '../../domain/names.ts';
import { createShopWorld, type ShopWorld, type ShopWorldOptions, type WorldChannel } from './shop-world.ts';
import { notedWorkflows, type NotedWorkflows } from './shop-webhooks.ts';

export const NOTHING: SyncCounts = { seen: 0, changed: 0, missed: 0, calls: 0 };
/** A sync that does not wait between tries, and takes every change as old enough. */
const QUICK: Partial<ShopSyncTimings> = { retry_initial_ms: 50, retry_max_ms: 100, missed_after_ms: 0 };

export interface SyncWorld extends ShopWorld {
  told: NotedWorkflows;
  /** What stands in for products and stock; a test may replace it. */
  parts: { products: (input: ChannelKey & { from_ms: number | null; to_ms: number }) => Promise<SyncCounts>; inventory: () => Promise<SyncCounts> };
  /** Called before each page is stored. */
  hooks: { beforeTake: (orderIds: string[]) => Promise<void> | void };
  startWorker(): Promise<{ stop(): Promise<void> }>;
  sync(channel?: WorldChannel, timings?: Partial<ShopSyncTimings>): Promise<ShopSyncReport>;
  startSync(channel?: WorldChannel, timings?: Partial<ShopSyncTimings>): Promise<{ workflowId: string; result(): Promise<ShopSyncReport> }>;
  backfill(days: number, channel?: WorldChannel): Promise<string>;
  /** Places so many orders in the sandbox's shop, evenly over this time before now. @returns their ids */
  place(count: number, over_ms?: number, input?: object): Promise<string[]>;
  /** Which of these orders are stored. */
  stored(ids: readonly string[]): Promise<string[]>;
  searches(): Promise<number>;
}

/** The role shop's sync against the sandbox: orders for real, their workflows noted, products and stock stood in for. */
export async function createSyncWorld(options: ShopWorldOptions = {}): Promise<SyncWorld> {
  const world = await createShopWorld(options);
  // What is there from the start is soon sold out.
  const { products } = await world.sandbox.control('POST', '/products', { shop_id: world.uk.shop_id, quantity: 90_000, warehouses: 1 });
  const sku_id = products[0].skus[0].id as string;
  const told = notedWorkflows(world.workflows);
  const parts: SyncWorld['parts'] = { products: async () => NOTHING, inventory: async () => NOTHING };
  const hooks: SyncWorld['hooks'] = { beforeTake: () => undefined };
  const real = createOrderIntake({ db: world.db, pool: world.database.pool, events: world.events, publishes: false, logger: world.log });
  const intake: OrderIntake = {
    async take(channel, orders, source) {
      await hooks.beforeTake(orders.map(({ id }) => id));
      return real.take(channel, orders, source);
    },
  };
  const activities = {
    ...createSyncActivities({ db: world.db, tiktok: world.tiktok, calls: world.calls, intake, workflows: told, schedules: world.schedules, logger: world.log }),
    syncChangedProducts: (input: ChannelKey & { from_ms: number | null; to_ms: number }) => parts.products(input),
    reconcileInventory: () => parts.inventory(),
  };
  const startSync: SyncWorld['startSync'] = async ({ channel_id, workspace_id } = world.uk, timings = {}) => {
    const workflowId = `${shopSyncWorkflowId(channel_id)}:${newId()}`;
    const handle = await world.client.workflow.start('shopSync', { taskQueue: world.queue, workflowId, args: [{ channel_id, workspace_id, timings: { ...QUICK, ...timings } }] });
    return { workflowId, result: () => handle.result() as Promise<ShopSyncReport> };
  };
  return {
    ...world,
    told,
    parts,
    hooks,
    startWorker: () => world.worker(activities),
    startSync,
    sync: async (channel, timings) => (await startSync(channel, timings)).result(),
    async backfill(days, { channel_id, workspace_id } = world.uk) {
      const to_ms = Date.now();
      const job_id = await createJob(world.db, { workspace_id, channel_id, kind: 'order_backfill', params: { kind: 'order_backfill', from_ms: to_ms - days * 86_400_000, to_ms }, created_by: null });
      await world.client.workflow.start('backfillOrders', { taskQueue: world.queue, workflowId: jobWorkflowId(job_id), args: [{ job_id, workspace_id, channel_id, timings: { retry_initial_ms: 50, retry_max_ms: 100 } }] });
      return job_id;
    },
    place: async (count, over_ms = 0, input = {}) =>
      (await world.sandbox.control('POST', '/orders', { shop_id: world.uk.shop_id, status: 'AWAITING_SHIPMENT', moves: false, quiet: true, items: [{ sku_id, quantity: 1 }], count, over_ms, ...input })).ids as string[],
    stored: async (ids) =>
      (await world.db.selectFrom('shop_orders').select('order_id').where('channel_id', '=', world.uk.channel_id).where('order_id', 'in', ids).execute()).map(({ order_id }) => order_id),
    searches: async () => (await world.sandbox.control('GET', '/calls?path=/order/202309/orders/search')).calls.length as number,
  };
}
