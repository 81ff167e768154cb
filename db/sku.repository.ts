import { sql, type Transaction } from 'kysely';
import type { ChannelKey } from '../domain/contracts/channel.ts';
import type { InventoryRow } from '../domain/contracts/shop-api.ts';
import type { OurStock } from '../domain/shop/stock-plan.ts';
import type { Db } from './client.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database, Row } from './schema.ts';

export type SkuRow = Row<'shop_skus'>;

/** What is asked of our own orders, for one value of the stock. */
export interface OurStockQuestion {
  /** The asker's name for it. */
  key: string;
  sku_id: string;
  /** null: all warehouses. */
  warehouse_id: string | null;
  as_of: Date;
}

/** Units of our reservations, by the question's key. An order whose warehouse is unknown counts at each. */
export async function readOurStock(db: Db, channelId: string, questions: readonly OurStockQuestion[]): Promise<Map<string, OurStock>> {
  if (questions.length === 0) return new Map();
  const { rows } = await sql<OurStock & { key: string }>`
    select question.key,
      count(*) filter (where held.state = 'held')::int as held,
      count(*) filter (where held.state <> 'released' and held.reserved_at > question.as_of)::int as placed_since,
      count(*) filter (where held.state = 'shipped' and held.ended_at > question.as_of)::int as shipped_since
    from jsonb_to_recordset(${JSON.stringify(questions)}::jsonb) as question (key text, sku_id text, warehouse_id text, as_of timestamptz)
    left join stock_reservations held on held.channel_id = ${channelId} and held.sku_id = question.sku_id
      and (held.state = 'held' or held.reserved_at > question.as_of or held.ended_at > question.as_of)
      and (question.warehouse_id is null or exists (
        select 1 from shop_orders o where o.channel_id = held.channel_id and o.order_id = held.order_id
          and coalesce(nullif(o.data->>'warehouse_id', ''), question.warehouse_id) = question.warehouse_id
      ))
    group by question.key`.execute(db);
  return new Map(rows.map(({ key, ...ours }) => [key, ours]));
}

/** Locks the rows in one order, whatever the caller's: orders are reserved beside it. */
export const lockSkus = (trx: Transaction<Database>, channelId: string, skuIds: readonly string[]): Promise<(SkuRow & { title: string | null })[]> =>
  trx
    .selectFrom('shop_skus')
    .leftJoin('shop_products', (join) => join.onRef('shop_products.channel_id', '=', 'shop_skus.channel_id').onRef('shop_products.product_id', '=', 'shop_skus.product_id'))
    .selectAll('shop_skus')
    .select('shop_products.title')
    .where('shop_skus.channel_id', '=', channelId)
    .where('shop_skus.sku_id', 'in', skuIds)
    .orderBy('shop_skus.sku_id')
    .forUpdate('shop_skus')
    .execute();

/** Keeps SKUs that TikTok told of before their products were fetched. */
export async function insertMissingSkus(db: Db | Transaction<Database>, { channel_id, workspace_id }: ChannelKey, rows: readonly InventoryRow[]): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto('shop_skus')
    .values(rows.map(({ sku_id, product_id, seller_sku }) => ({ channel_id, workspace_id, sku_id, product_id, seller_sku, warehouses: '[]' })))
    .onConflict((conflict) => conflict.columns(['channel_id', 'sku_id']).doNothing())
    .execute();
}

/** What is known of a SKU's stock now; `undefined` leaves a column as it is. */
export interface SkuStock {
  sku_id: string;
  seen: InventoryRow;
  /** When TikTok was asked. */
  seen_at: Date;
  on_hand?: { units: number; source: 'tiktok' | 'merchant'; as_of: Date } | undefined;
  /** Of the value that was sent. */
  stock_as_of?: Date | undefined;
}

/** In a transaction that has the rows locked: what TikTok said later stays. */
export async function updateSkuStock(trx: Transaction<Database>, channelId: string, stocks: readonly SkuStock[]): Promise<void> {
  if (stocks.length === 0) return;
  const told = stocks.map(({ sku_id, seen, seen_at, on_hand, stock_as_of }) => ({
    sku_id,
    available: seen.available,
    committed: seen.committed,
    warehouses: seen.warehouses,
    seen_at,
    units: on_hand?.units ?? null,
    source: on_hand?.source ?? null,
    on_hand_as_of: on_hand?.as_of ?? null,
    stock_as_of: stock_as_of ?? null,
  }));
  await sql`
    update shop_skus sku set
      available = case when told.is_newest then told.available else sku.available end,
      committed = case when told.is_newest then told.committed else sku.committed end,
      warehouses = case when told.is_newest then told.warehouses else sku.warehouses end,
      stock_seen_at = greatest(told.seen_at, sku.stock_seen_at),
      on_hand = case when told.is_late then sku.on_hand else coalesce(told.units, sku.on_hand) end,
      on_hand_source = case when told.is_late then sku.on_hand_source else coalesce(told.source, sku.on_hand_source) end,
      on_hand_as_of = case when told.is_late then sku.on_hand_as_of else coalesce(told.on_hand_as_of, sku.on_hand_as_of) end,
      stock_as_of = greatest(told.stock_as_of, sku.stock_as_of), updated_at = now()
    from (
      select row.*, known.stock_seen_at is null or known.stock_seen_at <= row.seen_at as is_newest,
        -- TikTok was asked before somebody's count was sent to it: what it said then takes that back from nobody.
        known.stock_seen_at > row.seen_at and row.source = 'tiktok' as is_late
      from jsonb_to_recordset(${jsonbText(told)}::jsonb) as row (
        sku_id text, available int, committed int, warehouses jsonb, seen_at timestamptz, units int, source text, on_hand_as_of timestamptz, stock_as_of timestamptz
      )
      join shop_skus known on known.channel_id = ${channelId} and known.sku_id = row.sku_id
    ) told
    where sku.channel_id = ${channelId} and sku.sku_id = told.sku_id`.execute(trx);
}

/** A page of the channel's SKUs that are still sold, by id. */
export const listSkusAfter = (db: Db, channelId: string, after: string, limit: number): Promise<SkuRow[]> =>
  db.selectFrom('shop_skus').selectAll().where('channel_id', '=', channelId).where('removed_at', 'is', null).where('sku_id', '>', after).orderBy('sku_id').limit(limit).execute();

/** SKUs of the channel, by id. */
export const findSkus = (db: Db, { channel_id, workspace_id }: ChannelKey, skuIds: readonly string[]): Promise<SkuRow[]> =>
  skuIds.length === 0
    ? Promise.resolve([])
    : db.selectFrom('shop_skus').selectAll().where('channel_id', '=', channel_id).where('workspace_id', '=', workspace_id).where('sku_id', 'in', skuIds).execute();
