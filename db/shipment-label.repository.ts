import { sql } from 'kysely';
import type { ShippingDocumentType } from '../domain/contracts/shop-api.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Row } from './schema.ts';

export type LabelRow = Row<'shop_labels'>;

export interface LabelKey {
  workspace_id: string;
  channel_id: string;
  package_id: string;
  type: ShippingDocumentType;
  /** null: as TikTok makes it. */
  size: string | null;
}

/** Of the file that is about to be written: found unfinished, it is known what to delete. */
export async function beginLabel(db: Db, { size, ...key }: LabelKey, storageKey: string, lifeMs: number): Promise<string> {
  const id = newId();
  await db
    .insertInto('shop_labels')
    .values({ ...key, size: size ?? '', id, storage_key: storageKey, size_bytes: null, expires_at: sql<Date>`now() + make_interval(secs => ${lifeMs / 1_000}::float8)` })
    .execute();
  return id;
}

export async function finishLabel(db: Db, id: string, sizeBytes: number): Promise<void> {
  await db.updateTable('shop_labels').set({ size_bytes: sizeBytes }).where('id', '=', id).execute();
}

/** The newest that is whole and not too old; none of a package or order that was cancelled meanwhile: nobody must send it. */
export const findLabel = (db: Db, { workspace_id, channel_id, package_id, type, size }: LabelKey): Promise<LabelRow | undefined> =>
  db
    .selectFrom('shop_labels')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .where('channel_id', '=', channel_id)
    .where('package_id', '=', package_id)
    .where('type', '=', type)
    .where('size', '=', size ?? '')
    .where('size_bytes', 'is not', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('shop_packages as parcel')
            .leftJoin('shop_orders as orders', (join) => join.onRef('orders.channel_id', '=', 'parcel.channel_id').on(sql<boolean>`orders.order_id = any(parcel.order_ids)`))
            .select('parcel.package_id')
            .whereRef('parcel.channel_id', '=', 'shop_labels.channel_id')
            .whereRef('parcel.package_id', '=', 'shop_labels.package_id')
            .where((eb) => eb.or([eb('parcel.status', '=', 'CANCELLED'), eb('orders.status', '=', 'CANCELLED')])),
        ),
      ),
    )
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

export const findLabelById = (db: Db, workspaceId: string, id: string): Promise<LabelRow | undefined> =>
  db.selectFrom('shop_labels').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).where('size_bytes', 'is not', null).executeTakeFirst();

/** Those whose file is to be deleted, the oldest first. */
export const listExpiredLabels = (db: Db, limit: number): Promise<Pick<LabelRow, 'id' | 'storage_key'>[]> =>
  db.selectFrom('shop_labels').select(['id', 'storage_key']).where('expires_at', '<=', sql<Date>`now()`).orderBy('expires_at').limit(limit).execute();

/** After its file. */
export async function deleteLabel(db: Db, id: string): Promise<void> {
  await db.deleteFrom('shop_labels').where('id', '=', id).execute();
}
