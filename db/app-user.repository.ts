import { sql, type Transaction } from 'kysely';
import type { PrivacySettings, PushSettings } from '../domain/contracts/social.ts';
import { fullNameOf } from './app-registration.ts';
import type { Db } from './client.ts';
import { constraintOf } from './coin-ledger.repository.ts';
import { isThere } from './relation.repository.ts';
import type { Database, Row } from './schema.ts';

export type AppUser = Row<'app_users'>;

/** One who was not deleted: a suspended one too, who is nobody to others. */
export const findAccount = (db: Db, workspaceId: string, id: string): Promise<AppUser | undefined> =>
  db.selectFrom('app_users').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst();

/** One who is there. */
export const findAppUser = (db: Db, workspaceId: string, id: string): Promise<AppUser | undefined> =>
  db.selectFrom('app_users').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).where(isThere('app_users')).executeTakeFirst();

/** One who is there. @param username in lower case */
export const findAppUserByName = (db: Db, workspaceId: string, username: string): Promise<AppUser | undefined> =>
  db.selectFrom('app_users').selectAll().where('workspace_id', '=', workspaceId).where('username', '=', username).where(isThere('app_users')).executeTakeFirst();

/** Those of them who are there, by id. */
export async function readAppUsers(db: Db, workspaceId: string, ids: readonly string[]): Promise<Map<string, AppUser>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('app_users').selectAll().where('workspace_id', '=', workspaceId).where('id', 'in', ids).where(isThere('app_users')).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Locks their rows until the transaction's end, always in the order of their ids, so that two who do something to each other never
 * wait for one another. Whoever changes counts of several users, follows or blocks takes these locks first.
 * @returns those who were not deleted, by id, as they are now: suspended ones too
 */
export async function lockAppUsers(trx: Transaction<Database>, workspaceId: string, ids: readonly string[]): Promise<Map<string, AppUser>> {
  const rows = await lockedRows(trx, workspaceId, ids).where('deleted_at', 'is', null).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** The same of deleted ones too, whose follows and counts are still there until the deletion comes to them. */
export const lockAppUserRows = async (trx: Transaction<Database>, workspaceId: string, ids: readonly string[]): Promise<void> => {
  await lockedRows(trx, workspaceId, ids).execute();
};

const lockedRows = (trx: Transaction<Database>, workspaceId: string, ids: readonly string[]) =>
  trx.selectFrom('app_users').selectAll().where('workspace_id', '=', workspaceId).where('id', 'in', ids).orderBy('id').forNoKeyUpdate();

/** What people change of themselves; absent: stays. */
export type ProfileChange = Partial<Pick<AppUser, 'username' | 'first_name' | 'last_name' | 'bio' | 'website' | 'gender' | 'profile_pic' | 'is_private'>>;

/** @returns the user as they are now; taken: somebody has the username; undefined: they were deleted */
export async function changeProfile(db: Db, workspaceId: string, id: string, change: ProfileChange): Promise<AppUser | 'taken' | undefined> {
  try {
    return await db.transaction().execute(async (trx) => {
      const user = await trx
        .updateTable('app_users')
        .set({ ...change, updated_at: new Date() })
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', id)
        .where('deleted_at', 'is', null)
        .returningAll()
        .executeTakeFirst();
      if (user) await trx.updateTable('users').set({ full_name: fullNameOf(user) }).where('id', '=', id).execute();
      return user;
    });
  } catch (error) {
    if (constraintOf(error) === 'app_users_name') return 'taken';
    throw error;
  }
}

/** Adds to what they have said before. @returns undefined: they were deleted */
export const changeSettings = (db: Db, workspaceId: string, id: string, change: { push: Partial<PushSettings> } | { privacy: Partial<PrivacySettings> }): Promise<AppUser | undefined> => {
  const [column, value] = 'push' in change ? (['push', change.push] as const) : (['privacy', change.privacy] as const);
  return db
    .updateTable('app_users')
    .set({ [column]: sql`${sql.ref(column)} || ${JSON.stringify(value)}::jsonb`, updated_at: new Date() })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
};
