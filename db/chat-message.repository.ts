import { sql, type Kysely } from 'kysely';
import type { ChatMessage } from '../domain/contracts/chat.ts';
import { notifyChat } from './chat-notice.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';

export interface MessageRow {
  id: string;
  stream_id: string;
  position: number;
  user_id: string;
  user_name: string;
  message: string;
  reply_to: string | null;
  sent_at: Date;
  deleted_at: Date | null;
}

/** What was deleted keeps its place, and loses its text. */
export const toChatMessage = ({ sent_at, deleted_at, message, ...row }: MessageRow): ChatMessage => ({
  ...row,
  message: deleted_at ? '' : message,
  timestamp: sent_at.toISOString(),
  deleted: deleted_at !== null,
});

const messages = (db: Kysely<Database>, streamId: string) =>
  db
    .selectFrom('chat_messages')
    .select(['id', 'stream_id', 'position', 'user_id', 'user_name', 'message', 'reply_to', 'sent_at', 'deleted_at'])
    .where('stream_id', '=', streamId);

/** From the end, newest first: those before a position, all where it is absent. */
export const messagesBefore = (db: Kysely<Database>, streamId: string, limit: number, before?: number): Promise<MessageRow[]> =>
  messages(db, streamId)
    .$if(before !== undefined, (query) => query.where('position', '<', before ?? 0))
    .orderBy('position', 'desc')
    .limit(limit)
    .execute();

/** Oldest first: those after a position. */
export const messagesAfter = (db: Kysely<Database>, streamId: string, limit: number, after: number): Promise<MessageRow[]> =>
  messages(db, streamId).where('position', '>', after).orderBy('position').limit(limit).execute();

export const findMessage = (db: Kysely<Database>, streamId: string, messageId: string): Promise<MessageRow | undefined> => messages(db, streamId).where('id', '=', messageId).executeTakeFirst();

/** Empties it for everybody; a second time changes nothing. @returns whether it was there */
export const deleteMessage = (db: Db, streamId: string, messageId: string, deletedBy: string): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable('chat_messages')
      .set({ message: '', deleted_at: sql`coalesce(deleted_at, now())`, deleted_by: sql`coalesce(deleted_by, ${deletedBy})` })
      .where('stream_id', '=', streamId)
      .where('id', '=', messageId)
      .returning('id')
      .executeTakeFirst();
    if (row) await notifyChat(trx, [{ kind: 'deleted', stream_id: streamId, message_id: messageId }]);
    return row !== undefined;
  });

/** Messages of these streams that were deleted within the last `seconds`, latest first. */
export async function deletedLately(db: Kysely<Database>, streamIds: readonly string[], seconds: number, limit: number): Promise<{ id: string; stream_id: string }[]> {
  if (streamIds.length === 0) return [];
  return db
    .selectFrom('chat_messages')
    .select(['id', 'stream_id'])
    .where('stream_id', 'in', streamIds)
    .where('deleted_at', '>', sql<Date>`now() - make_interval(secs => ${seconds})`)
    .orderBy('deleted_at', 'desc')
    .limit(limit)
    .execute();
}
