import { randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { Logger } from 'pino';
import { Server, type Socket } from 'socket.io';
import { AppError, ERRORS, type ErrorCode } from '../../domain/errors.ts';
import type { MediaGate, SessionBook } from '../live-session.ts';
import type { StagePool } from '../stage.ts';
import { HANDLERS } from './handlers.ts';
import { REQUESTS, SIGNALLING_NAMESPACE, type RequestName, type ServerEvents, type SignallingAck } from './messages.ts';
import { Rooms } from './rooms.ts';
import { Elsewhere, Seat, type Identity } from './seat.ts';

export interface SignallingOptions {
  /** The media host's HTTP server: Socket.IO takes /socket.io/ of it. */
  server: HttpServer;
  stages: StagePool;
  sessions: SessionBook;
  gate: MediaGate;
  /** Whom a token belongs to. @throws AppError unauthenticated, token_expired */
  identify: (token: string | null) => Promise<Identity>;
  host_id: string;
  /** RTCIceServer objects. */
  iceServers: readonly object[];
  limits?: Partial<SignallingLimits>;
  logger: Logger;
}

export interface SignallingLimits {
  sockets: number;
  /** Requests of one socket in ten seconds; who asks more is cut off at twice as many. */
  requests: number;
}

export interface SignallingServer {
  /** Cuts all sockets off; what they held is freed. */
  close(): void;
}

export const SIGNALLING_LIMITS: SignallingLimits = { sockets: 5_000, requests: 200 };
const MAX_MESSAGE_BYTES = 64 * 1_024;
const PERIOD_MS = 10_000;

type StageSocket = Socket<Record<string, (...args: unknown[]) => void>, ServerEvents, object, { seat: Seat }>;

/** mediasoup's signalling for mediasoup-client: https://mediasoup.org/documentation/v3/communication-between-client-and-server/ */
export function createSignalling({ server, stages, sessions, gate, identify, host_id, iceServers, limits: given, logger: parent }: SignallingOptions): SignallingServer {
  const limits = { ...SIGNALLING_LIMITS, ...given };
  const logger = parent.child({ part: 'signalling' });
  const rooms = new Rooms({ stages, sessions });
  // Who may connect is said by the token alone, from wherever the page comes.
  const io = new Server(server, { maxHttpBufferSize: MAX_MESSAGE_BYTES, connectTimeout: 10_000, cors: { origin: '*' }, serveClient: false });
  const namespace = io.of(SIGNALLING_NAMESPACE);

  namespace.use((socket, next) => {
    admit(socket as StageSocket).then(
      () => next(),
      (error: unknown) => {
        const { code, message } = refusalOf(error);
        logger.info({ code, remote_address: socket.handshake.address }, 'signalling was refused');
        next(Object.assign(new Error(message), { data: { code, message } }));
      },
    );
  });
  namespace.on('connection', (socket) => serve(socket as StageSocket));

  async function admit(socket: StageSocket): Promise<void> {
    if (namespace.sockets.size >= limits.sockets) throw new AppError('media_full');
    const { auth, query, address, headers } = socket.handshake;
    const token: unknown = (auth as { token?: unknown }).token ?? query.token;
    const known = typeof token === 'string' && token !== '' ? token : null;
    const identity = await identify(known);
    const request_id = randomUUID();
    socket.data.seat = new Seat({
      ...{ identity, token: known!, request_id, gate, sessions, rooms, host_id, iceServers },
      socket_id: socket.id,
      remote_address: address,
      user_agent: headers['user-agent']?.slice(0, 300) ?? null,
      tell: (event, ...facts) => void socket.emit(event, ...(facts as never)),
      logger: logger.child({ request_id }),
    });
  }

  function serve(socket: StageSocket): void {
    const { seat } = socket.data;
    const turns = counter();
    for (const name of Object.keys(REQUESTS) as RequestName[]) {
      socket.on(name, (request: unknown, acknowledge: unknown) => {
        const answer = (ack: SignallingAck): void => void (typeof acknowledge === 'function' && (acknowledge as (ack: SignallingAck) => void)(ack));
        const asked = turns();
        if (asked > limits.requests * 2) return void socket.disconnect(true);
        if (asked > limits.requests) return answer({ ok: false, code: 'rate_limited', message: ERRORS.rate_limited.message });
        void handle(seat, name, request).then(answer);
      });
    }
    socket.on('disconnect', () => seat.leave('connection_lost'));
  }

  async function handle(seat: Seat, name: RequestName, request: unknown): Promise<SignallingAck> {
    try {
      const parsed = REQUESTS[name].safeParse(request ?? {});
      if (!parsed.success) throw new AppError('validation_failed', parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ').slice(0, 500));
      return { ok: true, ...(await HANDLERS[name](seat, parsed.data as never)) };
    } catch (error) {
      const refusal = refusalOf(error);
      if (!(error instanceof AppError) && refusal.code !== 'internal') logger.warn({ err: error, request: name }, 'mediasoup did not take what a client sent');
      if (refusal.code === 'internal') logger.error({ err: error, request: name }, 'a signalling request failed');
      return { ok: false, ...refusal, ...(error instanceof Elsewhere ? { url: error.url } : {}) };
    }
  }

  return {
    close() {
      io.disconnectSockets(true);
      // Not io.close(): it would close the HTTP server, which is not ours.
      io.engine.close();
      rooms.close();
    },
  };
}

/** Requests in the present period. */
function counter(): () => number {
  let since = 0;
  let asked = 0;
  return () => {
    const now = performance.now();
    if (now - since > PERIOD_MS) {
      since = now;
      asked = 0;
    }
    return ++asked;
  };
}

/** What mediasoup says of parameters that it can't take is the client's fault. */
function refusalOf(error: unknown): { code: ErrorCode; message: string } {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  if (error instanceof Error && ['TypeError', 'UnsupportedError'].includes(error.name)) {
    const code = error.name === 'UnsupportedError' ? 'codec_unsupported' : 'validation_failed';
    return { code, message: `${ERRORS[code].message} (${error.message.slice(0, 300)})` };
  }
  return { code: 'internal', message: ERRORS.internal.message };
}
