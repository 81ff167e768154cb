import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { Logger } from 'pino';
import { storeMessages } from '../../db/chat-store.ts';
import { createListener, type Listener } from '../../db/listener.ts';
import type { ChatMessage, ChatNotice } from '../../domain/contracts/chat.ts';
import { ERRORS } from '../../domain/errors.ts';
import { changedRow, CHANNELS } from '../../domain/names.ts';
import { createAppHub } from '../app-hub.ts';
import type { ApiDeps } from '../deps.ts';
import type { Realtime } from '../realtime.ts';
import { createTokenBuckets } from '../token-buckets.ts';
import { createAppSockets } from './app-sockets.ts';
import { handleConnection } from './connection.ts';
import { authenticate } from './handshake.ts';
import { createMessageStore } from './message-store.ts';
import { createChatMetrics } from './metrics.ts';
import { createChatModeration } from './moderation.ts';
import { createPresence, type LocalViewers } from './presence.ts';
import { checkRecoveries, RECOVERY_MS } from './recovery.ts';
import { createSharedRooms } from './redis-adapter.ts';
import { createRedisPresence } from './redis-presence.ts';
import { Rooms } from './rooms.ts';
import { createSendMessage, toMessage } from './send-message.ts';
import { createSocketGuard } from './socket-guard.ts';
import { tellMembers } from './tell.ts';
import { roomOf, roomOfUser, toSocket, type ChatIo } from './types.ts';

export interface ChatServerOptions {
  deps: Pick<ApiDeps, 'db' | 'pool' | 'config' | 'logger' | 'temporal' | 'metrics'>;
  /** For a listening connection of its own. */
  databaseUrl: string;
  /** The API's; Socket.IO takes /socket.io/ of it. */
  server: HttpServer;
  limits?: Partial<ChatLimits>;
}

export interface ChatLimits {
  /** Messages of one user, over all their sockets, in `burst_ms`. */
  burst: number;
  burst_ms: number;
  /** Everything else of one user in ten seconds. */
  commands: number;
  sockets: number;
  sockets_per_user: number;
}

export const DEFAULT_CHAT_LIMITS: ChatLimits = { burst: 5, burst_ms: 3_000, commands: 40, sockets: 20_000, sockets_per_user: 20 };

export interface ChatServer {
  /** Messages of other processes are heard from now on. Never rejects. */
  ready: Promise<void>;
  /** Tells those who are connected. */
  realtime: Realtime;
  /** Tells the clients to come again, stores what waits and cuts the lines. Idempotent. */
  close(): Promise<void>;
}

/** 500 characters are at most 2 KB; a word list by `settings` may be longer. */
const MAX_PAYLOAD_BYTES = 16 * 1_024;
const USERS_MAX = 50_000;

