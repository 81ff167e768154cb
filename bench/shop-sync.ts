import { setTimeout as delay } from 'node:timers/promises';
import { openDb, type Db } from '../db/client.ts';
import { eventually } from '../tests/helpers/eventually.ts';
import { call } from '../tests/helpers/api-client.ts';
import { Product } from '../tests/helpers/product.ts';
import { connectShops, shopControlOf } from '../tests/helpers/shop-product.ts';
import { benchEnvironment } from './lib/environment.ts';
import { summarise } from './lib/latencies.ts';
import { machineFacts, printTable } from './lib/report.ts';

/**
 * The first sync of a shop with many products and orders: how long, and how many calls against the fewest possible; then how late an order comes whose
 * webhook was lost.
 * Usage: npm run bench:shop-sync -- [--products 10000] [--orders 20000] [--open 200] [--lost 40]
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const PRODUCTS = number('products', 10_000);
const ORDERS = number('orders', 20_000);
/** Of the orders: those that have a workflow each. */
const OPEN = number('open', 200);
const LOST = number('lost', 40);
const INTERVAL_S = 5;
const PAGE = 100;
const SPAN_MS = 20 * 86_400_000;
const PATIENCE_MS = 1_800_000;
const SEARCHES = { orders: '/order/202309/orders/search', products: '/product/202502/products/search' } as const;

type Control = ReturnType<typeof shopControlOf>;
interface Shop {
  id: string;
  region: string;
}

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn', SHOP_SYNC_INTERVAL_S: String(INTERVAL_S) }, parts: ['sandbox', 'shop', 'api'] });
  const { db, close } = openDb({ url: environment.databaseUrl, max: 2 });
  const control = shopControlOf(product.sandboxUrl);
  try {
    await control.patch('/settings', { limits: { per_second: null }, webhooks: { drop_percent: 100 } });
    const { shops } = await control.get<{ shops: Shop[] }>('/shops');
    const shop = shops.find(({ region }) => region === 'GB')!;
    console.error(`${PRODUCTS} products and ${ORDERS} orders are being made`);
    const sku_id = await fill(control, shop.id);

    console.error('the shop is being connected');
    const startedAt = performance.now();
    const { api, shops: channels } = await connectShops(product);
    const channel = channels.find(({ shop_id }) => shop_id === shop.id)!;
    const parts = await Promise.all((['orders', 'products'] as const).map((kind) => firstSync(db, control, channel.channel_uid, shop.id, kind, startedAt)));

    console.error(`${LOST} orders whose webhooks are lost`);
    const lags = await lostOrders(db, control, channel.channel_uid, shop.id, sku_id);
    console.log(`\n${machineFacts()}\n${environment.described}`);
    console.log(`Method: sandbox, API and worker are a process each; calls as the sandbox counted them. Orders and products are listed at the same time, from the moment at which the shop is connected. ${OPEN} of the orders are open and have a workflow started each.`);
    printTable(['first sync', 'stored', 'took s', 'a second', 'searches', 'fewest'], parts);
    console.log(`\nMethod: all webhooks are dropped, SHOP_SYNC_INTERVAL_S=${INTERVAL_S}. Milliseconds from the order's being placed to its row in our database.`);
    const { count, p50, p99, max } = summarise(lags);
    printTable(['lost webhook', 'orders', 'p50 ms', 'p99 ms', 'max ms'], [['order → row', count, Math.round(p50), Math.round(p99), Math.round(max)]]);
    const { parts: shown } = await api.get<{ parts: { orders: { missed: number } } }>(`/channels/${channel.channel_uid}/sync`);
    // With them go their Schedules, which a Temporal of others would keep on running.
    for (const { channel_uid } of channels) await call(product.apiUrl, api.token, 'DELETE', `/channels/${channel_uid}`);
    console.log(`GET /channels/{channel_uid}/sync has counted ${shown.orders.missed} as missed by webhooks so far (those older than 30 s when they were found).`);
  } finally {
    await product.stop();
    await close();
    await environment.close();
  }
}

/** @returns a SKU with units enough for everybody */
async function fill(control: Control, shop_id: string): Promise<string> {
  const { products } = await control.post<{ products: { skus: { id: string }[] }[] }>('/products', { shop_id, quantity: 90_000, warehouses: 1 });
  const sku_id = products[0]!.skus[0]!.id;
  if (PRODUCTS > 1) await control.post('/products', { shop_id, count: PRODUCTS - 1 });
  const common = { shop_id, items: [{ sku_id, quantity: 1 }], moves: false, quiet: true, over_ms: SPAN_MS };
  const open = Math.min(OPEN, ORDERS);
  if (ORDERS > open) await control.post('/orders', { ...common, count: ORDERS - open, status: 'COMPLETED' });
  await control.post('/orders', { ...common, count: open, status: 'AWAITING_SHIPMENT' });
  return sku_id;
}

async function firstSync(db: Db, control: Control, channel_id: string, shop_id: string, kind: 'orders' | 'products', startedAt: number): Promise<(string | number)[]> {
  const finished = () => db.selectFrom('shop_sync_cursors').select('calls').where('channel_id', '=', channel_id).where('kind', '=', kind).where('last_finished_at', 'is not', null).executeTakeFirst();
  await eventually(finished, { timeoutMs: PATIENCE_MS, intervalMs: 50 });
  const seconds = (performance.now() - startedAt) / 1_000;
  const { calls } = await control.get<{ calls: unknown[] }>(`/calls?path=${SEARCHES[kind]}&shop_id=${shop_id}`);
  const { stored } = await db.selectFrom(kind === 'orders' ? 'shop_orders' : 'shop_products').select((eb) => eb.fn.countAll<number>().as('stored')).where('channel_id', '=', channel_id).executeTakeFirstOrThrow();
  return [kind, Number(stored), seconds, Math.round(Number(stored) / seconds), calls.length, Math.ceil(Number(stored) / PAGE)];
}

/** Milliseconds each, placed at moments that have nothing to do with the Schedule's. */
async function lostOrders(db: Db, control: Control, channel_id: string, shop_id: string, sku_id: string): Promise<number[]> {
  const waits: Promise<number>[] = [];
  for (let index = 0; index < LOST; index += 1) {
    const { ids } = await control.post<{ ids: string[] }>('/orders', { shop_id, items: [{ sku_id, quantity: 1 }], status: 'AWAITING_SHIPMENT', moves: false });
    const since = performance.now();
    const stored = () => db.selectFrom('shop_orders').select('order_id').where('channel_id', '=', channel_id).where('order_id', '=', ids[0]!).executeTakeFirst();
    waits.push(eventually(stored, { timeoutMs: 120_000, intervalMs: 20 }).then(() => performance.now() - since));
    await delay(((index * 377) % 1_000) + 200);
  }
  return Promise.all(waits);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
