import { sql } from 'kysely';
import { EXPORT_DAYS } from '../domain/contracts/app-account.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Row } from './schema.ts';

export type AppExport = Row<'app_exports'>;

/** The one that may be fetched, or is being written; the latest of them. */
const findCurrent = (db: Db, userId: string): Promise<AppExport | undefined> =>
  db
    .selectFrom('app_exports')
    .selectAll()
    .where('user_id', '=', userId)
    .where((is) => is.or([is('state', '=', 'pending'), is.and([is('state', '=', 'ready'), is('expires_at', '>', sql<Date>`now()`)])]))
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

/**
 * The user's export: the one that is being written, or the one that can be fetched; else a new one.
 * @param fresh a new one also where one can be fetched, which is then over
 */
export async function openExport(db: Db, userId: string, fresh: boolean): Promise<{ row: AppExport; is_new: boolean }> {
  for (;;) {
    const current = await findCurrent(db, userId);
    if (current && (current.state === 'pending' || !fresh)) return { row: current, is_new: false };
    const made = await db.transaction().execute(async (trx) => {
      await trx
        .updateTable('app_exports')
        .set({ expires_at: sql<Date>`now()` })
        .where('user_id', '=', userId)
        .where('state', '=', 'ready')
        .where('expires_at', '>', sql<Date>`now()`)
        .execute();
      return trx
        .insertInto('app_exports')
        .values({ id: newId(), user_id: userId, state: 'pending', status_code: null, storage_key: null, finished_at: null, expires_at: null })
        .onConflict((conflict) => conflict.column('user_id').where('state', '=', 'pending').doNothing())
        .returningAll()
        .executeTakeFirst();
    });
    if (made) return { row: made, is_new: true };
  }
}

export const findExport = (db: Db, id: string): Promise<AppExport | undefined> => db.selectFrom('app_exports').selectAll().where('id', '=', id).executeTakeFirst();

/** @returns false: it was finished before, or its account was deleted meanwhile: what was written is not needed */
export async function exportWritten(db: Db, { id, user_id }: { id: string; user_id: string }, storageKey: string): Promise<boolean> {
  const row = await db
    .updateTable('app_exports')
    .set({ state: 'ready', storage_key: storageKey, finished_at: sql<Date>`now()`, expires_at: sql<Date>`now() + make_interval(days => ${EXPORT_DAYS})` })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .where((is) => is.exists(is.selectFrom('app_users').select('id').where('id', '=', user_id).where('deleted_at', 'is', null)))
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function exportFailed(db: Db, id: string, code: ErrorCode): Promise<void> {
  await db.updateTable('app_exports').set({ state: 'failed', status_code: code, finished_at: sql<Date>`now()` }).where('id', '=', id).where('state', '=', 'pending').execute();
}

/** Ready ones whose time is over, and which still have a file. */
export const listExpiredExports = (db: Db, limit: number): Promise<{ id: string; storage_key: string | null }[]> =>
  db.selectFrom('app_exports').select(['id', 'storage_key']).where('storage_key', 'is not', null).where('expires_at', '<=', sql<Date>`now()`).limit(limit).execute();

/** Its file is gone from storage. */
export async function forgetExport(db: Db, id: string): Promise<void> {
  await db.updateTable('app_exports').set({ storage_key: null }).where('id', '=', id).execute();
}

export const listExportsOf = (db: Db, userId: string): Promise<{ id: string }[]> => db.selectFrom('app_exports').select('id').where('user_id', '=', userId).execute();

export const deleteExport = async (db: Db, id: string): Promise<void> => {
  await db.deleteFrom('app_exports').where('id', '=', id).execute();
};

/** Asked for so long ago, and not written. */
export async function listOpenExports(db: Db, olderThanMs: number, limit: number): Promise<{ id: string; user_id: string; workspace_id: string }[]> {
  return db
    .selectFrom('app_exports')
    .innerJoin('app_users', 'app_users.id', 'app_exports.user_id')
    .select(['app_exports.id', 'app_exports.user_id', 'app_users.workspace_id'])
    .where('app_exports.state', '=', 'pending')
    .where('app_exports.created_at', '<', sql<Date>`now() - ${olderThanMs} * interval '1 millisecond'`)
    .orderBy('app_exports.created_at')
    .limit(limit)
    .execute();
}
