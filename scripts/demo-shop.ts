import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShopMessage } from '../domain/contracts/shop-message.ts';
import { DemoApi } from './demo/api.ts';
import { register } from './demo/person.ts';
import { runDemo } from './demo/run-demo.ts';
import { openScreen, type Screen } from './demo/screen.ts';
import { consumeFromRabbit, describeMessage, takeCallbacks, type MessageSource } from './demo/shop-messages.ts';
import { buy, connectShop, finished, openShop, type Channel, type Order } from './demo/shop-scene.ts';
import type { DemoTarget } from './demo/target.ts';
import { until } from './demo/until.ts';
import { StartError } from './supervisor/start-error.ts';

const EXCHANGES = [process.env.ORDER_EXCHANGE_NAME || 'showrunner.orders', process.env.PRODUCT_EXCHANGE_NAME || 'showrunner.products'];
const BUYERS = [
  ['Ann', 'A gift, please wrap it'],
  ['Ben', 'Ring twice'],
  ['Chi', ''],
] as const;
const BETWEEN_BUYERS_MS = 1_500;
const TRACKING = `JD${Date.now()}`;

interface Tally {
  messages: ShopMessage[];
  latencies: number[];
}

/** Where other systems hear of orders: RabbitMQ where this Showrunner has one, else callbacks to a port of ours. */
async function listen(target: DemoTarget, take: (message: ShopMessage) => void): Promise<MessageSource> {
  if (target.amqpUrl) return consumeFromRabbit(target.amqpUrl, EXCHANGES, take);
  if (target.orderServiceUrl) {
    const { hostname, port } = new URL(target.orderServiceUrl);
    if (['127.0.0.1', 'localhost'].includes(hostname) && port !== '') return takeCallbacks(Number(port), take);
  }
  throw new StartError('The Showrunner that runs here tells no other system: it has neither AMQP_URL nor an ORDER_SERVICE_URL on this machine. Stop it (Ctrl-C) and run the demo alone, or set one of them.');
}

/** From the sale to the parcel, each step on the screen as it comes. */
async function sell(api: DemoApi, sandboxUrl: string, channel: Channel, tell: (text: string) => void, signal: AbortSignal): Promise<boolean> {
  const ids: string[] = [];
  for (const [buyer, note] of BUYERS) {
    ids.push(await buy(sandboxUrl, channel.shop_id, buyer, note));
    tell(`${buyer} buys in ${channel.name}: order ${ids.at(-1)}`);
    await delay(BETWEEN_BUYERS_MS, undefined, { signal }).catch(() => undefined);
  }
  const [first] = ids;
  const read = (): Promise<Order | null> => api.get<Order>(`/orders/${first}/?channel_uid=${channel.channel_uid}`).catch(() => null);
  const ready = await until(async () => {
    const order = await read();
    return order?.status === 'AWAITING_SHIPMENT' ? order : null;
  }, signal);
  if (!ready) return false;
  const { items } = await api.get<{ items: { id: string; name: string }[] }>(`/shipping/providers?channel_uid=${channel.channel_uid}&delivery_option_id=${ready.delivery_option_id ?? ''}`);
  const provider = items[0];
  if (!provider) throw new StartError('TikTok names no shipping provider for this order.');
  await api.post('/shipping/mark-shipped', { channel_uid: channel.channel_uid, order_id: first, tracking_number: TRACKING, shipping_provider_id: provider.id });
  tell(`shipped ${first} with ${provider.name}, ${TRACKING}`);
  return (await until(async () => ((await read())?.status === 'DELIVERED' ? true : null), signal)) ?? false;
}

async function play(target: DemoTarget, stopped: AbortSignal): Promise<boolean> {
  if (!target.sandboxUrl) throw new StartError('This demo needs the sandbox: with SHOWRUNNER_URL set SANDBOX_URL too.');
  const { sandboxUrl } = target;
  const api = new DemoApi(target.apiUrl);
  const person = await register(api);
  const tally: Tally = { messages: [], latencies: [] };
  const began = Date.now();
  let screen: Screen | null = null;
  let source: MessageSource | null = null;
  try {
    const shown = (screen = openScreen(process.stdout, () => `${tally.messages.length} messages · ${((Date.now() - began) / 1_000).toFixed(0)} s`));
    const tell = (text: string): void => shown.line(`  ${((Date.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${text}`);
    source = await listen(target, (message) => {
      const latency = Date.now() - Date.parse(message.occurred_at);
      tally.messages.push(message);
      tally.latencies.push(latency);
      tell(describeMessage(message, latency));
    });
    tell(`other systems listen: ${source.name}`);
    const channel = await connectShop(api, target.apiUrl, await openShop(sandboxUrl));
    tell(`connected ${channel.name} (${channel.region})`);
    const { job_id } = await api.get<{ job_id: string }>(`/products/fetch-all?channel_uid=${channel.channel_uid}`);
    const { done, calls } = await finished(api, job_id, stopped);
    tell(`synced ${done} products in ${calls} call${calls === 1 ? '' : 's'} to TikTok`);
    const delivered = await sell(api, sandboxUrl, channel, tell, stopped);
    screen.close();
    screen = null;
    summarise(tally, source.name, delivered, began);
    const where = target.isOurs ? 'Look around with npm start' : 'Look around';
    console.log(`${where}: ${target.apiUrl}/docs, signed in as ${person.email} with password ${person.password}\n`);
    return delivered && tally.messages.length > 0;
  } finally {
    screen?.close();
    await source?.close();
  }
}

function summarise({ messages, latencies }: Tally, from: string, delivered: boolean, began: number): void {
  const sorted = latencies.toSorted((a, b) => a - b);
  const orders = new Set(messages.flatMap((message) => (message.type === 'order' ? message.order.order_id : [])));
  const rows: [string, string][] = [
    ['Messages', `${messages.length} by ${from}, about ${orders.size} orders`],
    ['Each after', sorted.length === 0 ? 'none' : `${sorted[Math.floor(sorted.length / 2)]} ms (median), ${sorted.at(-1)} ms (slowest), from the change in our database on`],
    ['First order', delivered ? 'sold, paid, shipped, delivered' : 'did not arrive in time'],
    ['All of it took', `${((Date.now() - began) / 1_000).toFixed(1)} s`],
  ];
  console.log(`\nSummary\n\n${rows.map(([name, value]) => `  ${name.padEnd(16)}${value}`).join('\n')}\n`);
}

/** A port that is free now: callbacks of a Showrunner that is started for the demo go there. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address !== 'object' || address === null) throw new StartError('No port is free.');
  return address.port;
}

runDemo({
  async find() {
    const hasWay = Boolean(process.env.AMQP_URL || process.env.ORDER_SERVICE_URL);
    return { needsBroker: false, ...(hasWay ? {} : { env: { ORDER_SERVICE_URL: `http://127.0.0.1:${await freePort()}/orders` } }) };
  },
  play,
  failure: 'The first order did not get as far as its delivery: what came is above, and more is in the logs below .data/logs.',
});
