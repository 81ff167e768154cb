import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import type { OrderMessage } from '../domain/contracts/shop-message.ts';
import { call } from '../tests/helpers/api-client.ts';
import { eventually } from '../tests/helpers/eventually.ts';
import type { ConnectedShop, shopControlOf } from '../tests/helpers/shop-product.ts';
import { summarise, type Summary } from './lib/latencies.ts';

export const UNITS = 50;
/** What TikTok shows at first: the warehouse's first count raises it. */
const SHOWN_FIRST = 10;
export const BUYERS = 200;
const SPREAD_MS = 6_000;
/** Of those who bought one in so many cancels; as many buyers and more come for their units. */
const CANCELS_ONE_IN = 5;
const LATE_BUYERS = 60;
const PUSH_EVERY_MS = 1_000;
const FOUND_LESS = [0, 3, 6];
const PATIENCE_MS = 90_000;

export interface Market {
  control: ReturnType<typeof shopControlOf>;
  db: Db;
  shop: ConnectedShop;
  sandboxUrl: string;
  /** Everything that the consumer of the orders' queue was given. */
  messages: readonly OrderMessage[];
}
export interface Sku {
  product_id: string;
  sku_id: string;
}
/** Says that so many units were counted just now. */
export type Push = (sku: Sku, quantity: number) => Promise<unknown>;

/** What is done differently in a round. */
export interface RoundPlan {
  push: Push;
  seed: number;
  /** Done once, in the middle of buying. */
  disturb?: () => Promise<unknown>;
}

interface SandboxOrder {
  id: string;
  status: string;
  create_ms: number;
  cancel: { at_ms: number } | null;
  lines: { sku_id: string }[];
}
interface Webhooks {
  deliveries: { id: number; fate: string }[];
}

export interface RoundResult {
  bought: number;
  cancelled: number;
  pushes: number;
  /** How often TikTok was told a quantity. */
  set: number;
  /** Most units in orders at one moment, over what there was. */
  oversold: number;
  left: number;
  webhooks: { sent: number; lost: number; doubled: number; late: number };
  lost: number;
  byPoll: number;
  /** From the order to its row, milliseconds. */
  lag: Summary;
  /** From the end of buying until each order was here as TikTok has it, seconds. */
  caughtUpS: number;
  sent: number;
  missing: number;
  again: number;
  /** Messages of one order and number that came under several ids. */
  doubled: number;
  disordered: number;
}

/** Buyers, cancellations and counts at once; afterwards TikTok's truth against ours. */
export async function runRound(market: Market, { push, seed, disturb }: RoundPlan): Promise<RoundResult> {
  const { control, shop, messages } = market;
  const { products } = await control.post<{ products: { id: string; skus: { id: string }[] }[] }>('/products', { shop_id: shop.shop_id, quantity: SHOWN_FIRST, warehouses: 1 });
  const sku: Sku = { product_id: products[0]!.id, sku_id: products[0]!.skus[0]!.id };
  const before = await webhookIds(market);
  await control.patch('/settings', { webhooks: { drop_percent: 10, duplicate_percent: 10, reorder_percent: 20, seed } });
  const firstMessage = messages.length;

  const pusher = startPushing(push, sku);
  const [{ order_ids }] = await Promise.all([buy(market, sku, BUYERS, SPREAD_MS, seed), delay(SPREAD_MS / 3).then(disturb)]);
  const late = buy(market, sku, LATE_BUYERS, SPREAD_MS / 2, seed + 1_000);
  for (const id of order_ids.filter((_, index) => index % CANCELS_ONE_IN === 0)) {
    await Promise.all([control.post(`/orders/${id}/cancel`, { role: 'BUYER' }), delay(SPREAD_MS / 2 / (order_ids.length / CANCELS_ONE_IN))]);
  }
  await late;
  const boughtAt = performance.now();
  const pushes = await pusher.stop();
  await eventually(async () => !(await market.db.selectFrom('inventory_requests').select('id').where('sku_id', '=', sku.sku_id).where('state', '=', 'received').executeTakeFirst()), { timeoutMs: PATIENCE_MS });

  // Orders move on by themselves for a while; TikTok's truth is asked for anew each time.
  const hasCaughtUp = eventually(async () => (await behind(market, sku)) === 0, { timeoutMs: PATIENCE_MS, intervalMs: 100 }).then(() => true, () => false);
  const caughtUpS = (await hasCaughtUp) ? (performance.now() - boughtAt) / 1_000 : Number.POSITIVE_INFINITY;
  await eventually(async () => (await judgeMessages(market, sku, firstMessage)).missing === 0, { timeoutMs: 30_000, intervalMs: 100 }).catch(() => undefined);

  const orders = await ordersOf(market, sku);
  const rows = await rowsOf(market, orders);
  const stock = await control.get<{ available: number; in_orders: number; update_count: number }>(`/stock/${sku.sku_id}`);
  return {
    bought: orders.length,
    cancelled: orders.filter(({ status }) => status === 'CANCELLED').length,
    pushes,
    set: stock.update_count,
    oversold: Math.max(0, mostAtOnce(orders) - UNITS, stock.in_orders - UNITS),
    left: stock.available,
    webhooks: await fates(market, before),
    lost: orders.length - rows.length,
    byPoll: rows.filter(({ first_source }) => first_source === 'poll').length,
    lag: summarise(rows.map(({ order_id, first_seen_at }) => first_seen_at.getTime() - orders.find(({ id }) => id === order_id)!.create_ms)),
    caughtUpS,
    ...(await judgeMessages(market, sku, firstMessage)),
  };
}

