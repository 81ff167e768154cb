import { randomBytes } from 'node:crypto';
import { Connection } from 'rabbitmq-client';
import { openDb } from '../db/client.ts';
import type { OrderMessage } from '../domain/contracts/shop-message.ts';
import { call, type ApiClient } from '../tests/helpers/api-client.ts';
import { eventually } from '../tests/helpers/eventually.ts';
import { Product } from '../tests/helpers/product.ts';
import { connectShops, shopControlOf } from '../tests/helpers/shop-product.ts';
import { benchEnvironment } from './lib/environment.ts';
import { machineFacts, printTable } from './lib/report.ts';
import type { Market, Sku } from './oversell-judge.ts';
import { BUYERS, inventoryMessage, naivePush, runRound, UNITS, type Push, type RoundPlan, type RoundResult } from './oversell-round.ts';

/**
 * Buyers who want more than there is, while the warehouse counts and webhooks are lost, doubled and late: nothing may be oversold, no order lost, no
 * message missing or under two ids. Ends with 1 where one of these promises is broken.
 * Usage: npm run bench:oversell -- [--rounds 3] [--seed 1]; AMQP_URL, else 127.0.0.1:5672
 */
const number = (name: string, fallback: number): number => Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) || fallback;
const ROUNDS = number('rounds', 3);
const SEED = number('seed', 1);
const INTERVAL_S = 5;
const AMQP_URL = process.env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672';

interface Named extends RoundResult {
  name: string;
  isNaive: boolean;
}

/** @returns whether all promises were kept */
async function main(): Promise<boolean> {
  const environment = await benchEnvironment();
  const suffix = randomBytes(4).toString('hex');
  const names = { ORDER_EXCHANGE_NAME: `bench.orders.${suffix}`, PRODUCT_EXCHANGE_NAME: `bench.products.${suffix}`, INVENTORY_EXCHANGE_NAME: `bench.inventory.${suffix}` };
  const queues = { ORDER_QUEUE_NAME: names.ORDER_EXCHANGE_NAME, PRODUCT_QUEUE_NAME: names.PRODUCT_EXCHANGE_NAME, INVENTORY_QUEUE_NAME: names.INVENTORY_EXCHANGE_NAME };
  const product = await Product.start({ ...environment, env: { LOG_LEVEL: 'warn', AMQP_URL, SHOP_SYNC_INTERVAL_S: String(INTERVAL_S), ...names, ...queues }, parts: ['sandbox', 'shop', 'api'] });
  const rabbit = new Connection(AMQP_URL);
  const publisher = rabbit.createPublisher({ confirm: true });
  const { db, close } = openDb({ url: environment.databaseUrl, max: 2 });
  try {
    const messages: OrderMessage[] = [];
    const consumer = rabbit.createConsumer({ queue: queues.ORDER_QUEUE_NAME, queueOptions: { passive: true } }, (message) => void messages.push(message.body as OrderMessage));
    const control = shopControlOf(product.sandboxUrl);
    await control.patch('/settings', { life: { unpaid_ms: 500, hold_ms: 1_000 } });
    const { api, shops } = await connectShops(product);
    const shop = shops[0]!;
    const { workspace_id } = await db.selectFrom('channels').select('workspace_id').where('id', '=', shop.channel_uid).executeTakeFirstOrThrow();
    await eventually(() => db.selectFrom('shop_sync_cursors').select('kind').where('channel_id', '=', shop.channel_uid).where('kind', '=', 'orders').where('last_finished_at', 'is not', null).executeTakeFirst(), { timeoutMs: 120_000 });

    const market: Market = { control, db, shop, sandboxUrl: product.sandboxUrl, messages };
    const push: Push = (sku, quantity) =>
      Promise.all([pushByHttp(api, shop.channel_uid, sku, quantity), publisher.send({ exchange: names.INVENTORY_EXCHANGE_NAME, routingKey: 'count', durable: true }, inventoryMessage(workspace_id, shop, sku, quantity))]);
    const results: Named[] = [];
    const run = async (name: string, plan: RoundPlan): Promise<void> => {
      console.error(`round: ${name}`);
      results.push({ name, isNaive: plan.push !== push, ...(await runRound(market, plan)) });
    };
    for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) await run(`Showrunner, seed ${seed}`, { push, seed });
    await run('and its worker killed', { push, seed: SEED, disturb: () => product.kill('shop').then(() => product.spawn('shop')) });
    await run('straight to TikTok', { push: naivePush(market), seed: SEED });
    print(environment.described, results);
    // With them go their Schedules, which a Temporal of others would keep on running.
    for (const { channel_uid } of shops) await call(product.apiUrl, api.token, 'DELETE', `/channels/${channel_uid}`);
    await consumer.close();
    return judge(results);
  } finally {
    await product.stop();
    await publisher.close();
    await removeQueues(rabbit, Object.values(names));
    await rabbit.close();
    await close();
    await environment.close();
  }
}

