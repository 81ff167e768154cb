import { z } from 'zod';
import { countAllUnread, listConversations, otherOf } from '../../db/conversation.repository.ts';
import { deleteDirectMessage, sendDirectMessage } from '../../db/direct-message.repository.ts';
import { ApiError, fieldError } from '../errors.ts';
import { decodeCursor, encodeCursor } from '../paging.ts';
import { id, neededText, PAGE_SIZE, pageCursor, requestId, startingPoint } from './fields.ts';
import { partnersOf } from './message-partners.ts';
import { conversationView, lastMessageOf, messageTold, messageView } from './message-views.ts';
import { EXAMPLE_CONVERSATION, EXAMPLE_MESSAGE, EXAMPLE_PARTNER } from './message-examples.ts';
import { showMessages } from './show-messages.ts';
import { textOf } from './views.ts';
import { defineVerb, type Verb } from './verb.ts';

const conversationCursor = z.tuple([z.iso.datetime(), z.uuid()]);

const sendMessage = defineVerb({
  name: 'sendMessage',
  summary: 'Writes to another user',
  description:
    'Messages of a conversation are numbered by `position` without gaps, whoever sends them. The receiver and the sender’s other devices hear `direct_message` over Socket.IO: sort by `position` and drop an `id` that is there already. Refused: to blocked and deleted users, and where `direct_message` of the receiver’s privacy says so. See [messages](app-messages.md).',
  access: 'user',
  input: z.object({ receiver_id: id, message: neededText(1_000), request_id: requestId }),
  turns_per_minute: 120,
  example: { request: { receiver_id: '0190a1b2-0000-7000-8000-000000000002', message: 'See you on Friday!', request_id: 'f3b1c0de-0001' }, msg: { Message: EXAMPLE_MESSAGE } },
  async run({ deps, workspace_id, user }, { receiver_id, message, request_id }) {
    if (receiver_id === user.id) throw fieldError('receiver_id', 'is you');
    const { is_new, stored } = await sendDirectMessage(deps.db, { workspace_id, sender: user, receiver_id, request_id, message });
    if (is_new) for (const hearer of [receiver_id, user.id]) deps.realtime.toUser(hearer, 'direct_message', messageTold(stored, receiver_id));
    const pair = { low_id: user.id, high_id: receiver_id, low_read: 0, high_read: 0 };
    return { Message: messageView(stored, pair) };
  },
});

const showConversations = defineVerb({
  name: 'showConversations',
  summary: 'The user’s conversations, the last written first',
  description:
    'Each with its last message, how many of the other’s are unread, and the other user. `can_send` is 0 where one has blocked the other or the other is gone: the conversation stays readable, and of the other only `id` and `username` are left. `unread_count` beside the list is over all conversations.',
  access: 'user',
  input: z.object({ starting_point: startingPoint, cursor: pageCursor }),
  turns_per_minute: 120,
  example: {
    request: { starting_point: '0' },
    msg: { Conversations: [{ Conversation: EXAMPLE_CONVERSATION, User: EXAMPLE_PARTNER, Message: EXAMPLE_MESSAGE }], unread_count: '1', next: '' },
  },
  async run({ deps: { db }, workspace_id, user }, { starting_point, cursor }) {
    const [last_message_at, conversationId] = cursor === null ? [] : decodeCursor(cursor, conversationCursor);
    const before = last_message_at && conversationId ? { last_message_at, id: conversationId } : null;
    const rows = await listConversations(db, workspace_id, user.id, { before, page: starting_point, limit: PAGE_SIZE + 1 });
    const shown = rows.slice(0, PAGE_SIZE);
    const [partners, unread] = await Promise.all([partnersOf(db, workspace_id, user.id, shown.map((row) => otherOf(row, user.id))), countAllUnread(db, workspace_id, user.id)]);
    const last = shown.at(-1);
    return {
      Conversations: shown.map((row) => {
        const { view, can_send } = partners.get(otherOf(row, user.id))!;
        return { Conversation: conversationView(row, row.unread, can_send), User: view, Message: lastMessageOf(row) };
      }),
      unread_count: textOf(unread),
      next: rows.length > PAGE_SIZE && last ? encodeCursor([last.last_message_at.toISOString(), last.id]) : '',
    };
  },
});

const deleteMessage = defineVerb({
  name: 'deleteMessage',
  summary: 'Empties a message of the user’s own, for both',
  description: 'Its place stays, so that positions have no gaps. Both hear `direct_message_deleted` over Socket.IO.',
  access: 'user',
  input: z.object({ message_id: id }),
  turns_per_minute: 60,
  example: { request: { message_id: EXAMPLE_MESSAGE.id }, msg: { Message: { ...EXAMPLE_MESSAGE, message: '', deleted: '1' } } },
  async run({ deps, workspace_id, user }, { message_id }) {
    const done = await deleteDirectMessage(deps.db, workspace_id, user.id, message_id);
    if (!done) throw new ApiError('not_found', { detail: 'you have sent no such message' });
    const { deleted, conversation, is_new } = done;
    const told = { id: deleted.id, conversation_id: deleted.conversation_id, position: deleted.position };
    if (is_new) for (const hearer of [conversation.low_id, conversation.high_id]) deps.realtime.toUser(hearer, 'direct_message_deleted', told);
    return { Message: messageView(deleted, conversation) };
  },
});

export const messageVerbs: readonly Verb[] = [sendMessage, showConversations, showMessages, deleteMessage];