const buy = ({ control }: Market, { sku_id }: Sku, buyers: number, spread_ms: number, seed: number) =>
  control.post<{ order_ids: string[] }>('/buy', { sku_id, buyers, spread_ms, seed, status: 'UNPAID' });

/** A count each second, whatever becomes of the one before; some find less than there is, the last one all. */
function startPushing(push: Push, sku: Sku): { stop(): Promise<number> } {
  const pushes: Promise<unknown>[] = [];
  const one = (): void => void pushes.push(push(sku, UNITS - FOUND_LESS[pushes.length % FOUND_LESS.length]!));
  one();
  const timer = setInterval(one, PUSH_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(pushes);
      await push(sku, UNITS);
      return pushes.length + 1;
    },
  };
}

/** The warehouse's count as it is, straight to TikTok: what the product is there to prevent. */
export const naivePush =
  ({ sandboxUrl }: Market): Push =>
  ({ sku_id }, quantity) =>
    call(sandboxUrl, null, 'PUT', `/control/shop/stock/${sku_id}`, { quantity });

export const inventoryMessage = (workspace_id: string, { shop_id }: ConnectedShop, { sku_id }: Sku, quantity: number) => ({ message_id: randomUUID(), workspace_id, items: [{ shop_id, sku_id, quantity, basis: 'on_hand' }] });

async function ordersOf({ control, shop }: Market, { sku_id }: Sku): Promise<SandboxOrder[]> {
  const { orders } = await control.get<{ orders: SandboxOrder[] }>(`/orders?shop_id=${shop.shop_id}`);
  return orders.filter(({ lines }) => lines.some((line) => line.sku_id === sku_id));
}

const rowsOf = async ({ db, shop }: Market, orders: readonly SandboxOrder[]) =>
  orders.length === 0 ? [] : db.selectFrom('shop_orders').select(['order_id', 'status', 'sequence', 'first_source', 'first_seen_at']).where('channel_id', '=', shop.channel_uid).where('order_id', 'in', orders.map(({ id }) => id)).execute();

/** Orders that are not here, or not as TikTok has them, or that have not come to rest there. */
async function behind(market: Market, sku: Sku): Promise<number> {
  const orders = await ordersOf(market, sku);
  const ours = new Map((await rowsOf(market, orders)).map(({ order_id, status }) => [order_id, status]));
  return orders.filter(({ id, status }) => ours.get(id) !== status || (status !== 'AWAITING_SHIPMENT' && status !== 'CANCELLED')).length;
}

/** Units in orders at the worst moment. Of one millisecond the cancellations come first. */
function mostAtOnce(orders: readonly SandboxOrder[]): number {
  const steps = orders.flatMap(({ create_ms, cancel }) => [{ at: create_ms, by: 1 }, ...(cancel ? [{ at: cancel.at_ms, by: -1 }] : [])]);
  let units = 0;
  return steps.sort((a, b) => a.at - b.at || a.by - b.by).reduce((most, { by }) => Math.max(most, (units += by)), 0);
}

async function judgeMessages(market: Market, sku: Sku, from: number): Promise<Pick<RoundResult, 'sent' | 'missing' | 'again' | 'doubled' | 'disordered'>> {
  const rows = await rowsOf(market, await ordersOf(market, sku));
  const ids = new Map<string, Set<string>>();
  const last = new Map(rows.map(({ order_id }) => [order_id, 0]));
  let [again, disordered] = [0, 0];
  for (const { message_id, sequence, order } of market.messages.slice(from)) {
    const newest = last.get(order.order_id);
    if (newest === undefined) continue;
    const key = `${order.order_id}:${sequence}`;
    const known = ids.get(key);
    if (known?.has(message_id)) again += 1;
    else if (!known && sequence < newest) disordered += 1;
    ids.set(key, (known ?? new Set()).add(message_id));
    last.set(order.order_id, Math.max(newest, sequence));
  }
  const sent = rows.reduce((sum, { sequence }) => sum + sequence, 0);
  const missing = rows.reduce((sum, { order_id, sequence }) => sum + Array.from({ length: sequence }, (_, index) => !ids.has(`${order_id}:${index + 1}`)).filter(Boolean).length, 0);
  return { sent, missing, again, doubled: [...ids.values()].filter(({ size }) => size > 1).length, disordered };
}

const webhookIds = async ({ control, shop }: Market): Promise<Set<number>> => new Set((await control.get<Webhooks>(`/webhooks?shop_id=${shop.shop_id}`)).deliveries.map(({ id }) => id));

async function fates({ control, shop }: Market, before: Set<number>): Promise<RoundResult['webhooks']> {
  const { deliveries } = await control.get<Webhooks>(`/webhooks?shop_id=${shop.shop_id}`);
  const mine = deliveries.filter(({ id }) => !before.has(id));
  const count = (word: string): number => mine.filter(({ fate }) => fate.includes(word)).length;
  return { sent: mine.length, lost: count('dropped'), doubled: count('doubled'), late: count('late') };
}
