import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { createShopWorkflows } from '../../activities/shop/shop-workflows.ts';
import type { OrderMessage } from '../../domain/contracts/shop-message.ts';
import { fulfilOrderWorkflowId } from '../../domain/names.ts';
import { testSecrets } from '../helpers/accounts.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { Product } from '../helpers/product.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { INDONESIA, ShopSandbox } from '../helpers/shop-sandbox.ts';
import { seedAuthorization, seedChannel } from '../helpers/shop-world.ts';
import { testTemporalAddress } from '../helpers/temporal.ts';

/** kill -9 of the role shop while it is at a step of following an order: rows, units and messages are there once, whatever the step. */
const PREFIX = `kill-${process.pid}-`;
/** Longer than it takes until the worker is dead. */
const DELAY_MS = 25_000;
let database: TestDatabase;
let sandbox: ShopSandbox;
let product: Product;
let connection: Connection;
let client: Client;
let channel: { channel_id: string; workspace_id: string };

beforeAll(async () => {
  [database, sandbox, connection] = await Promise.all([createTestDatabase(), ShopSandbox.start(), Connection.connect({ address: testTemporalAddress() })]);
  client = new Client({ connection });
  const { workspace_id } = await seedWorkspace(database.db);
  const authorization_id = await seedAuthorization(database.db, testSecrets(), sandbox, workspace_id);
  channel = { workspace_id, ...(await seedChannel(database.db, testSecrets(), sandbox, { workspace_id, authorization_id }, INDONESIA)) };
  product = await Product.start({
    databaseUrl: database.url,
    temporalAddress: testTemporalAddress(),
    // Nobody listens there: what is told stays in the outbox.
    env: { TIKTOK_SHOP_API_URL: sandbox.url, TIKTOK_SHOP_AUTH_URL: sandbox.url, TEMPORAL_TASK_QUEUE_PREFIX: PREFIX, ORDER_SERVICE_URL: 'http://127.0.0.1:9/' },
    parts: ['shop'],
  });
}, 180_000);
afterAll(async () => {
  await product?.stop();
  await sandbox.close();
  await connection.close();
  await database.drop();
}, 60_000);

const tell = (order_id: string, news: 'order' | 'cancellation' = 'order') => createShopWorkflows(client, PREFIX).orderChanged({ ...channel, order_id }, { source: 'webhook', news, update_time_ms: null });
const handle = (orderId: string) => client.workflow.getHandle(fulfilOrderWorkflowId(channel.channel_id, orderId));
const row = (orderId: string) => database.db.selectFrom('shop_orders').selectAll().where('order_id', '=', orderId).executeTakeFirst();
const becomes = (orderId: string, status: string) => eventually(async () => (await row(orderId))?.status === status, { timeoutMs: 90_000, intervalMs: 100 });
const delayed = (path: string) => sandbox.fault({ path, times: 1, delay_ms: DELAY_MS });
const isHeld = () => eventually(async () => (await blocked()) > 0, { timeoutMs: 60_000 });
const blocked = async (): Promise<number> => (await database.pool.query<{ count: number }>(`select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rows[0]!.count;

async function restart(): Promise<void> {
  await product.kill('shop');
  await product.spawn('shop');
}

/** How the worker is brought to the step, and killed there. */
const STEPS: Record<string, (orderId: string) => Promise<void>> = {
  'asking TikTok for the order': async (id) => {
    await delayed('/order/202507/orders');
    await tell(id);
    // The fault is taken when the call has come.
    await eventually(async () => (await sandbox.control('GET', '/faults')).faults.length === 0, { timeoutMs: 60_000 });
    await restart();
  },
  'in its transaction, with units moved and no message written': async (id) => {
    const lock = await database.pool.connect();
    await lock.query('begin; lock table shop_outbox in share mode');
    await tell(id);
    await isHeld();
    await product.kill('shop');
    await lock.query('rollback');
    lock.release();
    await product.spawn('shop');
  },
  'after its commit, asking for the package': async (id) => {
    await delayed('/fulfillment/202309/packages/{package_id}');
    await tell(id);
    await becomes(id, 'AWAITING_SHIPMENT');
    await restart();
  },
  'after its commit, asking for cancellations': async (id) => {
    await delayed('/return_refund/202309/cancellations/search');
    await tell(id, 'cancellation');
    await becomes(id, 'AWAITING_SHIPMENT');
    await restart();
  },
};

test.each(Object.keys(STEPS))('Killed %s, an order and its units are stored once and each message is written once', async (step) => {
  const { products } = await sandbox.control('POST', '/products', { shop_id: sandbox.shopId(INDONESIA), quantity: 50 });
  const sku_id = products[0].skus[0].id as string;
  const order = await sandbox.newOrder(INDONESIA, { quiet: true, items: [{ sku_id, quantity: 2 }] });
  await STEPS[step]!(order.id);
  await becomes(order.id, 'AWAITING_SHIPMENT');
  const reserved = async () => (await database.db.selectFrom('shop_skus').select('reserved').where('sku_id', '=', sku_id).executeTakeFirst())?.reserved;
  expect(await reserved()).toBe(2);
  await sandbox.control('POST', `/orders/${order.id}/ship`);
  await tell(order.id);
  await becomes(order.id, 'AWAITING_COLLECTION');
  await sandbox.control('POST', `/orders/${order.id}/cancel`);
  await tell(order.id, 'cancellation');
  await eventually(() => handle(order.id).result().then(() => true), { timeoutMs: 90_000 });
  expect((await row(order.id))?.status).toBe('CANCELLED');
  expect(await reserved()).toBe(0);
  const reservations = await database.db.selectFrom('stock_reservations').select(['state', 'line_item_id']).where('order_id', '=', order.id).execute();
  expect(reservations.map(({ state }) => state)).toEqual(['released', 'released']);
  const bodies = (await database.db.selectFrom('shop_outbox').select('body').where('key', '=', `${channel.channel_id}:${order.id}`).orderBy('seq').execute()).map(({ body }) => body as OrderMessage);
  expect(bodies.map(({ sequence }) => sequence)).toEqual(bodies.map((_, index) => index + 1));
  const changes = bodies.map(({ change }) => change);
  for (const change of ['placed', 'paid', 'shipped', 'cancelled', 'cancellation']) expect(changes.filter((one) => one === change)).toEqual([change]);
  const timeline = await database.db.selectFrom('shop_order_timeline').select('dedupe_key').where('order_id', '=', order.id).execute();
  expect(timeline.filter(({ dedupe_key }) => dedupe_key.startsWith('status:'))).toHaveLength(3);
}, 240_000);
