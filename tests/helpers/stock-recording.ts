import { insertInventoryRequests } from '../../db/inventory-request.repository.ts';
import { createJob } from '../../db/job.repository.ts';
import { channelStockWorkflowId, jobWorkflowId } from '../../domain/names.ts';
import { eventually } from './eventually.ts';
import { recordHistory } from './record-history.ts';
import { stockOf } from './shop-stock.ts';
import { createShopWorld, type ShopWorld } from './shop-world.ts';

type Stock = ReturnType<typeof stockOf>;

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (world: ShopWorld, stock: Stock) => Promise<string>> = {
  'channel-stock': recordChannel,
  'update-inventory': recordJob,
};
export const STOCK_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordStock(names: readonly string[]): Promise<string[]> {
  const world = await createShopWorld();
  const stock = stockOf(world);
  await world.worker(stock.activities());
  const files: string[] = [];
  try {
    for (const name of names) files.push(await recordHistory(world.client, name, await RECORDINGS[name]!(world, stock)));
    return files;
  } finally {
    await world.close();
  }
}

/** A channel that is paused and goes on, then a TikTok that puts off, and a value that comes while that waits. */
async function recordChannel(world: ShopWorld, stock: Stock): Promise<string> {
  const channel = world.uk;
  const id = channelStockWorkflowId(channel.channel_id);
  const sku = await stock.one(channel, { quantity: 100 });
  const pause = (state: 'paused' | 'active') => world.db.updateTable('channels').set({ state }).where('id', '=', channel.channel_id).execute();
  await pause('paused');
  await stock.accept([stock.value(channel, 50, { sku_id: sku.sku_id })]);
  await waitsFor(world, id, 1);
  await world.sandbox.fault({ path: '/product/202309/inventory/search', answer: { status: 429, code: 36009002, message: 'Too many requests', retry_after_s: 1 } });
  await pause('active');
  await world.workflows.wakeStock(channel);
  await waitsFor(world, id, 2);
  await stock.accept([stock.value(channel, 9, { sku_id: sku.sku_id })]);
  await stock.idle(channel);
  return id;
}

/** Two channels, one value that fails, and a look at what is still on its way. */
async function recordJob(world: ShopWorld, stock: Stock): Promise<string> {
  const [uk, indonesia] = [await stock.one(world.uk), await stock.one(world.indonesia)];
  const { workspace_id } = world;
  const job_id = await createJob(world.db, { workspace_id, channel_id: null, kind: 'inventory_update', params: { kind: 'inventory_update' }, created_by: null });
  await insertInventoryRequests(world.db, [
    stock.value(world.uk, 31, { sku_id: uk.sku_id, job_id }),
    stock.value(world.indonesia, 32, { sku_id: indonesia.sku_id, job_id }),
    stock.value(world.indonesia, 33, { sku_id: uk.sku_id, job_id }),
  ]);
  await world.client.workflow.execute('updateInventory', { taskQueue: world.queue, workflowId: jobWorkflowId(job_id), args: [{ job_id, workspace_id, channel_id: null }] });
  return jobWorkflowId(job_id);
}

const waitsFor = (world: ShopWorld, id: string, timers: number) =>
  eventually(async () => {
    const { events } = await world.client.workflow.getHandle(id).fetchHistory();
    return (events ?? []).filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes).length >= timers;
  });