const pushByHttp = (api: ApiClient, channel_uid: string, { product_id, sku_id }: Sku, quantity: number): Promise<unknown> =>
  api.post(`/products/${product_id}/inventory/update?channel_uid=${channel_uid}`, { skus: [{ sku_id, quantity }] });

function print(described: string, results: readonly Named[]): void {
  console.log(`\n${machineFacts()}\n${described}, RabbitMQ at AMQP_URL`);
  console.log(`Method: ${UNITS} units, ${BUYERS} buyers within 6 s, then one in five of who bought cancels and 60 buyers more come within 3 s. TikTok shows 10 at first. Each second the warehouse says that it has ${UNITS}, 47 or 44 (on_hand), by HTTP and by RabbitMQ at once. Webhooks: 10 % dropped, 10 % doubled, 20 % late; SHOP_SYNC_INTERVAL_S=${INTERVAL_S}. Oversold: units in orders at the worst moment beyond ${UNITS}, as the sandbox counts them. In the last row each count is set at TikTok as it comes; in the one before it the worker is killed (SIGKILL) 2 s after the first buyer.`);
  printTable(['counts go', 'bought', 'cancelled', 'counts', 'calls to set', 'left', 'oversold'], results.map((r) => [r.name, r.bought, r.cancelled, r.pushes, r.isNaive ? r.pushes : r.set, r.left, r.oversold]));
  console.log('\nMilliseconds from an order’s being placed to its row in our database; “all right” is when each was here as TikTok has it, after the last buyer.');
  printTable(
    ['orders', 'webhooks', 'dropped', 'doubled', 'late', 'found by poll', 'p50 ms', 'p99 ms', 'max ms', 'all right s', 'lost'],
    results.map((r) => [r.name, r.webhooks.sent, r.webhooks.lost, r.webhooks.doubled, r.webhooks.late, r.byPoll, Math.round(r.lag.p50), Math.round(r.lag.p99), Math.round(r.lag.max), r.caughtUpS, r.lost]),
  );
  console.log('');
  printTable(['messages of the orders', 'written', 'came again', 'missing', 'under two ids', 'out of order'], results.map((r) => [r.name, r.sent, r.again, r.missing, r.doubled, r.disordered]));
}

/** That counts which go straight to TikTok oversell is no promise; that nothing else is lost holds for them too. */
function judge(results: readonly Named[]): boolean {
  const broken = results.flatMap(({ name, isNaive, ...r }) => [
    ...(!isNaive && r.oversold > 0 ? [`${name}: ${r.oversold} units oversold`] : []),
    ...(r.lost > 0 ? [`${name}: ${r.lost} orders lost`] : []),
    ...(Number.isFinite(r.caughtUpS) ? [] : [`${name}: orders are not as TikTok has them`]),
    ...(r.sent < r.bought ? [`${name}: ${r.sent} messages for ${r.bought} orders`] : []),
    ...(r.missing > 0 ? [`${name}: ${r.missing} messages missing`] : []),
    ...(r.doubled > 0 ? [`${name}: ${r.doubled} messages under two ids`] : []),
    ...(r.disordered > 0 ? [`${name}: ${r.disordered} messages out of order`] : []),
  ]);
  for (const fault of broken) console.error(`BROKEN: ${fault}`);
  return broken.length === 0;
}

async function removeQueues(rabbit: Connection, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await rabbit.queueDelete({ queue: name });
    await rabbit.exchangeDelete({ exchange: name });
  }
  await rabbit.queueDelete({ queue: `${names.at(-1)!}.dead` });
}

main().then(
  (isKept) => process.exit(isKept ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
