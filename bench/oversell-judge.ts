import type { Db } from '../db/client.ts';
import type { OrderMessage } from '../domain/contracts/shop-message.ts';
import type { ConnectedShop, shopControlOf } from '../tests/helpers/shop-product.ts';

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

/** What the dice did to the webhooks. */
export interface Fates {
  sent: number;
  lost: number;
  doubled: number;
  late: number;
}
export interface MessageVerdict {
  /** Written to the outbox. */
  sent: number;
  missing: number;
  /** Under an id that had come before. */
  again: number;
  /** Of one order and number, under several ids. */
  doubled: number;
  disordered: number;
}

export async function ordersOf({ control, shop }: Market, { sku_id }: Sku): Promise<SandboxOrder[]> {
  const { orders } = await control.get<{ orders: SandboxOrder[] }>(`/orders?shop_id=${shop.shop_id}`);
  return orders.filter(({ lines }) => lines.some((line) => line.sku_id === sku_id));
}

export const rowsOf = async ({ db, shop }: Market, orders: readonly SandboxOrder[]) =>
  orders.length === 0 ? [] : db.selectFrom('shop_orders').select(['order_id', 'status', 'sequence', 'first_source', 'first_seen_at']).where('channel_id', '=', shop.channel_uid).where('order_id', 'in', orders.map(({ id }) => id)).execute();

/** Orders that are not here, or not as TikTok has them, or that have not come to rest there. */
export async function behind(market: Market, sku: Sku): Promise<number> {
  const orders = await ordersOf(market, sku);
  const ours = new Map((await rowsOf(market, orders)).map(({ order_id, status }) => [order_id, status]));
  return orders.filter(({ id, status }) => ours.get(id) !== status || (status !== 'AWAITING_SHIPMENT' && status !== 'CANCELLED')).length;
}

/** Units in orders at the worst moment. Of one millisecond the cancellations come first. */
export function mostAtOnce(orders: readonly SandboxOrder[]): number {
  const steps = orders.flatMap(({ create_ms, cancel }) => [{ at: create_ms, by: 1 }, ...(cancel ? [{ at: cancel.at_ms, by: -1 }] : [])]);
  let units = 0;
  return steps.sort((a, b) => a.at - b.at || a.by - b.by).reduce((most, { by }) => Math.max(most, (units += by)), 0);
}

export async function judgeMessages(market: Market, sku: Sku, from: number): Promise<MessageVerdict> {
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

export const webhookIds = async ({ control, shop }: Market): Promise<Set<number>> => new Set((await control.get<Webhooks>(`/webhooks?shop_id=${shop.shop_id}`)).deliveries.map(({ id }) => id));

export async function fates({ control, shop }: Market, before: Set<number>): Promise<Fates> {
  const { deliveries } = await control.get<Webhooks>(`/webhooks?shop_id=${shop.shop_id}`);
  const mine = deliveries.filter(({ id }) => !before.has(id));
  const count = (word: string): number => mine.filter(({ fate }) => fate.includes(word)).length;
  return { sent: mine.length, lost: count('dropped'), doubled: count('doubled'), late: count('late') };
}
