import { sql, type Transaction } from 'kysely';
import type { ShopProduct } from '../domain/contracts/shop-api.ts';
import type { NewShopMessage, ProductChange } from '../domain/contracts/shop-message.ts';
import { decideProduct, type ProductDecision, type SeenProduct, type StoredProduct } from '../domain/shop/product-change.ts';
import { productContent } from '../domain/shop/product-content.ts';
import type { Db } from './client.ts';
import { jsonbText } from './jsonb-text.ts';
import { appendMessages } from './outbox.repository.ts';
import { storeSkus, type StockChange } from './product-sku.repository.ts';
import type { Database, Row } from './schema.ts';
import { takeBack } from './shop-set-aside.repository.ts';

export type ProductRow = Row<'shop_products'>;

/** The channel whose products they are. */
export interface ProductChannel {
  channel_id: string;
  workspace_id: string;
  shop_id: string;
}

export interface StoreOptions {
  /** Whether messages are written. */
  publishes: boolean;
  now: Date;
  /** In the same transaction, as its last step. */
  finally?: ((trx: Transaction<Database>, stored: StoredProducts) => Promise<void>) | undefined;
}

export interface StoredProducts {
  /** What is new to other systems, in the order of the products' ids. */
  changes: { product_id: string; change: ProductChange }[];
  stock: StockChange[];
}

interface Decided extends ProductDecision {
  seen: SeenProduct;
  sequence: number;
  detailed_at: Date | null;
}

/**
 * Stores what TikTok gave, each product under its row's lock, with the messages that follow from it: all or nothing. What is older than the row
 * changes nothing. @param seen each product once
 */
export function storeProducts(db: Db, channel: ProductChannel, seen: readonly SeenProduct[], options: StoreOptions): Promise<StoredProducts> {
  return db.transaction().execute(async (trx) => {
    const inOrder = [...seen].sort((a, b) => (a.product.id < b.product.id ? -1 : 1));
    const rows = await lockProducts(trx, channel, inOrder);
    const decided = inOrder.map((each) => decide(rows.get(each.product.id), each, options));
    await writeProducts(trx, channel, decided);
    const stock = await storeSkus(trx, channel, decided.flatMap(({ data, is_removed, seen: { seen_ms } }) => (data ? [{ product: data, is_removed, seen_at: new Date(seen_ms) }] : [])));
    await takeBack(trx, channel.channel_id, 'product', inOrder.map(({ product }) => product.id));
    const stored: StoredProducts = { changes: decided.flatMap(({ change, seen: { product } }) => (change ? [{ product_id: product.id, change }] : [])), stock };
    await tell(trx, channel, decided, options);
    await options.finally?.(trx, stored);
    return stored;
  });
}

/** Marks products that TikTok no longer has. Doing it again changes nothing. @returns those that were marked now */
export function removeProducts(db: Db, channel: ProductChannel, productIds: readonly string[], { publishes, now }: StoreOptions): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    // What was seen after TikTok was asked is there.
    const rows = (await selectForUpdate(trx, channel.channel_id, productIds)).filter(({ removed_at, synced_at }) => removed_at === null && (synced_at === null || synced_at <= now));
    if (rows.length === 0) return [];
    const ids = rows.map(({ product_id }) => product_id);
    await trx
      .updateTable('shop_products')
      .set({ removed_at: now, synced_at: now, ...(publishes && { sequence: sql<number>`sequence + 1` }) })
      .where('channel_id', '=', channel.channel_id)
      .where('product_id', 'in', ids)
      .execute();
    await trx.updateTable('shop_skus').set({ removed_at: now, updated_at: now }).where('channel_id', '=', channel.channel_id).where('product_id', 'in', ids).where('removed_at', 'is', null).execute();
    if (publishes) await appendMessages(trx, rows.map((row) => message(channel, 'removed', row.sequence + 1, row.data)), now);
    return ids;
  });
}

const selectForUpdate = (trx: Transaction<Database>, channelId: string, productIds: readonly string[]): Promise<ProductRow[]> =>
  productIds.length === 0
    ? Promise.resolve([])
    : trx.selectFrom('shop_products').selectAll().where('channel_id', '=', channelId).where('product_id', 'in', productIds).orderBy('product_id').forUpdate().execute();

