import type { z } from 'zod';
import { messagesAfter, messagesBefore, toChatMessage } from '../../db/chat-message.repository.ts';
import type { Db } from '../../db/client.ts';
import { CHAT_CATCH_UP, CHAT_HISTORY, type JoinedChat } from '../../domain/contracts/chat.ts';
import { AppError } from '../../domain/errors.ts';
import { faultsOf } from '../validation.ts';
import type { TokenBuckets } from '../token-buckets.ts';
import { playTokenEnd } from './handshake.ts';
import { INPUTS } from './input.ts';
import type { ChatModeration } from './moderation.ts';
import type { Presence } from './presence.ts';
import { ChatRefusal, refusalOf } from './refusal.ts';
import type { Rooms } from './rooms.ts';
import type { createSendMessage } from './send-message.ts';
import { roomOf, type ChatSocket } from './types.ts';

export interface HandlersOptions {
  db: Db;
  jwtSecret: string;
  rooms: Rooms;
  presence: Presence;
  moderation: ChatModeration;
  send: ReturnType<typeof createSendMessage>;
  /** Everything but messages and typing, one for each user. */
  commands: TokenBuckets;
  /** One for each user and stream. */
  typings: TokenBuckets;
  /** Tells a stream's room, in all processes, that this socket's user types. */
  tellTyping: (socket: ChatSocket, streamId: string) => void;
  onRefused: (socket: ChatSocket, event: string, code: string, error: unknown, unexpected: boolean) => void;
}

/** Rooms that one socket may be in. */
const STREAMS_MAX = 20;

/** Gives a connected socket its events. @param entered settles once a recovered socket is back in its rooms */
export function handleEvents(socket: ChatSocket, entered: Promise<void>, options: HandlersOptions): void {
  const { db, jwtSecret, rooms, presence, moderation, send, commands, typings, tellTyping, onRefused } = options;
  const userId = socket.data.user_id;
  const turns = new Map<string, Promise<unknown>>();

  /** What is asked for last holds: a leave comes after the join before it, however long that takes. */
  const inTurn = <T>(streamId: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(streamId) ?? Promise.resolve()).then(work);
    const over = turn.catch(() => undefined).finally(() => turns.get(streamId) === over && turns.delete(streamId));
    turns.set(streamId, over);
    return turn;
  };
  const answer = async (event: string, ack: unknown, work: () => Promise<object | void>): Promise<void> => {
    const reply = typeof ack === 'function' ? (ack as (answer: object) => void) : () => undefined;
    try {
      await entered;
      reply({ ok: true, ...(await work()) });
    } catch (error) {
      const refusal = refusalOf(error);
      onRefused(socket, event, refusal.answer.code, error, refusal.unexpected);
      reply(refusal.answer);
    }
  };
  const command = <E extends keyof typeof INPUTS>(event: E, work: (input: z.infer<(typeof INPUTS)[E]>) => Promise<object | void>): void => {
    socket.on<keyof typeof INPUTS>(event, ((input: unknown, ack: unknown) =>
      void answer(event, ack, () => {
        const waitS = commands.take(userId, Date.now());
        if (waitS > 0) throw new ChatRefusal('rate_limited', { retryAfterMs: waitS * 1_000 });
        return work(parsed(INPUTS[event], input) as z.infer<(typeof INPUTS)[E]>);
      })) as never);
  };

  const join = async ({ stream_id, after, token }: z.infer<typeof INPUTS.join>): Promise<JoinedChat> => {
    const play = await playTokenEnd(token, stream_id, jwtSecret);
    if (!(stream_id in socket.data.streams) && Object.keys(socket.data.streams).length >= STREAMS_MAX) throw new AppError('rate_limited', `${STREAMS_MAX} streams are joined already`);
    const { room, member } = await rooms.enter(socket, stream_id, play.until_s).catch((error: unknown) => {
      throw play.expired && error instanceof AppError && error.code === 'not_found' ? new AppError('token_expired') : error;
    });
    if (!rooms.memberOf(socket, stream_id)) throw new AppError('chat_not_joined');
    // In the room before the history is read: a message that comes between is in one of them, or in both.
    await socket.join(roomOf(stream_id));
    const [rows, { viewers }] = await Promise.all([after === undefined ? messagesBefore(db, stream_id, CHAT_HISTORY) : messagesAfter(db, stream_id, CHAT_CATCH_UP + 1, after), presence.count(stream_id)]);
    // Shut out while the history was read: it is not theirs any more.
    if (!rooms.memberOf(socket, stream_id)) throw new AppError('chat_not_joined');
    const messages = (after === undefined ? rows.toReversed() : rows.slice(0, CHAT_CATCH_UP)).map(toChatMessage);
    return {
      messages,
      more: after !== undefined && rows.length > CHAT_CATCH_UP,
      viewers,
      settings: room.settings,
      moderator: room.moderatedBy(member),
      restriction: member.restriction(Date.now()),
    };
  };

  command('join', (input) =>
    inTurn(input.stream_id, () =>
      join(input).catch(async (error: unknown) => {
        // Refused, a socket that was in before is out as well: nobody is in Socket.IO's room without being a member, whom bans reach.
        await rooms.forget(socket, input.stream_id);
        throw error;
      }),
    ),
  );

  command('leave', ({ stream_id }) => inTurn(stream_id, () => rooms.forget(socket, stream_id)));

  socket.on('chat_message', (input: unknown, ack: unknown) => void answer('chat_message', ack, async () => ({ message: await send(socket, input) })));

  socket.on('typing', (input: unknown) => {
    const { success, data } = INPUTS.typing.safeParse(input);
    const joined = success ? rooms.memberOf(socket, data.stream_id) : undefined;
    if (!data || !joined || joined.member.restriction(Date.now())) return;
    if (typings.take(`${data.stream_id} ${userId}`, Date.now()) === 0) tellTyping(socket, data.stream_id);
  });

  command('delete_message', ({ stream_id, message_id }) => moderation.deleteMessage(userId, stream_id, message_id));
  command('moderate', async ({ stream_id, ...order }) => ({ restriction: await moderation.restrict(userId, stream_id, order) }));
  command('lift', ({ stream_id, ...which }) => moderation.lift(userId, stream_id, which));
  command('settings', async ({ stream_id, ...change }) => ({ settings: await moderation.changeSettings(userId, stream_id, change) }));
}

function parsed<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = faultsOf(result.error, 'input');
  throw new AppError('validation_failed', faults.map(({ field, message }) => `${field}: ${message}`).slice(0, 3).join('; '));
}
