import { sql } from 'kysely';
import { LOW_STOCK } from '../domain/contracts/shop-event.ts';
import type { Db } from './client.ts';
import type { ProductRow } from './product.repository.ts';
import type { Row } from './schema.ts';

export type SkuRow = Row<'shop_skus'>;

export interface ProductWithSkus {
  product: ProductRow;
  /** Those that TikTok still has, by id. */
  skus: SkuRow[];
}

export interface ProductQuery {
  workspace_id: string;
  channel_id?: string | undefined;
  /** Part of the title or of a seller’s SKU, or TikTok’s id of product or SKU. */
  q?: string | undefined;
  status?: readonly string[] | undefined;
  seller_sku?: string | undefined;
  /** Only where a SKU is at or below LOW_STOCK, or only where none is. */
  low_stock?: boolean | undefined;
  /** Those that TikTok has no more, in place of those that it has. */
  removed: boolean;
  after?: { channel_id: string; product_id: string } | undefined;
  limit: number;
}

/** By channel and product. */
export async function listProducts(db: Db, { workspace_id, channel_id, q, status, seller_sku, low_stock, removed, after, limit }: ProductQuery): Promise<ProductWithSkus[]> {
  const skuWhere = (condition: ReturnType<typeof sql<boolean>>) =>
    sql<boolean>`exists (
      select from shop_skus as sku
      where sku.channel_id = shop_products.channel_id and sku.product_id = shop_products.product_id and (sku.removed_at is null or ${removed}) and ${condition}
    )`;
  const part = `%${(q ?? '').replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const products = await db
    .selectFrom('shop_products')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .where('removed_at', removed ? 'is not' : 'is', null)
    .$if(channel_id !== undefined, (query) => query.where('channel_id', '=', channel_id ?? ''))
    .$if(status !== undefined, (query) => query.where('status', 'in', status ?? []))
    .$if(q !== undefined, (query) => query.where(sql<boolean>`(title ilike ${part} or product_id = ${q} or ${skuWhere(sql<boolean>`(sku.seller_sku ilike ${part} or sku.sku_id = ${q})`)})`))
    .$if(seller_sku !== undefined, (query) => query.where(skuWhere(sql<boolean>`sku.seller_sku = ${seller_sku}`)))
    .$if(low_stock !== undefined, (query) => query.where(sql<boolean>`${skuWhere(sql<boolean>`sku.available <= ${LOW_STOCK}`)} = ${low_stock}`))
    .$if(after !== undefined, (query) => query.where(sql<boolean>`(channel_id, product_id) > (${after?.channel_id}::uuid, ${after?.product_id})`))
    .orderBy('channel_id')
    .orderBy('product_id')
    .limit(limit)
    .execute();
  return withSkus(db, products);
}

export async function findProduct(db: Db, workspaceId: string, channelId: string, productId: string): Promise<ProductWithSkus | undefined> {
  const product = await db.selectFrom('shop_products').selectAll().where('workspace_id', '=', workspaceId).where('channel_id', '=', channelId).where('product_id', '=', productId).executeTakeFirst();
  return product && (await withSkus(db, [product]))[0];
}

async function withSkus(db: Db, products: readonly ProductRow[]): Promise<ProductWithSkus[]> {
  if (products.length === 0) return [];
  const { rows } = await sql<SkuRow>`
    select sku.* from shop_skus as sku
    join unnest(${products.map(({ channel_id }) => channel_id)}::uuid[], ${products.map(({ product_id }) => product_id)}::text[]) as wanted (channel_id, product_id)
      on sku.channel_id = wanted.channel_id and sku.product_id = wanted.product_id
    where sku.removed_at is null order by sku.sku_id`.execute(db);
  const keyOf = ({ channel_id, product_id }: { channel_id: string; product_id: string }): string => `${channel_id}:${product_id}`;
  const byProduct = new Map<string, SkuRow[]>();
  for (const sku of rows) byProduct.set(keyOf(sku), [...(byProduct.get(keyOf(sku)) ?? []), sku]);
  return products.map((product) => ({ product, skus: byProduct.get(keyOf(product)) ?? [] }));
}

/** Of these SKUs those that belong to another product of the channel. */
export async function skusOfOthers(db: Db, channelId: string, productId: string, skuIds: readonly string[]): Promise<string[]> {
  const rows = await db.selectFrom('shop_skus').select('sku_id').where('channel_id', '=', channelId).where('sku_id', 'in', skuIds).where('product_id', '<>', productId).execute();
  return rows.map(({ sku_id }) => sku_id);
}
