import { sql, type Transaction } from 'kysely';
import { readMessageNotifications } from './app-notification.repository.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';

export type Conversation = Row<'conversations'>;

/** Two people have one conversation, whoever of them began it. */
const pairOf = (a: string, b: string): { low_id: string; high_id: string } => (a < b ? { low_id: a, high_id: b } : { low_id: b, high_id: a });

export const otherOf = ({ low_id, high_id }: Pick<Conversation, 'low_id' | 'high_id'>, userId: string): string => (userId === low_id ? high_id : low_id);

/** Up to which position a user has read. */
export const readOf = ({ low_id, low_read, high_read }: Pick<Conversation, 'low_id' | 'low_read' | 'high_read'>, userId: string): number => (userId === low_id ? low_read : high_read);

/**
 * The conversation of two users, made where there is none, under its row lock until the transaction ends.
 * @returns undefined: the other is no user of this app
 */
export async function lockConversation(trx: Transaction<Database>, workspaceId: string, userId: string, otherId: string): Promise<Conversation | undefined> {
  const { low_id, high_id } = pairOf(userId, otherId);
  const locked = () => trx.selectFrom('conversations').selectAll().where('workspace_id', '=', workspaceId).where('low_id', '=', low_id).where('high_id', '=', high_id).forUpdate().executeTakeFirst();
  const found = await locked();
  if (found) return found;
  await sql`insert into conversations (id, workspace_id, low_id, high_id)
    select ${newId()}, ${workspaceId}, ${low_id}, ${high_id}
    where exists (select from app_users where id = ${otherId} and workspace_id = ${workspaceId})
    on conflict (low_id, high_id) do nothing`.execute(trx);
  return locked();
}

/** One that the user is in. */
export const findConversation = (db: Db, workspaceId: string, userId: string, which: { id: string } | { other_id: string }): Promise<Conversation | undefined> =>
  db
    .selectFrom('conversations')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where((is) => is.or([is('low_id', '=', userId), is('high_id', '=', userId)]))
    .$if('id' in which, (query) => query.where('id', '=', (which as { id: string }).id))
    .$if('other_id' in which, (query) => query.where('low_id', '=', pairOf(userId, (which as { other_id: string }).other_id).low_id).where('high_id', '=', pairOf(userId, (which as { other_id: string }).other_id).high_id))
    .executeTakeFirst();

/**
 * A user has read up to a position; never takes anything back. Where nothing is unread behind it, the notifications of the conversation are
 * read too. One of a message behind it, that was not shown, has to stay: while it is there, the next messages tell by it. The lock keeps
 * new messages, with their notifications, out meanwhile.
 */
export const readUpTo = (db: Db, { id, low_id }: Pick<Conversation, 'id' | 'low_id'>, userId: string, position: number): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await trx.selectFrom('conversations').select('id').where('id', '=', id).forUpdate().execute();
    const column = userId === low_id ? 'low_read' : 'high_read';
    await trx.updateTable('conversations').set({ [column]: position }).where('id', '=', id).where(column, '<', position).execute();
    if ((await countUnread(trx, id, userId)) === 0) await readMessageNotifications(trx, userId, id);
  });

/** A conversation in a user's list. */
export interface ListedConversation extends Conversation {
  /** Of the other. */
  unread: number;
  message_id: string;
  message: string;
  message_sender_id: string;
  message_at: Date;
  message_deleted_at: Date | null;
}

export interface ConversationPlace {
  /** Of the conversation after which the page begins; null: `page` says where. */
  before: { last_message_at: string; id: string } | null;
  page: number;
  limit: number;
}

/** With its last message; the one that was written in last comes first. Each half of the union goes along its own index. */
export async function listConversations(db: Db, workspaceId: string, userId: string, { before, page, limit }: ConversationPlace): Promise<ListedConversation[]> {
  const offset = before === null ? page * (limit - 1) : 0;
  const after = before === null ? sql`true` : sql`(last_message_at, id) < (${before.last_message_at}::timestamptz, ${before.id}::uuid)`;
  const half = (column: 'low_id' | 'high_id') => sql`(select * from conversations where workspace_id = ${workspaceId} and ${sql.ref(column)} = ${userId} and ${after}
    order by last_message_at desc, id desc limit ${offset + limit})`;
  const { rows } = await sql<ListedConversation>`
    select c.*, m.id as message_id, m.message, m.sender_id as message_sender_id, m.created_at as message_at, m.deleted_at as message_deleted_at, ${unreadOf(userId)} as unread
    from (select * from (${half('low_id')} union all ${half('high_id')}) both_halves order by last_message_at desc, id desc offset ${offset} limit ${limit}) c
    join direct_messages m on m.conversation_id = c.id and m.position = c.last_position
    order by c.last_message_at desc, c.id desc`.execute(db);
  return rows;
}

/** Unread messages of a conversation `c`: the other's, behind what the user has read, and not deleted. */
const unreadOf = (userId: string) => sql<number>`(select count(*) from direct_messages unread where unread.conversation_id = c.id
  and unread.position > case when c.low_id = ${userId} then c.low_read else c.high_read end and unread.sender_id <> ${userId} and unread.deleted_at is null)`;

/** In one conversation. */
export async function countUnread(db: Db, conversationId: string, userId: string): Promise<number> {
  const { rows } = await sql<{ unread: number }>`select ${unreadOf(userId)} as unread from conversations c where c.id = ${conversationId}`.execute(db);
  return rows[0]?.unread ?? 0;
}

/** In all of a user's conversations. */
export async function countAllUnread(db: Db, workspaceId: string, userId: string): Promise<number> {
  const { rows } = await sql<{ unread: number }>`
    select coalesce(sum(${unreadOf(userId)}), 0)::float8 as unread from conversations c
    where c.workspace_id = ${workspaceId} and (c.low_id = ${userId} or c.high_id = ${userId})`.execute(db);
  return rows[0]!.unread;
}

/** Of these users, whom the user has blocked, or who have blocked the user. */
export async function blockedAmong(db: Db, userId: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('blocks')
    .select(['user_id', 'blocked_id'])
    .where((is) => is.or([is.and([is('user_id', '=', userId), is('blocked_id', 'in', ids)]), is.and([is('blocked_id', '=', userId), is('user_id', 'in', ids)])]))
    .execute();
  return new Set(rows.map(({ user_id, blocked_id }) => (user_id === userId ? blocked_id : user_id)));
}
