import { sql, type Transaction } from 'kysely';
import type { ShopProduct, ShopSku, WarehouseStock } from '../domain/contracts/shop-api.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database, Row } from './schema.ts';

type SkuRow = Row<'shop_skus'>;

/** Another quantity to sell than was known. */
export interface StockChange {
  product_id: string;
  product_name: string;
  sku_id: string;
  seller_sku: string | null;
  available: number;
  previous_available: number;
}

export interface ProductOfSkus {
  product: ShopProduct;
  is_removed: boolean;
  /** When TikTok was asked. */
  seen_at: Date;
}

/**
 * Stores the SKUs of products whose rows are locked. Lists of products tell what is there to sell, not what is committed: on_hand stays, which
 * takes both, and so do `reserved` and a stock that was seen later.
 */
export async function storeSkus(trx: Transaction<Database>, { channel_id, workspace_id }: { channel_id: string; workspace_id: string }, products: readonly ProductOfSkus[]): Promise<StockChange[]> {
  if (products.length === 0) return [];
  const productIds = products.map(({ product }) => product.id);
  const known = await lockSkus(trx, channel_id, productIds, products.flatMap(({ product }) => product.skus.map(({ id }) => id)));
  const rows = products.flatMap(({ product, is_removed, seen_at }) => product.skus.map((sku) => toRow(sku, product, is_removed, seen_at, known.get(sku.id))));
  const unique = [...new Map(rows.map((row) => [row.sku_id, row])).values()].sort((a, b) => (a.sku_id < b.sku_id ? -1 : 1));
  if (unique.length > 0) await upsert(trx, channel_id, workspace_id, unique);
  await sql`
    update shop_skus set removed_at = now(), updated_at = now()
    where channel_id = ${channel_id} and product_id = any(${productIds}::text[]) and removed_at is null and sku_id <> all(${unique.map(({ sku_id }) => sku_id)}::text[])`.execute(trx);
  return products.flatMap((each) => each.product.skus.flatMap((sku) => changeOf(each, sku, known.get(sku.id))));
}

async function lockSkus(trx: Transaction<Database>, channelId: string, productIds: readonly string[], skuIds: readonly string[]): Promise<Map<string, SkuRow>> {
  const rows = await trx
    .selectFrom('shop_skus')
    .selectAll()
    .where('channel_id', '=', channelId)
    .where((eb) => eb.or([sql<boolean>`product_id = any(${productIds}::text[])`, sql<boolean>`sku_id = any(${skuIds}::text[])`]))
    .orderBy('sku_id')
    .forUpdate()
    .execute();
  return new Map(rows.map((row) => [row.sku_id, row]));
}

/** null: TikTok told of no stock. */
const availableOf = ({ inventory }: ShopSku): number | null => (inventory.length === 0 ? null : inventory.reduce((sum, { quantity }) => sum + quantity, 0));

function toRow(sku: ShopSku, product: ShopProduct, is_removed: boolean, seen_at: Date, known: SkuRow | undefined) {
  const available = availableOf(sku);
  return {
    sku_id: sku.id,
    product_id: product.id,
    seller_sku: sku.seller_sku,
    price_amount: sku.price?.amount ?? null,
    price_currency: sku.price?.currency ?? null,
    status: sku.status,
    available,
    warehouses: warehousesOf(sku, known?.warehouses ?? []),
    stock_seen_at: available === null ? null : seen_at,
    removed_at: is_removed ? seen_at : null,
  };
}

function warehousesOf({ inventory }: ShopSku, known: readonly WarehouseStock[]): WarehouseStock[] {
  const committed = new Map(known.map((stock) => [stock.warehouse_id, stock.committed]));
  return inventory.flatMap(({ warehouse_id, quantity }) => (warehouse_id === null ? [] : [{ warehouse_id, available: quantity, committed: committed.get(warehouse_id) ?? 0 }]));
}

async function upsert(trx: Transaction<Database>, channelId: string, workspaceId: string, rows: readonly object[]): Promise<void> {
  const isNewer = sql`(excluded.stock_seen_at is not null and (sku.stock_seen_at is null or sku.stock_seen_at < excluded.stock_seen_at))`;
  await sql`
    insert into shop_skus as sku (channel_id, workspace_id, sku_id, product_id, seller_sku, price_amount, price_currency, status, available, warehouses, stock_seen_at, removed_at)
    select ${channelId}::uuid, ${workspaceId}::uuid, sku_id, product_id, seller_sku, price_amount, price_currency, status, available, warehouses, stock_seen_at, removed_at
    from jsonb_to_recordset(${jsonbText(rows)}::jsonb) as seen (
      sku_id text, product_id text, seller_sku text, price_amount bigint, price_currency text, status text, available integer, warehouses jsonb,
      stock_seen_at timestamptz, removed_at timestamptz
    )
    on conflict (channel_id, sku_id) do update set
      product_id = excluded.product_id, seller_sku = excluded.seller_sku, price_amount = excluded.price_amount, price_currency = excluded.price_currency,
      status = excluded.status, removed_at = excluded.removed_at, updated_at = now(),
      available = case when ${isNewer} then excluded.available else sku.available end,
      warehouses = case when ${isNewer} and jsonb_array_length(excluded.warehouses) > 0 then excluded.warehouses else sku.warehouses end,
      stock_seen_at = case when ${isNewer} then excluded.stock_seen_at else sku.stock_seen_at end`.execute(trx);
}

function changeOf({ product, seen_at }: ProductOfSkus, sku: ShopSku, known: SkuRow | undefined): StockChange[] {
  const available = availableOf(sku);
  if (available === null || known === undefined || known.available === null || known.available === available) return [];
  if (known.stock_seen_at !== null && known.stock_seen_at >= seen_at) return [];
  return [{ product_id: product.id, product_name: product.title, sku_id: sku.id, seller_sku: sku.seller_sku, available, previous_available: known.available }];
}
