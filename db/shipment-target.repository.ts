import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export async function isOrderKnown(db: Db, channelId: string, orderId: string): Promise<boolean> {
  const row = await db.selectFrom('shop_orders').select('order_id').where('channel_id', '=', channelId).where('order_id', '=', orderId).executeTakeFirst();
  return row !== undefined;
}

export const findPackage = (db: Db, channelId: string, packageId: string): Promise<Row<'shop_packages'> | undefined> =>
  db.selectFrom('shop_packages').selectAll().where('channel_id', '=', channelId).where('package_id', '=', packageId).executeTakeFirst();

/** Orders that a package is of; null: it was not seen here. A combined one has several. */
export async function findShipmentOrders(db: Db, channelId: string, packageId: string): Promise<string[] | null> {
  const orders = (await findPackage(db, channelId, packageId))?.order_ids ?? [];
  return orders.length > 0 ? orders : null;
}
