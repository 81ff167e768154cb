import { sql, type Kysely } from 'kysely';
import type { Database } from './schema.ts';

export interface InboxItem {
  id: string;
  message: string;
  action_id: string | null;
  created_at: Date;
  /** When this user read it; null: not yet. */
  read_at: Date | null;
}

export interface InboxQuery {
  workspaceId: string;
  /** Whose read marks. */
  userId: string;
  unreadOnly: boolean;
  limit: number;
  before?: string;
}

/** The workspace's notifications with this user's read marks, newest first: one more than `limit`. */
export const listInbox = (db: Kysely<Database>, { workspaceId, userId, unreadOnly, limit, before }: InboxQuery): Promise<InboxItem[]> =>
  inbox(db, userId)
    .where('n.workspace_id', '=', workspaceId)
    .$if(unreadOnly, (query) => query.where('r.read_at', 'is', null))
    .$if(before !== undefined, (query) => query.where('n.id', '<', before ?? ''))
    .orderBy('n.id', 'desc')
    .limit(limit + 1)
    .execute();

/** Marks one as read; a second time changes nothing. @returns undefined where the workspace has none of this id */
export async function markRead(db: Kysely<Database>, workspaceId: string, userId: string, id: string): Promise<InboxItem | undefined> {
  await sql`insert into notification_reads (notification_id, user_id)
    select id, ${userId} from notifications where id = ${id} and workspace_id = ${workspaceId} on conflict do nothing`.execute(db);
  return inbox(db, userId).where('n.workspace_id', '=', workspaceId).where('n.id', '=', id).executeTakeFirst();
}

/** Marks all as read that are there now. @returns how many were unread */
export async function markAllRead(db: Kysely<Database>, workspaceId: string, userId: string): Promise<number> {
  const { numAffectedRows } = await sql`insert into notification_reads (notification_id, user_id)
    select n.id, ${userId} from notifications n
    where n.workspace_id = ${workspaceId} and not exists (select from notification_reads r where r.notification_id = n.id and r.user_id = ${userId})
    on conflict do nothing`.execute(db);
  return Number(numAffectedRows ?? 0);
}

const inbox = (db: Kysely<Database>, userId: string) =>
  db
    .selectFrom('notifications as n')
    .leftJoin('notification_reads as r', (join) => join.onRef('r.notification_id', '=', 'n.id').on('r.user_id', '=', userId))
    .select(['n.id', 'n.message', 'n.action_id', 'n.created_at', 'r.read_at']);
