import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createOrderIntake } from '../../activities/shop/orders/take-orders.ts';
import { createEarlyTaking } from '../../activities/shop/webhooks/take-early.ts';
import { createShopWebhookActivities } from '../../activities/shop/webhooks/webhook.activities.ts';
import { notedWorkflows, seedWebhooks, type NotedWorkflows } from '../helpers/shop-webhooks.ts';
import { createShopWorld, type ShopWorld } from '../helpers/shop-world.ts';

let world: ShopWorld;
let told: NotedWorkflows;

beforeAll(async () => {
  world = await createShopWorld({ client: { timeoutMs: 10_000 } });
  told = notedWorkflows(world.workflows);
  const intake = createOrderIntake({ db: world.db, pool: world.database.pool, events: world.events, publishes: true, logger: world.log });
  const early = createEarlyTaking({ calls: world.calls, tiktok: world.tiktok, intake, logger: world.log, timeoutMs: 5_000 });
  await world.worker(createShopWebhookActivities({ db: world.db, workflows: told, early, logger: world.log }));
});
afterAll(() => world.close());

interface Placed {
  id: string;
  /** Not after its last change. */
  update_ms: number;
}
async function place(count: number): Promise<Placed[]> {
  const { products } = await world.sandbox.control('POST', '/products', { shop_id: world.uk.shop_id, quantity: 1_000 });
  const { ids, orders } = await world.sandbox.control('POST', '/orders', { shop_id: world.uk.shop_id, count, items: [{ sku_id: products[0].skus[0].id }], status: 'AWAITING_SHIPMENT', quiet: true, moves: false });
  const update_ms = Math.min(...(orders as Placed[]).map((order) => order.update_ms));
  return (ids as string[]).map((id) => ({ id, update_ms }));
}
const seconds = (ms: number): number => Math.floor(ms / 1_000);
async function webhooksOf(orders: readonly Placed[]): Promise<void> {
  told.told.length = 0;
  await seedWebhooks(world.database, orders.map(({ id, update_ms }) => ({ shop_id: world.uk.shop_id, data: { order_id: id, order_status: 'AWAITING_SHIPMENT', update_time: seconds(update_ms) } })));
  const handle = await world.client.workflow.start('processShopWebhook', { taskQueue: world.queue, workflowId: `early:${orders[0]!.id}`, args: [{ shop_id: world.uk.shop_id }] });
  await handle.result();
}
const stored = async (orders: readonly Placed[]): Promise<number> =>
  (await world.db.selectFrom('shop_orders').select('order_id').where('channel_id', '=', world.uk.channel_id).where('order_id', 'in', orders.map(({ id }) => id)).execute()).length;
const reads = async (): Promise<number> => (await world.sandbox.control('GET', '/calls?path=/order/202507/orders')).calls.length;

test('a burst of orders is read fifty at a time and stored with its messages before any workflow is told, and the workflows need not ask again', async () => {
  const orders = await place(120);
  const before = await reads();
  const seen: number[] = [];
  told.before = async () => void seen.push(await stored(orders));
  await webhooksOf(orders);
  told.before = () => undefined;
  expect(await reads()).toBe(before + 3);
  expect(seen[0]).toBe(120);
  expect(told.orders()).toHaveLength(120);
  expect(told.orders().every(({ change }) => change?.is_read === true && change.source === 'webhook')).toBe(true);
  const { count } = await world.db.selectFrom('shop_outbox').select((eb) => eb.fn.countAll<number>().as('count')).where('channel_id', '=', world.uk.channel_id).executeTakeFirstOrThrow();
  expect(Number(count)).toBeGreaterThanOrEqual(120);
});

test('where TikTok does not answer in time the workflows are told all the same, to ask for themselves', async () => {
  const orders = await place(3);
  await world.sandbox.fault({ path: '/order/202507/orders', delay_ms: 30_000, times: 1 });
  await webhooksOf(orders);
  expect(await stored(orders)).toBe(0);
  expect(told.orders().map(({ change }) => change?.is_read)).toEqual([undefined, undefined, undefined]);
});

test('an order that TikTok does not show yet is left to its workflow, and holds none of the others', async () => {
  const [known] = await place(1);
  const unknown = { id: '1', update_ms: known!.update_ms };
  await webhooksOf([unknown, known!]);
  expect(new Map(told.orders().map(({ whom, change }) => [whom, change?.is_read]))).toEqual(new Map([['1', undefined], [known!.id, true]]));
});

test('a shop that is paused is not asked', async () => {
  const orders = await place(2);
  const before = await reads();
  await world.db.updateTable('channels').set({ state: 'paused' }).where('id', '=', world.uk.channel_id).execute();
  await webhooksOf(orders);
  await world.db.updateTable('channels').set({ state: 'active' }).where('id', '=', world.uk.channel_id).execute();
  expect(await reads()).toBe(before);
  expect(told.orders()).toEqual([]);
});
