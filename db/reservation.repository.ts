import { sql, type Transaction } from 'kysely';
import type { OrderLineItem } from '../domain/contracts/shop-api.ts';
import type { ReservationMove } from '../domain/shop/reservation-plan.ts';
import { applyMoves } from '../domain/shop/reservation-stock.ts';
import type { Db } from './client.ts';
import type { Database, Row } from './schema.ts';

export type ReservationRow = Row<'stock_reservations'>;

/** The caller holds the locks of the orders. */
export const listReservations = (db: Db | Transaction<Database>, channelId: string, orderIds: readonly string[]): Promise<ReservationRow[]> =>
  db
    .selectFrom('stock_reservations')
    .selectAll()
    .where('channel_id', '=', channelId)
    .where('order_id', '=', sql<string>`any(${[...orderIds]}::text[])`)
    .orderBy('line_item_id')
    .execute();

export interface OrderMoves {
  order_id: string;
  line_items: readonly OrderLineItem[];
  moves: readonly ReservationMove[];
}

/**
 * Moves units in the stock of their SKUs, whose locks are taken in the order of their ids after those of the orders. A SKU that no sync has brought
 * yet is noted with what the order says of it.
 * @returns line items for which no unit is left
 */
export async function moveStock(trx: Transaction<Database>, channel: { channel_id: string; workspace_id: string }, orders: readonly OrderMoves[], now: Date): Promise<Set<string>> {
  const bySku = new Map<string, ReservationMove[]>();
  for (const move of orders.flatMap(({ moves }) => moves)) bySku.set(move.sku_id, [...(bySku.get(move.sku_id) ?? []), move]);
  const short = new Set<string>();
  if (bySku.size === 0) return short;
  const skuIds = [...bySku.keys()].sort();
  await noteSkus(trx, channel, skuIds, orders);
  const locked = await trx
    .selectFrom('shop_skus')
    .select(['sku_id', 'on_hand', 'on_hand_as_of', 'reserved'])
    .where('channel_id', '=', channel.channel_id)
    .where('sku_id', '=', sql<string>`any(${skuIds}::text[])`)
    .orderBy('sku_id')
    .forUpdate()
    .execute();
  const changed: { sku_id: string; on_hand: number | null; reserved: number }[] = [];
  for (const sku of locked) {
    const moved = applyMoves({ on_hand: sku.on_hand, on_hand_as_of_ms: sku.on_hand_as_of?.getTime() ?? null, reserved: sku.reserved }, bySku.get(sku.sku_id)!);
    for (const id of moved.short) short.add(id);
    if (moved.reserved !== sku.reserved || moved.on_hand !== sku.on_hand) changed.push({ sku_id: sku.sku_id, on_hand: moved.on_hand, reserved: moved.reserved });
  }
  if (changed.length > 0) {
    await sql`
      update shop_skus set reserved = moved.reserved, on_hand = moved.on_hand, updated_at = ${now}
      from jsonb_to_recordset(${JSON.stringify(changed)}::jsonb) as moved (sku_id text, reserved integer, on_hand integer)
      where shop_skus.channel_id = ${channel.channel_id} and shop_skus.sku_id = moved.sku_id`.execute(trx);
  }
  return short;
}

async function noteSkus(trx: Transaction<Database>, { channel_id, workspace_id }: { channel_id: string; workspace_id: string }, skuIds: readonly string[], orders: readonly OrderMoves[]): Promise<void> {
  const items = new Map(orders.flatMap(({ line_items }) => line_items.map((item) => [item.sku_id, item] as const)));
  const known = skuIds.flatMap((id) => items.get(id) ?? []);
  if (known.length === 0) return;
  await trx
    .insertInto('shop_skus')
    .values(known.map(({ sku_id, product_id, seller_sku }) => ({ channel_id, workspace_id, sku_id, product_id, seller_sku: seller_sku?.replaceAll('\0', '\uFFFD') ?? null, warehouses: '[]' })))
    .onConflict((conflict) => conflict.columns(['channel_id', 'sku_id']).doNothing())
    .execute();
}

/** Writes what became of the units; the orders are stored before. */
export async function writeReservations(trx: Transaction<Database>, channelId: string, orders: readonly OrderMoves[], short: ReadonlySet<string>, now: Date): Promise<void> {
  const rows = orders.flatMap(({ order_id, moves }) =>
    moves.map(({ line_item_id, sku_id, to, reason }) => ({
      channel_id: channelId,
      line_item_id,
      order_id,
      sku_id,
      state: to,
      is_short: short.has(line_item_id),
      reserved_at: now,
      ended_at: to === 'held' ? null : now,
      end_reason: to === 'held' ? null : reason,
    })),
  );
  if (rows.length === 0) return;
  await trx
    .insertInto('stock_reservations')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['channel_id', 'line_item_id']).doUpdateSet(({ ref }) => ({
        state: ref('excluded.state'),
        is_short: ref('excluded.is_short'),
        ended_at: ref('excluded.ended_at'),
        end_reason: ref('excluded.end_reason'),
      })),
    )
    .execute();
}
