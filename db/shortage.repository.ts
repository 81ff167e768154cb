import { sql, type Transaction } from 'kysely';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';

/** A unit that was held without being there, and for which there is one now. */
export interface FoundUnit {
  order_id: string;
  line_item_id: string;
  sku_id: string;
}

/** Of these SKUs, oldest order first. In a transaction that holds the SKUs' locks it is the truth, else what to look at. */
export async function listFoundUnits(db: Db | Transaction<Database>, channelId: string, skuIds: readonly string[], limit: number): Promise<FoundUnit[]> {
  const { rows } = await sql<FoundUnit>`
    select short.order_id, short.line_item_id, short.sku_id
    from (
      select held.order_id, held.line_item_id, held.sku_id, placed.tiktok_create_time as placed_at,
        row_number() over (partition by held.sku_id order by placed.tiktok_create_time, held.order_id, held.line_item_id) as place,
        count(*) over (partition by held.sku_id) as units
      from stock_reservations held
      join shop_orders placed on placed.channel_id = held.channel_id and placed.order_id = held.order_id
      where held.channel_id = ${channelId} and held.sku_id = any(${[...skuIds]}::text[]) and held.is_short and held.state = 'held'
    ) short
    join shop_skus sku on sku.channel_id = ${channelId} and sku.sku_id = short.sku_id
    where short.place <= short.units - greatest(0, sku.reserved - sku.on_hand)
    order by short.placed_at, short.order_id, short.line_item_id
    limit ${limit}`.execute(db);
  return rows;
}

/** Their locks are held: of the orders, and after them of the SKUs. */
export async function markFound(trx: Transaction<Database>, channelId: string, units: readonly FoundUnit[]): Promise<void> {
  await trx
    .updateTable('stock_reservations')
    .set({ is_short: false })
    .where('channel_id', '=', channelId)
    .where('line_item_id', '=', sql<string>`any(${units.map(({ line_item_id }) => line_item_id)}::text[])`)
    .execute();
}
