import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { countUnread, findConversation, otherOf, readUpTo, type Conversation } from '../../db/conversation.repository.ts';
import { listDirectMessages } from '../../db/direct-message.repository.ts';
import { ApiError, fieldError } from '../errors.ts';
import { decodeCursor, encodeCursor } from '../paging.ts';
import { id, PAGE_SIZE, pageCursor, startingPoint } from './fields.ts';
import { EXAMPLE_CONVERSATION, EXAMPLE_MESSAGE, EXAMPLE_PARTNER } from './message-examples.ts';
import { partnersOf } from './message-partners.ts';
import { conversationView, messageView } from './message-views.ts';
import { defineVerb } from './verb.ts';

const messageCursor = z.tuple([z.number().int().positive()]);

export const showMessages = defineVerb({
  name: 'showMessages',
  summary: 'The messages of a conversation, newest first, which are read with it',
  description:
    'By `conversation_id`, or by `user_id` of the other. What was shown, and everything before it, counts as read, and the notifications of these messages with it; what comes meanwhile does not. `starting_point` shifts while messages come in; `cursor` does not. Where the two have never written, the list is empty and `Conversation.id` is "".',
  access: 'user',
  input: z.object({ conversation_id: id.optional(), user_id: id.optional(), starting_point: startingPoint, cursor: pageCursor }),
  turns_per_minute: 120,
  example: {
    request: { conversation_id: EXAMPLE_CONVERSATION.id, starting_point: '0' },
    msg: { Conversation: { ...EXAMPLE_CONVERSATION, unread_count: '0' }, User: EXAMPLE_PARTNER, Messages: [{ ...EXAMPLE_MESSAGE, read: '1' }], next: '' },
  },
  async run({ deps: { db }, workspace_id, user }, { conversation_id, user_id, starting_point, cursor }) {
    const found = await conversationOf(db, workspace_id, user.id, conversation_id, user_id);
    const partnerId = found ? otherOf(found, user.id) : user_id!;
    const partner = (await partnersOf(db, workspace_id, user.id, [partnerId])).get(partnerId)!;
    if (!found) {
      if (!partner.is_there || partner.is_blocked) throw new ApiError('user_gone');
      return { Conversation: { id: '', unread_count: '0', can_send: '1', updated: '' }, User: partner.view, Messages: [], next: '' };
    }
    const before = cursor === null ? null : decodeCursor(cursor, messageCursor)[0];
    const rows = await listDirectMessages(db, found.id, { before, page: starting_point, limit: PAGE_SIZE + 1 });
    const shown = rows.slice(0, PAGE_SIZE);
    const newest = shown[0];
    if (newest) await readUpTo(db, found, user.id, newest.position);
    const conversation = await readAgain(db, workspace_id, user.id, found);
    const last = shown.at(-1);
    return {
      Conversation: conversationView(conversation, await countUnread(db, found.id, user.id), partner.can_send),
      User: partner.view,
      Messages: shown.map((message) => messageView(message, conversation)),
      next: rows.length > PAGE_SIZE && last ? encodeCursor([last.position]) : '',
    };
  },
});

async function conversationOf(db: Db, workspaceId: string, userId: string, conversationId: string | undefined, otherId: string | undefined): Promise<Conversation | undefined> {
  if (conversationId !== undefined) {
    const found = await findConversation(db, workspaceId, userId, { id: conversationId });
    if (!found) throw new ApiError('not_found', { detail: 'you have no such conversation' });
    return found;
  }
  if (otherId === undefined) throw fieldError('conversation_id', 'is needed, or user_id');
  if (otherId === userId) throw fieldError('user_id', 'is you');
  return findConversation(db, workspaceId, userId, { other_id: otherId });
}

/** What was marked stands in the row. */
const readAgain = async (db: Db, workspaceId: string, userId: string, conversation: Conversation): Promise<Conversation> => (await findConversation(db, workspaceId, userId, { id: conversation.id })) ?? conversation;
