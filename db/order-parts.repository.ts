import { sql, type Transaction } from 'kysely';
import type { OrderCancellation, OrderReturn, ShopPackage } from '../domain/contracts/shop-api.ts';
import type { Db } from './client.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database, Row } from './schema.ts';

export type PackageRow = Row<'shop_packages'>;
export type AfterSaleRow = Row<'shop_after_sales'>;

export const listPackages = (db: Db | Transaction<Database>, channelId: string, orderId: string): Promise<PackageRow[]> =>
  db.selectFrom('shop_packages').selectAll().where('channel_id', '=', channelId).where(sql<boolean>`order_ids @> array[${orderId}]`).orderBy('package_id').execute();

export const listAfterSales = (db: Db | Transaction<Database>, channelId: string, orderId: string): Promise<AfterSaleRow[]> =>
  db.selectFrom('shop_after_sales').selectAll().where('channel_id', '=', channelId).where('order_id', '=', orderId).orderBy('kind').orderBy('after_sale_id').execute();

/** Keeps packages as TikTok showed them; one that is stored from a later moment stays. */
export async function writePackages(trx: Transaction<Database>, channelId: string, packages: readonly ShopPackage[], now: Date): Promise<void> {
  if (packages.length === 0) return;
  await trx
    .insertInto('shop_packages')
    .values(
      // Sorted: a combined package is written by each of its orders.
      [...packages].sort((a, b) => (a.id < b.id ? -1 : 1)).map((one) => ({
        channel_id: channelId,
        package_id: one.id,
        order_ids: one.orders.map(({ id }) => id),
        line_item_ids: one.order_line_item_ids,
        status: one.status,
        tracking_number: one.tracking_number,
        shipping_provider_id: one.shipping_provider_id,
        shipping_provider_name: one.shipping_provider_name,
        data: jsonbText(one),
        tiktok_update_time: dateOf(one.update_time_ms),
        updated_at: now,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['channel_id', 'package_id'])
        .doUpdateSet(({ ref }) => ({
          order_ids: ref('excluded.order_ids'),
          line_item_ids: ref('excluded.line_item_ids'),
          status: ref('excluded.status'),
          tracking_number: ref('excluded.tracking_number'),
          shipping_provider_id: ref('excluded.shipping_provider_id'),
          shipping_provider_name: ref('excluded.shipping_provider_name'),
          data: ref('excluded.data'),
          tiktok_update_time: ref('excluded.tiktok_update_time'),
          updated_at: ref('excluded.updated_at'),
        }))
        .where(sql<boolean>`shop_packages.tiktok_update_time is null or excluded.tiktok_update_time is null or excluded.tiktok_update_time >= shop_packages.tiktok_update_time`),
    )
    .execute();
}

/** A cancellation or a return as it is stored. */
export type AfterSale = { kind: 'cancellation'; data: OrderCancellation } | { kind: 'return'; data: OrderReturn };

export const afterSaleId = (one: AfterSale): string => (one.kind === 'cancellation' ? one.data.cancel_id : one.data.return_id);

/** Keeps after-sales as TikTok showed them; the caller holds the order's lock and has left out the late ones. */
export async function writeAfterSales(trx: Transaction<Database>, channelId: string, afterSales: readonly AfterSale[], now: Date): Promise<void> {
  if (afterSales.length === 0) return;
  await trx
    .insertInto('shop_after_sales')
    .values(
      afterSales.map((one) => ({
        channel_id: channelId,
        kind: one.kind,
        after_sale_id: afterSaleId(one),
        order_id: one.data.order_id,
        status: one.data.status,
        line_item_ids: one.data.order_line_item_ids,
        data: jsonbText(one.data),
        tiktok_update_time: dateOf(one.data.update_time_ms),
        answer_due: dateOf(one.data.answer_due_ms),
        updated_at: now,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['channel_id', 'kind', 'after_sale_id']).doUpdateSet(({ ref }) => ({
        status: ref('excluded.status'),
        line_item_ids: ref('excluded.line_item_ids'),
        data: ref('excluded.data'),
        tiktok_update_time: ref('excluded.tiktok_update_time'),
        answer_due: ref('excluded.answer_due'),
        updated_at: ref('excluded.updated_at'),
      })),
    )
    .execute();
}

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