/** The chat of one API process, on the API's port: https://socket.io/docs/v4/server-options/ */
export function createChatServer({ deps, databaseUrl, server, limits: given = {} }: ChatServerOptions): ChatServer {
  const { db, pool, config, temporal } = deps;
  const limits = { ...DEFAULT_CHAT_LIMITS, ...given };
  const logger = deps.logger.child({ part: 'chat' });
  const metrics = createChatMetrics(deps.metrics.registry);
  const onError = troubles(logger);
  const shared =
    config.streaming.redisUrl === null
      ? null
      : createSharedRooms({ url: config.streaming.redisUrl, onError: (error) => onError('Redis', error), onBack: () => void rooms.tellPositions().catch((error: unknown) => onError('the database', error)) });
  const io: ChatIo = new Server(server, {
    maxHttpBufferSize: MAX_PAYLOAD_BYTES,
    connectTimeout: 10_000,
    cors: { origin: config.corsOrigins.length > 0 ? config.corsOrigins : false },
    connectionStateRecovery: { maxDisconnectionDuration: RECOVERY_MS, skipMiddlewares: false },
    ...(shared && { adapter: shared.adapter }),
  });
  const namespace = io.of('/');
  shared?.harden(namespace.adapter);
  const gaps = checkRecoveries(namespace.adapter, db, (error) => onError('recovery', error));

  const local: LocalViewers = (streamId) => ({ users: rooms.of(streamId)?.members ?? new Map(), sockets: rooms.of(streamId)?.sockets ?? 0 });
  const presence = createPresence({
    local,
    shared: shared && createRedisPresence(shared.client, local),
    onError: (error) => onError('Redis', error),
    tell(stream_id, viewers, here) {
      io.local.volatile.to(roomOf(stream_id)).emit('presence', { stream_id, ...viewers });
      if (here && shared) io.serverSideEmit('presence', { stream_id, ...viewers });
    },
  });
  const rooms: Rooms = new Rooms({ db, told: tellMembers(io, () => rooms, presence), onError: (error) => onError('the database', error) });
  const messages = createMessageStore({
    store: (drafts) => storeMessages(pool, drafts),
    onStored: (draft, stored) => io.to(roomOf(draft.stream_id)).emit('chat_message', toMessage(draft, stored)),
    metrics,
  });
  const guard = createSocketGuard({ io, limits, metrics });
  const onRefused = (code: string): void => metrics.refused.inc({ code });

  const admit = authenticate({ db, jwtSecret: config.jwtSecret, room: (userId) => guard.hasRoom(userId), onRefused });
  io.use((socket, next) => void admit(socket, next));
  io.on('connection', (socket) => {
    guard.came(socket);
    void socket.join(roomOfUser(socket.data.user_id));
    app.came(socket.data.user_id);
    if (socket.recovered) for (const [event, ...told] of gaps.take(socket.id)) toSocket(socket).emit(event as 'chat_message', ...(told as [ChatMessage]));
    handleConnection(socket, {
      db,
      jwtSecret: config.jwtSecret,
      rooms,
      presence,
      moderation,
      send,
      commands,
      typings,
      tellTyping({ data: { user_id, user_name }, id }, stream_id) {
        const event = { stream_id, user_id, user_name };
        io.local.volatile.to(roomOf(stream_id)).except(id).emit('typing', event);
        if (shared) io.serverSideEmit('typing', event);
      },
      onRefused({ data: { user_id } }, event, code, error, unexpected) {
        onRefused(code);
        if (unexpected) logger.error({ err: error, event, user_id }, 'a chat event failed');
      },
    });
  });
  io.on('typing', (event) => io.local.volatile.to(roomOf(event.stream_id)).emit('typing', event));
  io.on('presence', ({ stream_id, ...viewers }) => presence.heard(stream_id, viewers));

  const moderation = createChatModeration({ db, temporal, logger });
  const send = createSendMessage({ rooms, messages, bursts: createTokenBuckets(limits.burst, USERS_MAX, limits.burst_ms) });
  const commands = createTokenBuckets(limits.commands, USERS_MAX, 10_000);
  const typings = createTokenBuckets(1, USERS_MAX, 2_000);
  const sockets = createAppSockets(io);
  const app = createAppHub({ db, databaseUrl, sockets, onError: (error) => onError('the database', error) });
  const listener = listen(databaseUrl, rooms, (error) => onError('the database', error));

  let closing: Promise<void> | null = null;
  return {
    ready: shared?.ready ?? Promise.resolve(),
    realtime: sockets,
    close() {
      closing ??= (async () => {
        io.local.emit('closing', { code: 'unavailable', message: ERRORS.unavailable.message, reconnect: true });
        guard.close();
        await Promise.all([messages.close(), presence.close(), listener.close(), app.close()]);
        rooms.close();
        // A transport that ends makes clients come again by themselves; a disconnect by the server would not.
        io.engine.close();
        await namespace.adapter.close();
        await shared?.close();
      })();
      return closing;
    },
  };
}

function listen(databaseUrl: string, rooms: Rooms, onError: (error: unknown) => void): Listener {
  let first = true;
  return createListener({
    url: databaseUrl,
    channels: [CHANNELS.chat, CHANNELS.streams],
    onNotice(channel, payload) {
      if (channel === CHANNELS.streams) rooms.streamChanged(changedRow(payload).id);
      else rooms.notice(JSON.parse(payload) as ChatNotice).catch(onError);
    },
    onConnected() {
      if (!first) rooms.readAgain().catch(onError);
      first = false;
    },
    onError,
  });
}

/** One line for each trouble in ten seconds: a Redis that is away would fill the log. */
function troubles(logger: Pick<Logger, 'warn'>) {
  const said = new Map<string, number>();
  return (who: string, error: unknown): void => {
    const now = Date.now();
    if (now - (said.get(who) ?? 0) < 10_000) return;
    said.set(who, now);
    logger.warn({ err: error, who }, 'the chat has trouble');
  };
}
