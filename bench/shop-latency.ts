import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { Connection } from 'rabbitmq-client';
import { openDb } from '../db/client.ts';
import type { OrderMessage } from '../domain/contracts/shop-message.ts';
import { eventually } from '../tests/helpers/eventually.ts';
import { Product } from '../tests/helpers/product.ts';
import { connectShops, shopControlOf } from '../tests/helpers/shop-product.ts';
import { benchEnvironment } from './lib/environment.ts';
import { summarise } from './lib/latencies.ts';
import { machineFacts, printTable } from './lib/report.ts';

/**
 * From the webhook of a paid order at our door to the message at a consumer of RabbitMQ, with the running product: the order is read from TikTok
 * (the sandbox), decided, stored and published on the way.
 * Usage: npm run bench:shop-latency -- [--orders 300]; AMQP_URL, else 127.0.0.1:5672
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const ORDERS = number('orders', 300);
const RATES = [2, 10, 25];
const AMQP_URL = process.env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672';

async function main(): Promise<void> {
  const environment = await benchEnvironment();
  const suffix = randomBytes(4).toString('hex');
  const exchanges = { ORDER_EXCHANGE_NAME: `bench.orders.${suffix}`, ORDER_QUEUE_NAME: `bench.orders.${suffix}`, PRODUCT_EXCHANGE_NAME: `bench.products.${suffix}`, PRODUCT_QUEUE_NAME: `bench.products.${suffix}`, INVENTORY_EXCHANGE_NAME: `bench.inventory.${suffix}`, INVENTORY_QUEUE_NAME: `bench.inventory.${suffix}` };
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn', AMQP_URL, ...exchanges }, parts: ['sandbox', 'shop', 'api'] });
  const rabbit = new Connection(AMQP_URL);
  const { db, close } = openDb({ url: environment.databaseUrl, max: 2 });
  try {
    const arrived = new Map<string, number>();
    const consumer = rabbit.createConsumer({ queue: exchanges.ORDER_QUEUE_NAME, queueOptions: { passive: true } }, (message) => {
      const { change, order } = message.body as OrderMessage;
      if (change === 'paid' && !arrived.has(order.order_id)) arrived.set(order.order_id, Date.now());
    });
    const { shops } = await connectShops(product);
    const control = shopControlOf(product.sandboxUrl);
    await control.patch('/settings', { limits: { per_second: null } });
    const rows = [];
    for (const rate of RATES) {
      const ids = await unpaidOrders(control, shops[0]!.shop_id);
      for (const [index, id] of ids.entries()) {
        await Promise.all([control.post(`/orders/${id}/pay`), delay(index === ids.length - 1 ? 0 : 1_000 / rate)]);
      }
      await eventually(() => Promise.resolve(ids.every((id) => arrived.has(id))), { timeoutMs: 60_000 });
      const webhooks = await db.selectFrom('shop_webhooks').select(['subject', 'received_at']).where('subject', 'in', ids).where('kind', '=', 'order_status').orderBy('seq').execute();
      const first = new Map(webhooks.toReversed().map(({ subject, received_at }) => [subject!, received_at.getTime()]));
      const { count, p50, p99, max } = summarise(ids.map((id) => arrived.get(id)! - first.get(id)!));
      rows.push([`${rate} orders/s`, count, p50, p99, max]);
    }
    console.log(`\n${machineFacts()}\n${environment.described}, RabbitMQ at AMQP_URL`);
    console.log('Method: unpaid orders are paid one after another in the sandbox, whose webhook comes to the API. Milliseconds from the webhook’s row in our database to its message at a consumer; load, sandbox, API, worker and brokers share the machine.');
    printTable(['Order webhook → message', 'orders', 'p50', 'p99', 'max'], rows);
    await consumer.close();
  } finally {
    await product.stop();
    await removeQueues(rabbit, Object.values(exchanges));
    await rabbit.close();
    await close();
    await environment.close();
  }
}

async function unpaidOrders(control: ReturnType<typeof shopControlOf>, shop_id: string): Promise<string[]> {
  const { products } = await control.post<{ products: { skus: { id: string }[] }[] }>('/products', { shop_id, quantity: 90_000 });
  const sku_id = products[0]!.skus[0]!.id;
  const { ids } = await control.post<{ ids: string[] }>('/orders', { shop_id, count: ORDERS, items: [{ sku_id }], status: 'UNPAID', moves: false, quiet: true });
  return ids;
}

async function removeQueues(rabbit: Connection, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await rabbit.queueDelete({ queue: name });
    await rabbit.exchangeDelete({ exchange: name });
  }
  await rabbit.queueDelete({ queue: `${names.at(-1)!}.dead` });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
