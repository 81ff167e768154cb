import type {
  LiveClient,
  LiveConnection,
  OpenRequest,
  RoomIdentity,
  RoomState,
  SignBudget,
} from '../../domain/contracts/live-connection.ts';
import type { TikTokInput } from '../../domain/contracts/livestream.ts';
import { createBrowser } from './browser.ts';
import { PushConnection } from './connection.ts';
import { createCall, DEFAULT_TIMEOUTS, type Call, type LiveContext, type LiveLogger, type LiveTimeouts, type LiveUrls } from './context.ts';
import { LiveError, toLiveError } from './errors.ts';
import { decodeBatch, type DecodedBatch } from './frame.ts';
import { pushServerOf } from './push-server.ts';
import { fetchRoomInfo, type RoomInfo } from './room-info.ts';
import { findRoomOf } from './room-lookup.ts';
import { mayCarrySession, sessionCookies } from './secrets.ts';
import { resolveShortLink } from './short-link.ts';
import { acquireTurn, signRoom, type SignedRoom } from './sign-service.ts';

export { LiveError } from './errors.ts';
export { DEFAULT_TIMEOUTS, type LiveLogger, type LiveTimeouts, type LiveUrls } from './context.ts';

export interface LiveClientOptions {
  urls: LiveUrls;
  /** Key of the sign service. */
  signApiKey?: string | null | undefined;
  signBudget: SignBudget;
  timeouts?: Partial<LiveTimeouts>;
  /** A larger WebSocket message ends the connection. */
  maxPayloadBytes?: number;
  logger?: LiveLogger;
}

const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
const MAX_INT64 = 9_223_372_036_854_775_807n;
const SILENT: LiveLogger = { debug: () => undefined, warn: () => undefined };

/**
 * TikTok LIVE over tiktok-live-connector. Clients share nothing: several, with different URLs, may live in one process.
 * Every method rejects with LiveError only.
 */
export function createLiveClient({ urls, signApiKey, signBudget, timeouts, maxPayloadBytes, logger }: LiveClientOptions): LiveClient {
  const all = { ...DEFAULT_TIMEOUTS, ...timeouts };
  const context: LiveContext = {
    urls,
    signApiKey: signApiKey ?? null,
    signBudget,
    timeouts: all,
    maxPayloadBytes: maxPayloadBytes ?? MAX_PAYLOAD_BYTES,
    browser: createBrowser(all.heartbeat),
    logger: logger ?? SILENT,
  };
  return {
    resolveRoom: (input, cookie, signal) => typed(() => resolveRoom(context, createCall(context, cookie, signal), input)),
    roomState: (roomId, cookie, signal) =>
      typed(async () => (await fetchRoomInfo(context, createCall(context, cookie, signal), checked(roomId))).state),
    open: (request) => typed(() => open(context, request)),
  };
}

async function typed<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toLiveError(error);
  }
}

/**
 * A user who is not live is a rejection (user_offline): the room of a LIVE to come does not exist yet. A room that is
 * asked for by its id and is over has the state `offline`.
 */
async function resolveRoom(context: LiveContext, call: Call, input: TikTokInput): Promise<RoomIdentity & { state: RoomState }> {
  switch (input.kind) {
    case 'short_link':
      return await resolveRoom(context, call, await resolveShortLink(context, call, input.url));
    case 'room_id':
      return await fetchRoomInfo(context, call, checked(input.room_id));
    case 'username': {
      const found = await findRoomOf(context, call, input.username);
      if (found.room_id === null || found.state === 'offline') throw new LiveError('user_offline');
      const info = await infoIfAnswered(context, call, found.room_id);
      if (info?.state === 'offline') throw new LiveError('user_offline');
      return { room_id: found.room_id, username: input.username, title: info?.title ?? found.title, state: info?.state ?? found.state };
    }
  }
}

/** The look-up has found the room already: that its details can't be had is no reason to stay away, an age limit is. */
async function infoIfAnswered(context: LiveContext, call: Call, roomId: string): Promise<RoomInfo | null> {
  try {
    return await fetchRoomInfo(context, call, checked(roomId));
  } catch (error) {
    if (!(error instanceof LiveError) || error.aborted || error.code === 'age_restricted') throw error;
    context.logger.debug({ room_id: roomId, code: error.code, detail: error.detail }, 'room info can not be had');
    return null;
  }
}

async function open(context: LiveContext, request: OpenRequest): Promise<LiveConnection> {
  const call = createCall(context, request.session_cookie, request.signal);
  const asked = checked(request.room_id);
  await acquireTurn(context, call, request.livestream_id);
  const signed = await signRoom(context, call, asked, request.cursor ?? '');
  const room = { room_id: checked(signed.room_id), username: request.username, title: null };
  // Without a cursor, all of the first batch happened before we came; with one, it is what was missed.
  const batch = decodeBatch(signed.first, Date.now(), request.cursor === null);
  if (batch.events.some((event) => event.type === 'live_end' && !event.is_history)) return endedConnection(room, batch, signed, request);

  const connection = new PushConnection({
    socket: openSocket(context, call, room.room_id, signed),
    room,
    first: { batch, bytes: signed.bytes },
    onFrame: request.onFrame,
    closeTimeoutMs: context.timeouts.close,
    redact: call.redact,
    logger: context.logger,
  });
  await connection.opened(request.signal);
  return connection;
}

function openSocket(
  context: LiveContext,
  call: Call,
  roomId: string,
  signed: SignedRoom,
): ReturnType<LiveContext['browser']['openSocket']> {
  const { first, cookie } = signed;
  const pushServer = pushServerOf(context.urls.sign, first.pushServer);
  const routeParams = Object.entries(first.routeParams).filter(([, value]) => value !== '');
  const session = mayCarrySession(pushServer) ? sessionCookies(call.cookie) : [];
  return context.browser.openSocket({
    pushServer,
    roomId,
    params: {
      compress: 'gzip',
      room_id: roomId,
      internal_ext: first.internalExt,
      cursor: first.cursor,
      ...Object.fromEntries(routeParams),
    },
    cookie: [...session, cookie].join('; '),
    handshakeTimeoutMs: context.timeouts.handshake,
    maxPayloadBytes: context.maxPayloadBytes,
  });
}

/**
 * The LIVE is over, so no socket is asked for. Who was there before gets what was missed, its end included.
 * @throws LiveError room_ended for one who was not
 */
function endedConnection(
  room: RoomIdentity,
  batch: DecodedBatch,
  { bytes }: SignedRoom,
  { cursor: resumedAt, onFrame }: OpenRequest,
): LiveConnection {
  if (resumedAt === null) throw new LiveError('room_ended');
  const { events, totals, cursor, decode_failures } = batch;
  onFrame({ events, totals, cursor, decode_failures, bytes, received_at_ms: Date.now(), ack: () => undefined });
  return {
    room,
    totals,
    ended: Promise.resolve({ kind: 'closed', code: 1000, reason: 'The LIVE has ended.' }),
    ping: async () => false,
    pause: () => undefined,
    resume: () => undefined,
    close: async () => undefined,
  };
}

/** The wire carries room ids as positive 64-bit numbers only. */
function checked(roomId: string): string {
  if (!/^[1-9]\d{0,18}$/.test(roomId) || BigInt(roomId) > MAX_INT64)
    throw new LiveError('tiktok_bad_response', { detail: 'A room id that is no number.' });
  return roomId;
}
