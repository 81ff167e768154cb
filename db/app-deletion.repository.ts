import { sql, type Kysely, type Transaction } from 'kysely';
import type { AccountRef, DeletionCounts } from '../domain/contracts/app-account.ts';
import { lockAppUser } from './app-user-lock.repository.ts';
import type { Db } from './client.ts';
import type { Database, Row } from './schema.ts';

/**
 * From now on nobody sees the account, and its tokens open nothing; what belongs to it is the workflow's to remove.
 * @returns false: there is no such account, or it was deleted before
 */
export const askDeletion = (db: Db, { user_id, workspace_id }: AccountRef): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    // Whoever does something to the account right now comes to an end first, and nobody does after it.
    if (!(await lockAppUser(trx, workspace_id, user_id))) return false;
    await trx.updateTable('app_users').set({ deleted_at: sql`now()`, updated_at: sql`now()` }).where('id', '=', user_id).execute();
    await trx
      .insertInto('account_deletions')
      .values({ user_id, workspace_id, finished_at: null })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return true;
  });

/** Empties what is personal in the rows of the account itself. @returns false: there is no such account */
export const emptyAccount = (db: Db, { user_id, workspace_id }: AccountRef): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const user = await trx
      .updateTable('app_users')
      .set({
        username: `deleted.${user_id.replaceAll('-', '').slice(-20)}`,
        ...{ first_name: '', last_name: '', email: null, bio: '', gender: '', website: '', profile_pic: '', push: '{}', privacy: '{}' },
        social_id: `deleted:${user_id}`,
        is_verified: false,
        ...{ suspended_at: null, suspension_reason: null },
        deleted_at: sql`coalesce(deleted_at, now())`,
        updated_at: sql`now()`,
      })
      .where('workspace_id', '=', workspace_id)
      .where('id', '=', user_id)
      .returning('id')
      .executeTakeFirst();
    if (!user) return false;
    await trx.updateTable('users').set({ full_name: 'Deleted user' }).where('id', '=', user_id).execute();
    await trx
      .insertInto('account_deletions')
      .values({ user_id, workspace_id, finished_at: null })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return true;
  });

/** Adds to the record, in the transaction of what it counts. */
export async function countRemoved(trx: Transaction<Database>, userId: string, what: keyof DeletionCounts, count: number): Promise<void> {
  if (count === 0) return;
  await trx
    .updateTable('account_deletions')
    .set({ [what]: sql`${sql.ref(what)} + ${count}` })
    .where('user_id', '=', userId)
    .execute();
}

/** Runs a statement that removes something and counts it in the record, together. @returns how many rows */
export const removeCounted = (db: Db, userId: string, what: keyof DeletionCounts, remove: (trx: Transaction<Database>) => Promise<number>): Promise<number> =>
  db.transaction().execute(async (trx) => {
    const removed = await remove(trx);
    await countRemoved(trx, userId, what, removed);
    return removed;
  });

/** @returns what was removed in all */
export async function closeRecord(db: Kysely<Database>, { user_id, workspace_id }: AccountRef): Promise<DeletionCounts> {
  const row = await db
    .updateTable('account_deletions')
    .set({ finished_at: sql`coalesce(finished_at, now())` })
    .where('workspace_id', '=', workspace_id)
    .where('user_id', '=', user_id)
    .returning(['follows', 'devices', 'videos', 'recordings', 'likes', 'comments', 'messages', 'coins_forfeited'])
    .executeTakeFirstOrThrow();
  return row;
}

export type AccountDeletion = Row<'account_deletions'>;

/** Asked for so long ago, and not done, oldest first. */
export const listOpenDeletions = (db: Db, olderThanMs: number, limit: number): Promise<AccountRef[]> =>
  db
    .selectFrom('account_deletions')
    .select(['user_id', 'workspace_id'])
    .where('finished_at', 'is', null)
    .where('asked_at', '<', sql<Date>`now() - ${olderThanMs} * interval '1 millisecond'`)
    .orderBy('asked_at')
    .limit(limit)
    .execute();
