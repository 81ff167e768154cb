import { sql, type Transaction } from 'kysely';
import type { ShopOrder } from '../domain/contracts/shop-api.ts';
import type { OrderSource, OrderTimelineKind } from '../domain/contracts/shop-order.ts';
import { shipByOf } from '../domain/shop/order-news.ts';
import type { Db } from './client.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database, Row } from './schema.ts';

export type OrderRow = Row<'shop_orders'>;
export type LockedOrder = Pick<OrderRow, 'order_id' | 'data' | 'sequence' | 'is_short'>;

export interface OrderWrite {
  order: ShopOrder;
  source: OrderSource;
  sequence: number;
  is_short: boolean;
}

export interface TimelineEntry {
  order_id: string;
  kind: OrderTimelineKind;
  source: OrderSource | null;
  detail: string | null;
  /** A second entry of the order with the same key is none. */
  dedupe_key: string;
}

/**
 * Locks orders of a channel until the end of the transaction, those as well that are not stored yet.
 * @returns the stored ones by id
 */
export async function lockOrders(trx: Transaction<Database>, channelId: string, orderIds: readonly string[]): Promise<Map<string, LockedOrder>> {
  const found = await lockStored(trx, channelId, orderIds);
  const missing = orderIds.filter((id) => !found.has(id)).sort();
  if (missing.length === 0) return found;
  // There is no row to lock: whoever stores the same order meanwhile has to be seen, or waits.
  await sql`select pg_advisory_xact_lock(hashtextextended(key, 0)) from unnest(${missing.map((id) => `${channelId}:${id}`)}::text[]) as key`.execute(trx);
  for (const [id, row] of await lockStored(trx, channelId, missing)) found.set(id, row);
  return found;
}

async function lockStored(trx: Transaction<Database>, channelId: string, orderIds: readonly string[]): Promise<Map<string, LockedOrder>> {
  const rows = await trx
    .selectFrom('shop_orders')
    .select(['order_id', 'data', 'sequence', 'is_short'])
    .where('channel_id', '=', channelId)
    .where('order_id', '=', sql<string>`any(${[...orderIds]}::text[])`)
    .orderBy('order_id')
    .forUpdate()
    .execute();
  return new Map(rows.map((row) => [row.order_id, row]));
}

/** Writes orders whose locks the caller holds; the first source stays. */
export async function writeOrders(trx: Transaction<Database>, channel: { channel_id: string; workspace_id: string }, writes: readonly OrderWrite[], now: Date): Promise<void> {
  if (writes.length === 0) return;
  await trx
    .insertInto('shop_orders')
    .values(
      writes.map(({ order, source, sequence, is_short }) => ({
        channel_id: channel.channel_id,
        workspace_id: channel.workspace_id,
        order_id: order.id,
        status: order.status,
        data: jsonbText(order),
        tiktok_create_time: new Date(order.create_time_ms),
        tiktok_update_time: new Date(order.update_time_ms),
        paid_time: dateOf(order.paid_time_ms),
        ship_by: dateOf(shipByOf(order)),
        total_amount: order.payment?.total.amount ?? null,
        total_currency: order.payment?.total.currency ?? null,
        buyer_nickname: textOf(order.buyer_nickname),
        tracking_number: textOf(order.tracking_number),
        is_on_hold: order.status === 'ON_HOLD' || order.is_on_hold,
        is_short,
        first_source: source,
        sequence,
        updated_at: now,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['channel_id', 'order_id']).doUpdateSet(({ ref }) => ({
        status: ref('excluded.status'),
        data: ref('excluded.data'),
        tiktok_update_time: ref('excluded.tiktok_update_time'),
        paid_time: ref('excluded.paid_time'),
        ship_by: ref('excluded.ship_by'),
        total_amount: ref('excluded.total_amount'),
        total_currency: ref('excluded.total_currency'),
        buyer_nickname: ref('excluded.buyer_nickname'),
        tracking_number: ref('excluded.tracking_number'),
        is_on_hold: ref('excluded.is_on_hold'),
        is_short: ref('excluded.is_short'),
        sequence: ref('excluded.sequence'),
        updated_at: ref('excluded.updated_at'),
      })),
    )
    .execute();
}

/**
 * Notes what happened to orders that are stored.
 * @returns the dedupe keys of the entries that were not there yet
 */
export async function appendTimeline(db: Db | Transaction<Database>, channelId: string, entries: readonly TimelineEntry[]): Promise<Set<string>> {
  if (entries.length === 0) return new Set();
  const rows = await db
    .insertInto('shop_order_timeline')
    .values(entries.map((entry) => ({ ...entry, channel_id: channelId, detail: textOf(entry.detail) })))
    .onConflict((conflict) => conflict.columns(['channel_id', 'order_id', 'dedupe_key']).doNothing())
    .returning('dedupe_key')
    .execute();
  return new Set(rows.map(({ dedupe_key }) => dedupe_key));
}

/** The number of an order's last message; the caller holds its lock. */
export async function setSequence(trx: Transaction<Database>, channelId: string, orderId: string, sequence: number): Promise<void> {
  await trx.updateTable('shop_orders').set({ sequence }).where('channel_id', '=', channelId).where('order_id', '=', orderId).execute();
}

/** Whether units of an order are missing; the caller holds its lock. `updated_at` stays: it says when TikTok was asked. */
export async function setShort(trx: Transaction<Database>, channelId: string, orderId: string, isShort: boolean): Promise<void> {
  await trx.updateTable('shop_orders').set({ is_short: isShort }).where('channel_id', '=', channelId).where('order_id', '=', orderId).execute();
}

export const findOrder = (db: Db, channelId: string, orderId: string): Promise<OrderRow | undefined> =>
  db.selectFrom('shop_orders').selectAll().where('channel_id', '=', channelId).where('order_id', '=', orderId).executeTakeFirst();

/** Open orders of active channels that nothing was written of for some minutes, in the order of channel and id. */
export async function listOpenOrders(
  db: Db,
  after: { channel_id: string; order_id: string } | null,
  limit: number,
): Promise<{ channel_id: string; workspace_id: string; order_id: string }[]> {
  return db
    .selectFrom('shop_orders')
    .innerJoin('channels', 'channels.id', 'shop_orders.channel_id')
    .select(['shop_orders.channel_id', 'shop_orders.workspace_id', 'shop_orders.order_id'])
    .where('shop_orders.status', 'not in', ['COMPLETED', 'CANCELLED'])
    .where('channels.state', '=', 'active')
    .where('shop_orders.updated_at', '<', sql<Date>`now() - interval '3 minutes'`)
    .$if(after !== null, (query) => query.where(sql<boolean>`(shop_orders.channel_id, shop_orders.order_id) > (${after!.channel_id}::uuid, ${after!.order_id})`))
    .orderBy('shop_orders.channel_id')
    .orderBy('shop_orders.order_id')
    .limit(limit)
    .execute();
}

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
/** PostgreSQL takes no NUL in a text. */
const textOf = (text: string | null): string | null => text?.replaceAll('\0', '\uFFFD') ?? null;