/** Also makes the rows that are missing, so that two that see a product first do not both call it new. */
async function lockProducts(trx: Transaction<Database>, { channel_id, workspace_id }: ProductChannel, seen: readonly SeenProduct[]): Promise<Map<string, ProductRow>> {
  const locked = await selectForUpdate(trx, channel_id, seen.map(({ product }) => product.id));
  const known = new Set(locked.map(({ product_id }) => product_id));
  const missing = seen.filter(({ product }) => !known.has(product.id));
  if (missing.length > 0) {
    await trx
      .insertInto('shop_products')
      .values(missing.map(({ product, seen_ms }) => ({ channel_id, workspace_id, product_id: product.id, title: '', status: '', data: '{}', fingerprint: '', synced_at: new Date(seen_ms) })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    locked.push(...(await selectForUpdate(trx, channel_id, missing.map(({ product }) => product.id))));
  }
  return new Map(locked.map((row) => [row.product_id, row]));
}

function decide(row: ProductRow | undefined, seen: SeenProduct, { publishes }: StoreOptions): Decided {
  const stored: StoredProduct = row
    ? { data: row.data, fingerprint: row.fingerprint, update_time_ms: row.tiktok_update_time?.getTime() ?? null, seen_ms: row.synced_at.getTime(), is_removed: row.removed_at !== null }
    : null;
  const decision = decideProduct(stored, seen);
  return {
    ...decision,
    seen,
    sequence: (row?.sequence ?? 0) + (publishes && decision.change !== null ? 1 : 0),
    detailed_at: seen.product.detailed ? new Date(seen.seen_ms) : (row?.detailed_at ?? null),
  };
}

async function writeProducts(trx: Transaction<Database>, { channel_id }: ProductChannel, decided: readonly Decided[]): Promise<void> {
  const rows = decided.flatMap(({ data, is_removed, seen, sequence, detailed_at }) =>
    data === null
      ? []
      : [
          {
            product_id: data.id,
            title: data.title,
            status: data.status,
            data,
            create_time: isoOf(data.create_time_ms),
            update_time: isoOf(data.update_time_ms),
            fingerprint: seen.fingerprint,
            sequence,
            seen_at: isoOf(seen.seen_ms),
            detailed_at,
            is_removed,
          },
        ],
  );
  if (rows.length === 0) return;
  await sql`
    update shop_products as product set
      title = seen.title, status = seen.status, data = seen.data, tiktok_create_time = seen.create_time, tiktok_update_time = seen.update_time,
      fingerprint = seen.fingerprint, sequence = seen.sequence, synced_at = greatest(product.synced_at, seen.seen_at), detailed_at = seen.detailed_at,
      removed_at = case when seen.is_removed then coalesce(product.removed_at, seen.seen_at) end
    from jsonb_to_recordset(${jsonbText(rows)}::jsonb) as seen (
      product_id text, title text, status text, data jsonb, create_time timestamptz, update_time timestamptz, fingerprint text, sequence integer,
      seen_at timestamptz, detailed_at timestamptz, is_removed boolean
    ) where product.channel_id = ${channel_id} and product.product_id = seen.product_id`.execute(trx);
}

async function tell(trx: Transaction<Database>, channel: ProductChannel, decided: readonly Decided[], { publishes, now }: StoreOptions): Promise<void> {
  if (!publishes) return;
  const messages = decided.flatMap(({ change, data, sequence }) => (change === null || data === null ? [] : [message(channel, change, sequence, data)]));
  await appendMessages(trx, messages, now);
}

const message = ({ channel_id, workspace_id, shop_id }: ProductChannel, change: ProductChange, sequence: number, product: ShopProduct): NewShopMessage => ({
  type: 'product',
  channel_id,
  workspace_id,
  shop_id,
  change,
  sequence,
  product: productContent(product),
});

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export interface UnseenProduct {
  product_id: string;
  sku_ids: string[];
}

/** Products that no list has shown since that moment, nor failed to show, longest unseen first, with up to ten of their SKUs. */
export async function listUnseenProducts(db: Db, channelId: string, since: Date, limit: number): Promise<UnseenProduct[]> {
  const rows = await db
    .selectFrom('shop_products')
    .select('product_id')
    .where('channel_id', '=', channelId)
    .where('removed_at', 'is', null)
    .where('synced_at', '<', since)
    .where(sql<boolean>`not exists (
      select from shop_set_aside as aside
      where aside.channel_id = shop_products.channel_id and aside.kind = 'product' and aside.entity_id = shop_products.product_id and aside.last_at >= ${since}
    )`)
    .orderBy('synced_at')
    .orderBy('product_id')
    .limit(limit)
    .execute();
  const skus = await skusOfProducts(db, channelId, rows.map(({ product_id }) => product_id));
  return rows.map(({ product_id }) => ({ product_id, sku_ids: skus.get(product_id) ?? [] }));
}

/** Up to ten SKUs of each: as many as a search takes. */
export async function skusOfProducts(db: Db, channelId: string, productIds: readonly string[]): Promise<Map<string, string[]>> {
  if (productIds.length === 0) return new Map();
  const rows = await db.selectFrom('shop_skus').select(['product_id', 'sku_id']).where('channel_id', '=', channelId).where('product_id', 'in', productIds).orderBy('sku_id').execute();
  const byProduct = new Map<string, string[]>();
  for (const { product_id, sku_id } of rows) byProduct.set(product_id, [...(byProduct.get(product_id) ?? []), sku_id].slice(0, 10));
  return byProduct;
}

/** It was asked for and is still there, though nothing more could be learnt of it. */
export async function noteProductSeen(db: Db, channelId: string, productId: string, seen: Date): Promise<void> {
  await db.updateTable('shop_products').set({ synced_at: sql<Date>`greatest(synced_at, ${seen})` }).where('channel_id', '=', channelId).where('product_id', '=', productId).execute();
}
