import { sql, type Transaction } from 'kysely';
import type { Audience } from '../domain/contracts/social.ts';
import { AppError } from '../domain/errors.ts';
import { writingRefusal } from '../domain/social/direct-message.ts';
import { messageNotificationKey } from '../domain/social/notification.ts';
import { notifyAppUser } from './app-notification.repository.ts';
import type { AppUser } from './app-user.repository.ts';
import type { Db } from './client.ts';
import { lockConversation, readOf, type Conversation } from './conversation.repository.ts';
import { newId } from './ids.ts';
import { isThere } from './relation.repository.ts';
import type { Database, Row } from './schema.ts';

export type DirectMessage = Row<'direct_messages'>;

export interface DirectMessageDraft {
  workspace_id: string;
  sender: Pick<AppUser, 'id' | 'username'>;
  receiver_id: string;
  /** Of the app: sent again, it is stored once. */
  request_id: string;
  message: string;
}

/**
 * Stores a message at the next position of its conversation and tells its receiver. Whether it may be written is looked at under the
 * conversation's lock: a block that was there before is respected however many wait for the lock.
 * @returns is_new: false where the same request had stored it before
 * @throws AppError user_gone, user_blocked, messages_off, request_reused
 */
export const sendDirectMessage = (db: Db, draft: DirectMessageDraft): Promise<{ is_new: boolean; stored: DirectMessage }> =>
  db.transaction().execute(async (trx) => {
    const conversation = await lockConversation(trx, draft.workspace_id, draft.sender.id, draft.receiver_id);
    if (!conversation) throw new AppError('user_gone');
    const earlier = await trx.selectFrom('direct_messages').selectAll().where('sender_id', '=', draft.sender.id).where('request_id', '=', draft.request_id).executeTakeFirst();
    if (earlier) return { is_new: false, stored: sameAgain(earlier, conversation, draft) };
    await refuseUnwanted(trx, draft);
    const stored = await append(trx, conversation, draft);
    await notifyAppUser(trx, {
      workspace_id: draft.workspace_id,
      user_id: draft.receiver_id,
      sender_id: draft.sender.id,
      kind: 'message',
      // What was written stays out of it: it can be deleted, and a push goes through others' hands.
      text: `${draft.sender.username} sent you a message`,
      subject_id: conversation.id,
      dedupe_key: messageNotificationKey(conversation.id, readOf(conversation, draft.receiver_id), stored.created_at),
    });
    return { is_new: true, stored };
  });

/** One that was deleted since has no text to compare. */
function sameAgain(earlier: DirectMessage, conversation: Conversation, { message }: DirectMessageDraft): DirectMessage {
  if (earlier.conversation_id !== conversation.id || (earlier.deleted_at === null && earlier.message !== message)) throw new AppError('request_reused');
  return earlier;
}

async function refuseUnwanted(trx: Transaction<Database>, { workspace_id, sender, receiver_id }: DirectMessageDraft): Promise<void> {
  const { rows } = await sql<{ receiver_is_gone: boolean; audience: Audience; is_blocked: boolean; are_friends: boolean }>`
    select not ${isThere('app_users')} as receiver_is_gone, coalesce(privacy ->> 'direct_message', 'everyone') as audience,
      exists (select from blocks where (user_id = ${sender.id} and blocked_id = ${receiver_id}) or (user_id = ${receiver_id} and blocked_id = ${sender.id})) as is_blocked,
      (select count(*) = 2 from follows where state = 'accepted'
        and ((follower_id = ${sender.id} and followee_id = ${receiver_id}) or (follower_id = ${receiver_id} and followee_id = ${sender.id}))) as are_friends
    from app_users where workspace_id = ${workspace_id} and id = ${receiver_id}`.execute(trx);
  const refusal = rows[0] ? writingRefusal(rows[0]) : 'user_gone';
  if (refusal) throw new AppError(refusal);
}

/** Its time is taken under the lock: the order of times is that of positions. One statement, since others wait for the lock meanwhile. */
async function append(trx: Transaction<Database>, { id }: Conversation, { sender, request_id, message }: DirectMessageDraft): Promise<DirectMessage> {
  const { rows } = await sql<DirectMessage>`
    with moved as (
      update conversations set last_position = last_position + 1, last_message_at = date_trunc('milliseconds', clock_timestamp())
      where id = ${id} returning last_position, last_message_at
    )
    insert into direct_messages (id, conversation_id, position, sender_id, request_id, message, created_at)
    select ${newId()}, ${id}, last_position, ${sender.id}, ${request_id}, ${message}, last_message_at from moved
    on conflict (sender_id, request_id) do nothing
    returning *`.execute(trx);
  // The same request at the same moment, to somebody else.
  if (!rows[0]) throw new AppError('request_reused');
  return rows[0];
}

/** Newest first. @param before position; null: `page` says where */
export const listDirectMessages = (db: Db, conversationId: string, { before, page, limit }: { before: number | null; page: number; limit: number }): Promise<DirectMessage[]> =>
  db
    .selectFrom('direct_messages')
    .selectAll()
    .where('conversation_id', '=', conversationId)
    .$if(before !== null, (query) => query.where('position', '<', before!))
    .$if(before === null, (query) => query.offset(page * (limit - 1)))
    .orderBy('position', 'desc')
    .limit(limit)
    .execute();

/** Empties a message of the user's own, for both. @returns null: it is not theirs, or not there; is_new: false where it was deleted before */
export const deleteDirectMessage = (db: Db, workspaceId: string, userId: string, messageId: string): Promise<{ is_new: boolean; deleted: DirectMessage; conversation: Conversation } | null> =>
  db.transaction().execute(async (trx) => {
    const message = await trx.selectFrom('direct_messages').selectAll().where('id', '=', messageId).where('sender_id', '=', userId).forUpdate().executeTakeFirst();
    const conversation = message && (await trx.selectFrom('conversations').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', message.conversation_id).executeTakeFirst());
    if (!message || !conversation) return null;
    if (message.deleted_at !== null) return { is_new: false, deleted: message, conversation };
    const deleted = await trx.updateTable('direct_messages').set({ message: '', deleted_at: new Date() }).where('id', '=', messageId).returningAll().executeTakeFirstOrThrow();
    return { is_new: true, deleted, conversation };
  });
