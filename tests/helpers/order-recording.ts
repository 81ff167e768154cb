import { newId } from '../../db/ids.ts';
import { shipUpdate } from '../../workflows/fulfil-order.messages.ts';
import { eventually } from './eventually.ts';
import { recordHistory } from './record-history.ts';
import { ordersOf, QUICK } from './shop-orders-world.ts';
import { UK } from './shop-sandbox.ts';
import { createShopWorld, type ShopWorld } from './shop-world.ts';

type Orders = ReturnType<typeof ordersOf>;
const ROYAL_MAIL = '7117858858072016645';

/** Each takes an order to its end and gives its workflow's id. */
const RECORDINGS: Record<string, (world: ShopWorld, orders: Orders) => Promise<string>> = {
  'fulfil-order': recordShipped,
  'fulfil-order-cancelled': recordCancelled,
};
export const ORDER_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordOrders(names: readonly string[]): Promise<string[]> {
  const world = await createShopWorld();
  const orders = ordersOf(world);
  const files: string[] = [];
  try {
    await world.worker(orders.activities);
    for (const name of names) files.push(await recordHistory(world.client, name, await RECORDINGS[name]!(world, orders)));
    return files;
  } finally {
    await world.close();
  }
}

const becomes = (orders: Orders, id: string, status: string) => eventually(async () => (await orders.row(id))?.status === status);

/** Unpaid, TikTok down for a moment, paid, warned of, shipped by a person, and its way to the buyer. */
async function recordShipped(world: ShopWorld, orders: Orders): Promise<string> {
  const { id } = await world.sandbox.newOrder(UK, { status: 'UNPAID', quiet: true });
  await world.sandbox.fault({ path: '/order/202507/orders', times: 2, answer: { status: 500, code: 36009001, message: 'Internal' } });
  const timings = { ...QUICK, warn_before_ms: 48 * 3_600_000 };
  await orders.tell(world.uk, id, { timings });
  await becomes(orders, id, 'UNPAID');
  for (const action of ['pay', 'release']) {
    await world.sandbox.control('POST', `/orders/${id}/${action}`);
    await orders.tell(world.uk, id);
  }
  await becomes(orders, id, 'AWAITING_SHIPMENT');
  await eventually(async () => (await orders.view(world.uk, id)).warned);
  const shipment_id = newId();
  const request = JSON.stringify({ kind: 'mark_shipped', tracking_number: 'AB123456789GB', shipping_provider_id: ROYAL_MAIL, order_line_item_ids: null });
  const { channel_id, workspace_id } = world.uk;
  await world.db.insertInto('shop_shipments').values({ id: shipment_id, workspace_id, channel_id, order_id: id, package_id: null, request, fingerprint: shipment_id, state: 'requested' }).execute();
  await orders.handle(world.uk, id).executeUpdate(shipUpdate, { args: [{ shipment_id }] });
  for (const [action, status] of [['scan', 'IN_TRANSIT'], ['deliver', 'DELIVERED'], ['complete', 'COMPLETED']] as const) {
    await world.sandbox.control('POST', `/orders/${id}/${action}`);
    await orders.tell(world.uk, id, { news: action === 'scan' ? 'package' : 'order' });
    await becomes(orders, id, status);
  }
  const handle = orders.handle(world.uk, id);
  await handle.result();
  return handle.workflowId;
}

/** Not shown by TikTok at first, then a paused channel, then the buyer's wish to cancel, which the seller grants. */
async function recordCancelled(world: ShopWorld, orders: Orders): Promise<string> {
  const { id } = await world.sandbox.newOrder(UK, { quiet: true });
  await world.sandbox.fault({ path: '/order/202507/orders', times: 1, answer: { status: 200, body: JSON.stringify({ code: 0, message: 'Success', request_id: 'r', data: { orders: [] } }) } });
  await orders.tell(world.uk, id);
  await becomes(orders, id, 'AWAITING_SHIPMENT');
  const setState = (state: 'paused' | 'active') => world.db.updateTable('channels').set({ state }).where('id', '=', world.uk.channel_id).execute();
  await setState('paused');
  await orders.tell(world.uk, id);
  await eventually(async () => (await orders.view(world.uk, id)).is_paused);
  await setState('active');
  await orders.handle(world.uk, id).signal('resumed');
  await world.sandbox.control('POST', `/orders/${id}/request-cancel`);
  await orders.tell(world.uk, id, { news: 'cancellation' });
  await eventually(async () => (await orders.afterSales(id)).length === 1);
  const { after_sale_id } = await world.db.selectFrom('shop_after_sales').select('after_sale_id').where('order_id', '=', id).executeTakeFirstOrThrow();
  await world.sandbox.control('POST', `/cancellations/${after_sale_id}/answer`, { approved: true });
  await orders.tell(world.uk, id, { news: 'cancellation' });
  const handle = orders.handle(world.uk, id);
  await handle.result();
  return handle.workflowId;
}
