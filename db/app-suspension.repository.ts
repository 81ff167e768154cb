import { sql, type Kysely } from 'kysely';
import type { AccountRef } from '../domain/contracts/app-account.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';

/**
 * A suspended user is not there for others (isThere) and their tokens open nothing; what is theirs stays as it is, with all figures, so that
 * lifting the suspension brings everything back. A trigger cuts their sockets.
 */
export interface AccountStanding {
  id: string;
  username: string;
  /** null: not suspended. */
  suspended_at: Date | null;
  suspension_reason: string | null;
}

/** Who is suspended already keeps the reason of then; who was deleted is left alone. */
export const suspendAppUser = async (db: Kysely<Database>, { workspace_id, user_id, reason }: AccountRef & { reason: string }): Promise<void> => {
  await db
    .updateTable('app_users')
    // To the millisecond: a cursor has it from a Date.
    .set({ suspended_at: sql<Date>`date_trunc('milliseconds', now())`, suspension_reason: reason, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', user_id)
    .where('suspended_at', 'is', null)
    .where('deleted_at', 'is', null)
    .execute();
};

/** Who is not suspended stays as they are. */
export const restoreAppUser = async (db: Db, { workspace_id, user_id }: AccountRef): Promise<void> => {
  await db
    .updateTable('app_users')
    .set({ suspended_at: null, suspension_reason: null, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspace_id)
    .where('id', '=', user_id)
    .where('suspended_at', 'is not', null)
    .execute();
};

const standings = (db: Db, workspaceId: string) =>
  db.selectFrom('app_users').select(['id', 'username', 'suspended_at', 'suspension_reason']).where('workspace_id', '=', workspaceId).where('deleted_at', 'is', null);

/** @returns undefined: there is no such account, or it was deleted */
export const findStanding = (db: Db, { workspace_id, user_id }: AccountRef): Promise<AccountStanding | undefined> => standings(db, workspace_id).where('id', '=', user_id).executeTakeFirst();

/** What decides whether a token of the app opens anything. @returns undefined: no user of the app, such as a member of a workspace */
export const findAppAccount = (db: Db, userId: string): Promise<{ deleted_at: Date | null; suspension_reason: string | null } | undefined> =>
  db.selectFrom('app_users').select(['deleted_at', 'suspension_reason']).where('id', '=', userId).executeTakeFirst();

export interface SuspendedPlace {
  suspended_at: string;
  id: string;
}

/** Who is suspended, the last ones first: one more than `limit`. */
export const listSuspended = (db: Db, workspaceId: string, { before, limit }: { before: SuspendedPlace | null; limit: number }): Promise<(AccountStanding & { suspended_at: Date })[]> =>
  standings(db, workspaceId)
    .where('suspended_at', 'is not', null)
    .$if(before !== null, (query) => query.where(sql<boolean>`(suspended_at, id) < (${before!.suspended_at}::timestamptz, ${before!.id}::uuid)`))
    .orderBy('suspended_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .$narrowType<{ suspended_at: Date }>()
    .execute();
