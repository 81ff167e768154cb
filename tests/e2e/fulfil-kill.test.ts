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
/** The fault is taken when the call has come. */
const isAsked = () => eventually(async () => (await sandbox.control('GET', '/faults')).faults.length === 0, { timeoutMs: 60_000 });
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
    await isAsked();
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
    await isAsked();
    expect((await row(id))?.status).toBe('AWAITING_SHIPMENT');
    await restart();
  },
  'after its commit, asking for cancellations': async (id) => {
    await delayed('/return_refund/202309/cancellations/search');
    await tell(id, 'cancellation');
    await isAsked();
    expect((await row(id))?.status).toBe('AWAITING_SHIPMENT');
    await restart();
  },
};

const reservedOf = async (skuId: string) => (await database.db.selectFrom('shop_skus').select('reserved').where('sku_id', '=', skuId).executeTakeFirst())?.reserved;

/** Brought to its shipment and cancelled, an order has been told of once at each step, and holds nothing. */
async function expectOnce(id: string): Promise<void> {
  expect((await row(id))?.status).toBe('CANCELLED');
  const reservations = await database.db.selectFrom('stock_reservations').select(['state', 'line_item_id']).where('order_id', '=', id).execute();
  expect(reservations.map(({ state }) => state)).toEqual(['released', 'released']);
  const bodies = (await database.db.selectFrom('shop_outbox').select('body').where('key', '=', `${channel.channel_id}:${id}`).orderBy('seq').execute()).map(({ body }) => body as OrderMessage);
  expect(bodies.map(({ sequence }) => sequence)).toEqual(bodies.map((_, index) => index + 1));
  expect((await row(id))?.sequence).toBe(bodies.length);
  const changes = bodies.map(({ change }) => change);
  for (const change of ['placed', 'paid', 'shipped', 'cancelled', 'cancellation']) expect(changes.filter((one) => one === change)).toEqual([change]);
  const timeline = await database.db.selectFrom('shop_order_timeline').select('dedupe_key').where('order_id', '=', id).execute();
  expect(timeline.filter(({ dedupe_key }) => dedupe_key.startsWith('status:'))).toHaveLength(3);
}

test.each(Object.keys(STEPS))('Killed %s, an order and its units are stored once and each message is written once', async (step) => {
  const { products } = await sandbox.control('POST', '/products', { shop_id: sandbox.shopId(INDONESIA), quantity: 50 });
  const sku_id = products[0].skus[0].id as string;
  const order = await sandbox.newOrder(INDONESIA, { quiet: true, items: [{ sku_id, quantity: 2 }] });
  await STEPS[step]!(order.id);
  await becomes(order.id, 'AWAITING_SHIPMENT');
  expect(await reservedOf(sku_id)).toBe(2);
  await sandbox.control('POST', `/orders/${order.id}/ship`);
  await tell(order.id);
  await becomes(order.id, 'AWAITING_COLLECTION');
  await sandbox.control('POST', `/orders/${order.id}/cancel`);
  await tell(order.id, 'cancellation');
  await eventually(() => handle(order.id).result().then(() => true), { timeoutMs: 90_000 });
  await expectOnce(order.id);
  expect(await reservedOf(sku_id)).toBe(0);
}, 240_000);

test('Killed three times wherever they are, five orders at once are stored once, and each message is written once', async () => {
  const { products } = await sandbox.control('POST', '/products', { shop_id: sandbox.shopId(INDONESIA), quantity: 50 });
  const sku_id = products[0].skus[0].id as string;
  const ids = (await Promise.all(Array.from({ length: 5 }, () => sandbox.newOrder(INDONESIA, { quiet: true, items: [{ sku_id, quantity: 2 }] })))).map(({ id }) => id as string);
  const entries = async (): Promise<number> => (await database.db.selectFrom('shop_order_timeline').select('id').where('order_id', 'in', ids).execute()).length;
  const goes = async (id: string): Promise<void> => {
    await tell(id);
    await becomes(id, 'AWAITING_SHIPMENT');
    await sandbox.control('POST', `/orders/${id}/ship`);
    await tell(id);
    await becomes(id, 'AWAITING_COLLECTION');
    await sandbox.control('POST', `/orders/${id}/cancel`);
    await tell(id, 'cancellation');
    await eventually(() => handle(id).result().then(() => true), { timeoutMs: 90_000 });
  };
  // At any of the some 40 entries of the five, so that each run kills at other steps.
  const killedAt = [0, 10, 20].map((first) => first + Math.floor(Math.random() * 10));
  const kills = async (): Promise<void> => {
    for (const at of killedAt) {
      await eventually(async () => (await entries()) >= at, { timeoutMs: 60_000, intervalMs: 2 });
      await restart();
    }
  };
  try {
    await Promise.all([...ids.map(goes), kills()]);
    for (const id of ids) await expectOnce(id);
    expect(await reservedOf(sku_id)).toBe(0);
  } catch (error) {
    throw new Error(`Killed at the entries ${killedAt.join(', ')}.`, { cause: error });
  }
}, 240_000);
