import { createSettleShortage } from '../../activities/shop/orders/settle-shortage.ts';
import { createStockActivities } from '../../activities/shop/stock/stock.activities.ts';
import { createInventoryIntake } from '../../activities/shop/stock/inventory-intake.ts';
import { listInventoryRequests, type InventoryRequestRow } from '../../db/inventory-request.repository.ts';
import type { NewInventoryRequest } from '../../domain/contracts/shop-job.ts';
import { channelStockWorkflowId } from '../../domain/names.ts';
import { eventually } from './eventually.ts';
import type { ShopWorld, WorldChannel } from './shop-world.ts';

export interface TestSku {
  product_id: string;
  sku_id: string;
  seller_sku: string;
  warehouses: string[];
}

/** Sends stock in a world: SKUs of the sandbox that the channel knows, values for them, and what became of both. */
export function stockOf(world: ShopWorld) {
  const { db, sandbox, workflows } = world;
  const intake = createInventoryIntake({ db, workflows });

  /** A product of the shop, with its SKUs in our table unless `unknown`. */
  const product = async (channel: WorldChannel, input: object = {}, unknown = false): Promise<TestSku[]> => {
    const { products } = await sandbox.control('POST', '/products', { shop_id: channel.shop_id, tell: false, ...input });
    const [{ id: product_id, skus }] = products as [{ id: string; skus: { id: string; seller_sku: string; stock: object }[] }];
    const made = skus.map(({ id, seller_sku, stock }): TestSku => ({ product_id, sku_id: id, seller_sku, warehouses: Object.keys(stock) }));
    if (!unknown) await db.insertInto('shop_skus').values(made.map((sku) => ({ channel_id: channel.channel_id, workspace_id: channel.workspace_id, sku_id: sku.sku_id, product_id, seller_sku: sku.seller_sku, warehouses: '[]' }))).execute();
    return made;
  };
  const value = (channel: WorldChannel, quantity: number, over: Partial<NewInventoryRequest> = {}): NewInventoryRequest => ({
    channel_id: channel.channel_id,
    workspace_id: channel.workspace_id,
    source: 'http',
    job_id: null,
    dedupe_key: null,
    product_id: null,
    sku_id: null,
    seller_sku: null,
    warehouse_id: null,
    quantity,
    basis: 'on_hand',
    as_of_ms: Date.now(),
    ...over,
  });
  const rows = async (): Promise<InventoryRequestRow[]> => (await listInventoryRequests(db, { workspace_id: world.workspace_id, limit: 1_000 })).reverse();

  return {
    product,
    one: async (channel: WorldChannel, input: object = {}, unknown = false): Promise<TestSku> => (await product(channel, input, unknown))[0]!,
    value,
    rows,
    accept: (requests: readonly NewInventoryRequest[]) => intake.accept(requests),
    /** Accepts, and waits until none of them is open. @returns their rows in this order */
    send: async (requests: readonly NewInventoryRequest[]): Promise<InventoryRequestRow[]> => {
      const ids = await intake.accept(requests);
      return eventually(async () => {
        const mine = await db.selectFrom('inventory_requests').selectAll().where('id', 'in', ids).orderBy('seq').execute();
        return mine.every(({ state }) => state !== 'received') ? mine : null;
      });
    },
    /** TikTok's truth. */
    truth: (skuId: string): Promise<{ available: number; committed: number; sold: number; in_orders: number; update_count: number; warehouses: Record<string, { available: number }> }> => sandbox.control('GET', `/stock/${skuId}`),
    sku: (channel: WorldChannel, skuId: string) => db.selectFrom('shop_skus').selectAll().where('channel_id', '=', channel.channel_id).where('sku_id', '=', skuId).executeTakeFirstOrThrow(),
    /** Calls of this path so far. */
    calls: async (path: string): Promise<number> => (await sandbox.control('GET', `/calls?path=${encodeURIComponent(path)}`)).calls.length as number,
    /** Resolves when the channel's writer has nothing more to do. */
    idle: (channel: WorldChannel) => world.client.workflow.getHandle(channelStockWorkflowId(channel.channel_id)).result(),
    activities: (over: object = {}) => createStockActivities({ db, tiktok: world.tiktok, calls: world.calls, events: world.events, workflows, settle: createSettleShortage(world), ...over }),
  };
}
