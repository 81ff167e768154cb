import { newId } from '../../db/ids.ts';
import type { StoredMessage, StoreOutcome } from '../../db/chat-store.ts';
import { CHAT_MESSAGE_MAX, type ChatMessage } from '../../domain/contracts/chat.ts';
import { hasLink } from '../../domain/streaming/chat-links.ts';
import { cleanText, codePoints } from '../../domain/streaming/chat-text.ts';
import type { TokenBuckets } from '../token-buckets.ts';
import type { MessageStore } from './message-store.ts';
import { ChatRefusal } from './refusal.ts';
import type { Member, Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import type { ChatSocket } from './types.ts';

export interface SendMessageOptions {
  rooms: Pick<Rooms, 'memberOf'>;
  messages: MessageStore;
  /** One for each user. */
  bursts: TokenBuckets;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const CLIENT_ID = /^[\x21-\x7e]{1,64}$/;
/** Times of last messages that one room keeps; beyond that, old ones are thrown out. */
const LAST_SENT_MAX = 10_000;

/** Checks a message, the cheap checks first, and has it stored. What the payload says of its sender is not looked at. */
export function createSendMessage({ rooms, messages, bursts }: SendMessageOptions) {
  return async (socket: ChatSocket, input: unknown): Promise<ChatMessage> => {
    const waitS = bursts.take(socket.data.user_id, Date.now());
    if (waitS > 0) throw new ChatRefusal('chat_burst', { retryAfterMs: waitS * 1_000 });
    const { stream_id, message, reply_to, client_id } = parse(input);
    const joined = rooms.memberOf(socket, stream_id);
    if (!joined) throw new ChatRefusal('chat_not_joined');
    const { room, member } = joined;
    const text = cleanText(message);
    const length = codePoints(text);
    if (length < 1 || length > CHAT_MESSAGE_MAX) throw new ChatRefusal('chat_message_invalid');
    const now = Date.now();
    refuseRestricted(member, now);
    const moderator = room.moderatedBy(member);
    if (!moderator) refuseByRules(room, text);
    const undo = moderator ? () => undefined : takeSlowTurn(room, member.user_id, now);
    try {
      const outcome = await messages.add({ id: newId(), stream_id, user_id: member.user_id, user_name: socket.data.user_name, message: text, reply_to, client_id, moderator });
      return storedMessage(outcome, { stream_id, user_id: member.user_id });
    } catch (error) {
      undo();
      throw error;
    }
  };
}

/** @throws ChatRefusal by what became of it */
function storedMessage(outcome: StoreOutcome, of: { stream_id: string; user_id: string }): ChatMessage {
  switch (outcome.kind) {
    case 'stored':
    case 'repeated':
      return toMessage(of, outcome);
    case 'muted':
      throw new ChatRefusal('chat_muted');
    case 'banned':
      throw new ChatRefusal('chat_banned');
    case 'gone':
      throw new ChatRefusal('not_found');
    case 'no_reply':
      throw new ChatRefusal('not_found', { detail: 'reply_to is no message of this stream' });
    case 'slow':
      throw new ChatRefusal('chat_slow_mode', { retryAfterMs: outcome.retry_after_ms });
  }
}

export const toMessage = (
  { stream_id, user_id }: { stream_id: string; user_id: string },
  { id, position, user_name, message, reply_to, sent_at, deleted }: StoredMessage,
): ChatMessage => ({ id, stream_id, position, user_id, user_name, message: deleted ? '' : message, reply_to, timestamp: sent_at.toISOString(), deleted });

function parse(input: unknown) {
  const { stream_id, message, reply_to = null, client_id = null } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  if (typeof stream_id !== 'string' || !UUID.test(stream_id)) throw new ChatRefusal('validation_failed', { detail: 'stream_id: must be the id of a stream' });
  if (typeof message !== 'string') throw new ChatRefusal('chat_message_invalid');
  if (reply_to !== null && (typeof reply_to !== 'string' || !UUID.test(reply_to))) throw new ChatRefusal('validation_failed', { detail: 'reply_to: must be the id of a message' });
  if (client_id !== null && (typeof client_id !== 'string' || !CLIENT_ID.test(client_id))) throw new ChatRefusal('validation_failed', { detail: 'client_id: must be 1 to 64 visible ASCII characters' });
  return { stream_id: stream_id.toLowerCase(), message, reply_to, client_id };
}

function refuseRestricted(member: Member, nowMs: number): void {
  const restriction = member.restriction(nowMs);
  if (!restriction) return;
  const retryAfterMs = restriction.until === null ? null : Date.parse(restriction.until) - nowMs;
  throw new ChatRefusal(restriction.kind === 'ban' ? 'chat_banned' : 'chat_muted', { detail: restriction.reason, retryAfterMs });
}

function refuseByRules(room: Room, text: string): void {
  if (!room.settings.links_allowed && hasLink(text)) throw new ChatRefusal('chat_links_off');
  if (room.hasBlockedWord(text)) throw new ChatRefusal('chat_words');
}

/** Two messages at once can't both pass; what other processes stored is looked at with the storing. @returns gives the turn back */
function takeSlowTurn(room: Room, userId: string, nowMs: number): () => void {
  const slowMs = room.settings.slow_mode_s * 1_000;
  if (slowMs === 0) return () => undefined;
  const before = room.lastSent.get(userId);
  if (before !== undefined && before + slowMs > nowMs) throw new ChatRefusal('chat_slow_mode', { retryAfterMs: before + slowMs - nowMs });
  if (room.lastSent.size >= LAST_SENT_MAX) for (const [user, at] of room.lastSent) if (at + slowMs <= nowMs) room.lastSent.delete(user);
  if (room.lastSent.size >= LAST_SENT_MAX) room.lastSent.delete(room.lastSent.keys().next().value ?? userId);
  room.lastSent.set(userId, nowMs);
  return () => void room.lastSent.delete(userId);
}
