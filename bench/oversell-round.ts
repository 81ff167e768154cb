import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { call } from '../tests/helpers/api-client.ts';
import { eventually } from '../tests/helpers/eventually.ts';
import type { ConnectedShop } from '../tests/helpers/shop-product.ts';
import { summarise, type Summary } from './lib/latencies.ts';
import { behind, fates, judgeMessages, mostAtOnce, ordersOf, rowsOf, webhookIds, type Fates, type Market, type MessageVerdict, type Sku } from './oversell-judge.ts';

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

/** Says that so many units were counted just now. */
export type Push = (sku: Sku, quantity: number) => Promise<unknown>;

/** What is done differently in a round. */
export interface RoundPlan {
  push: Push;
  seed: number;
  /** Done once, in the middle of buying. */
  disturb?: () => Promise<unknown>;
}

export interface RoundResult extends MessageVerdict {
  bought: number;
  cancelled: number;
  pushes: number;
  /** How often TikTok was told a quantity. */
  set: number;
  /** Most units in orders at one moment, over what there was. */
  oversold: number;
  left: number;
  webhooks: Fates;
  lost: number;
  byPoll: number;
  /** From the order to its row, milliseconds. */
  lag: Summary;
  /** From the end of buying until each order was here as TikTok has it, seconds. */
  caughtUpS: number;
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
  const one = (): void => {
    const pushed = push(sku, UNITS - FOUND_LESS[pushes.length % FOUND_LESS.length]!);
    pushes.push(pushed);
    // One that fails is told of by stop(), when the round can still be cleaned up.
    pushed.catch(() => undefined);
  };
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
