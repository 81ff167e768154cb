import { sql } from 'kysely';
import type { Store } from '../domain/contracts/purchase.ts';
import type { Db } from './client.ts';

export interface StoreNotification {
  store: Store;
  notification_id: string;
  kind: string;
  /** null: it is about no purchase. */
  store_transaction_id: string | null;
}

/** @param outcome of one that is about no purchase, which is handled with that; null: it is open @returns whether it is open: new, or not handled yet */
export async function keepNotification(db: Db, notification: StoreNotification, outcome: string | null): Promise<boolean> {
  await db
    .insertInto('store_notifications')
    .values({ ...notification, outcome, handled_at: outcome === null ? null : new Date() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { handled_at } = await db
    .selectFrom('store_notifications')
    .select('handled_at')
    .where('store', '=', notification.store)
    .where('notification_id', '=', notification.notification_id)
    .executeTakeFirstOrThrow();
  return handled_at === null;
}

export async function closeNotification(db: Db, { store, notification_id }: Pick<StoreNotification, 'store' | 'notification_id'>, outcome: string): Promise<void> {
  await db
    .updateTable('store_notifications')
    .set({ handled_at: new Date(), outcome })
    .where('store', '=', store)
    .where('notification_id', '=', notification_id)
    .where('handled_at', 'is', null)
    .execute();
}

/** Open ones, oldest first. @param openForMs how long whoever took them has had to hand them on */
export const listOpenNotifications = (db: Db, openForMs: number, limit: number): Promise<StoreNotification[]> =>
  db
    .selectFrom('store_notifications')
    .select(['store', 'notification_id', 'kind', 'store_transaction_id'])
    .where('handled_at', 'is', null)
    .where('received_at', '<', sql<Date>`now() - ${openForMs} * interval '1 millisecond'`)
    .orderBy('received_at')
    .limit(limit)
    .execute();
