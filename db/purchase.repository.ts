import { sql, type Kysely } from 'kysely';
import type { PurchaseStatus, Store } from '../domain/contracts/purchase.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';

/** Without the receipt, which is a secret. */
const COLUMNS = [
  'id',
  'workspace_id',
  'user_id',
  'store',
  'store_transaction_id',
  'product_id',
  'package_id',
  'coins',
  'status',
  'status_code',
  'status_reason',
  'is_test',
  'taken_back',
  'adjustments',
  'shortfall',
  'created_at',
  'granted_at',
  'revoked_at',
] as const;

export type PurchaseRow = Omit<Row<'purchases'>, 'receipt' | 'updated_at'>;

export interface NewPurchase {
  workspace_id: string;
  user_id: string;
  store: Store;
  store_transaction_id: string;
  /** Sealed. */
  receipt: string;
  product_id: string;
  package_id: string;
}

/**
 * Keeps a receipt once, whoever sends it and how often.
 * @returns the purchase that holds it: theirs, or another's; one that was refused holds none
 */
export async function openPurchase(db: Db, purchase: NewPurchase): Promise<{ row: PurchaseRow; isNew: boolean }> {
  for (;;) {
    const made = await db
      .insertInto('purchases')
      .values({ id: newId(), status: 'pending', coins: null, status_code: null, status_reason: null, granted_at: null, revoked_at: null, updated_at: new Date(), ...purchase })
      .onConflict((conflict) => conflict.columns(['store', 'store_transaction_id']).where('status', '<>', 'refused').doNothing())
      .returning(COLUMNS)
      .executeTakeFirst();
    if (made) return { row: made, isNew: true };
    const held = await findPurchaseOfReceipt(db, purchase.store, purchase.store_transaction_id);
    // Between both statements it may have been refused: then it is free again.
    if (held) return { row: held, isNew: false };
  }
}

/** The one that holds a receipt, of whichever user. */
export const findPurchaseOfReceipt = (db: Db, store: Store, transactionId: string): Promise<PurchaseRow | undefined> =>
  db.selectFrom('purchases').select(COLUMNS).where('store', '=', store).where('store_transaction_id', '=', transactionId).where('status', '<>', 'refused').executeTakeFirst();

/** One of this user. */
export const findPurchase = (db: Db, workspaceId: string, userId: string, id: string): Promise<PurchaseRow | undefined> =>
  db.selectFrom('purchases').select(COLUMNS).where('workspace_id', '=', workspaceId).where('user_id', '=', userId).where('id', '=', id).executeTakeFirst();

/** A user's, newest first. @param before id below which the page starts @param skip rows, for pages by number */
export const listPurchases = (db: Db, { workspace_id, user_id, before, skip, limit }: { workspace_id: string; user_id: string; before: string | null; skip: number; limit: number }): Promise<PurchaseRow[]> =>
  db
    .selectFrom('purchases')
    .select(COLUMNS)
    .where('workspace_id', '=', workspace_id)
    .where('user_id', '=', user_id)
    .$if(before !== null, (query) => query.where('id', '<', before))
    .orderBy('id', 'desc')
    .offset(skip)
    .limit(limit)
    .execute();

/** The package that a product of a store is sold as. One that is sold no more still counts: whoever paid for it gets its coins. */
export const findPackageOfProduct = (db: Db, workspaceId: string, store: Store, productId: string): Promise<{ id: string; coins: number } | undefined> =>
  db
    .selectFrom('coin_packages')
    .select(['id', 'coins'])
    .where('workspace_id', '=', workspaceId)
    .where(store === 'apple' ? 'apple_product_id' : 'google_product_id', '=', productId)
    .orderBy('is_active', 'desc')
    .orderBy('updated_at', 'desc')
    .limit(1)
    .executeTakeFirst();

/** With its sealed receipt, and how long ago it was sent. */
export const readReceipt = (db: Db, workspaceId: string, id: string) =>
  db
    .selectFrom('purchases')
    .select(['store', 'store_transaction_id', 'receipt', 'product_id', 'user_id', 'status'])
    .select(sql<number>`(extract(epoch from now() - created_at) * 1000)::float8`.as('age_ms'))
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst();

export interface LockedPurchase extends PurchaseRow {
  /** null: it is no package any more. */
  package_coins: number | null;
}

/** For what changes it: until the transaction ends nobody else does. */
export const lockPurchase = (trx: Kysely<Database>, workspaceId: string, id: string): Promise<LockedPurchase | undefined> =>
  trx
    .selectFrom('purchases')
    .select(COLUMNS)
    .select((query) => query.selectFrom('coin_packages').select('coins').whereRef('coin_packages.id', '=', 'purchases.package_id').as('package_coins'))
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();

export interface PurchaseChange {
  status?: PurchaseStatus;
  status_code?: ErrorCode | null;
  status_reason?: string | null;
  coins?: number;
  is_test?: boolean;
  taken_back?: number;
  adjustments?: number;
  shortfall?: number;
  granted_at?: Date;
  revoked_at?: Date | null;
}

export async function changePurchase(db: Kysely<Database>, workspaceId: string, id: string, change: PurchaseChange): Promise<void> {
  await db
    .updateTable('purchases')
    .set({ ...change, updated_at: new Date() })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .execute();
}

/** Says why it takes long; what is settled stays as it is. */
export async function notePurchaseDelay(db: Db, workspaceId: string, id: string, { code, reason }: { code: ErrorCode; reason: string }): Promise<void> {
  await db
    .updateTable('purchases')
    .set({ status_code: code, status_reason: reason, updated_at: new Date() })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .execute();
}

/** What has been pending for longer than `openForMs`, by id. @param after id, null: from the first */
export const listPendingPurchases = (db: Db, openForMs: number, after: string | null, limit: number): Promise<{ id: string; workspace_id: string }[]> =>
  db
    .selectFrom('purchases')
    .select(['id', 'workspace_id'])
    .where('status', '=', 'pending')
    .where('created_at', '<', sql<Date>`now() - ${openForMs} * interval '1 millisecond'`)
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
