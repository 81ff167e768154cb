import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createBaseWebcastPushFrame } from 'tiktok-live-connector';
import type { ConnectionEnd, LiveConnection, LiveFrame, RoomIdentity } from '../../domain/contracts/live-connection.ts';
import type { RoomTotals } from '../../domain/contracts/live-event.ts';
import type { LiveSocket } from './browser.ts';
import type { LiveLogger } from './context.ts';
import { LiveError, abortedError, toLiveError } from './errors.ts';
import { decodePush, type DecodedBatch } from './frame.ts';

export interface ConnectionOptions {
  /** Just made, still connecting. */
  socket: LiveSocket;
  room: RoomIdentity;
  /** The sign answer's batch: delivered when the socket stands, before anything that comes over it. */
  first: { batch: DecodedBatch; bytes: number };
  onFrame: (frame: LiveFrame) => void;
  closeTimeoutMs: number;
  redact: (text: string) => string;
  logger: LiveLogger;
}

const NO_ACK = (): void => undefined;
const NORMAL_CLOSURE = 1000;
const OPEN = 1;
const CLOSED = 3;
const MAX_REASON = 200;

/**
 * The push socket's life. It delivers frames in the order in which they came, acknowledges what the consumer has stored,
 * answers pings, and ends exactly once. It never throws into the socket's events.
 */
export class PushConnection implements LiveConnection {
  readonly room: RoomIdentity;
  readonly totals: RoomTotals = {};
  readonly ended: Promise<ConnectionEnd>;
  readonly #options: ConnectionOptions;
  readonly #socket: LiveSocket;
  #error: string | null = null;
  #closing: Promise<void> | null = null;
  #ignored = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.room = options.room;
    const { socket } = options;
    socket.on('message', (data, isBinary) => this.#onMessage(data as Buffer, isBinary));
    // The connector switches this off, and a proxy that pings would drop us.
    socket.on('ping', (data) => socket.pong(data));
    socket.on('error', (error) => (this.#error ??= options.redact(error.message)));
    this.ended = new Promise((resolve) => socket.once('close', (code, reason) => resolve(this.#end(code, reason))));
  }

  /** Resolves when the socket stands and the first batch is delivered. @throws LiveError */
  opened(signal: AbortSignal): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const settle = (error?: LiveError): void => {
        signal.removeEventListener('abort', onAbort);
        socket.off('open', onOpen).off('close', onClose).off('unexpected-response', onRefused);
        if (!error) return resolve();
        socket.terminate();
        reject(error);
      };
      const onAbort = (): void => settle(abortedError());
      const onClose = (): void =>
        settle(new LiveError('tiktok_unreachable', { detail: this.#error ?? 'The socket closed while opening.' }));
      const onRefused = (_request: unknown, response: IncomingMessage): void => settle(handshakeError(response, this.#options.redact));
      const onOpen = (): void => {
        try {
          this.#enter();
          settle();
        } catch (error) {
          settle(toLiveError(error));
        }
      };
      socket.once('open', onOpen).once('close', onClose).once('unexpected-response', onRefused);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  /** A socket that is paused reads no answer: it counts as alive until it is resumed. */
  async ping(timeoutMs: number): Promise<boolean> {
    const socket = this.#socket;
    if (socket.readyState !== OPEN) return false;
    if (socket.isPaused) return true;
    const token = randomBytes(8);
    return await new Promise<boolean>((resolve) => {
      const settle = (alive: boolean): void => {
        clearTimeout(timer);
        socket.off('pong', onPong).off('close', onClose);
        resolve(alive);
      };
      const onPong = (data: Buffer): void => {
        if (data.equals(token)) settle(true);
      };
      const onClose = (): void => settle(false);
      const timer = setTimeout(() => settle(false), timeoutMs);
      socket.on('pong', onPong).once('close', onClose);
      socket.ping(token);
    });
  }

  pause(): void {
    if (this.#socket.readyState === OPEN) this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === CLOSED) return;
    // The other side's close is read only by a socket that reads.
    this.resume();
    const timer = setTimeout(() => socket.terminate(), this.#options.closeTimeoutMs);
    socket.close(NORMAL_CLOSURE);
    await this.ended;
    clearTimeout(timer);
  }

  #enter(): void {
    const { batch, bytes } = this.#options.first;
    this.#deliver(batch, bytes, Date.now(), NO_ACK);
    this.#socket.switchRooms(this.room.room_id);
  }

  #onMessage(bytes: Buffer, isBinary: boolean): void {
    if (this.#closing) return;
    const receivedAtMs = Date.now();
    const push = isBinary ? decodeOrCount(bytes, receivedAtMs) : MALFORMED;
    if (!push) return;
    const { batch, ack } = push;
    this.#ignored += batch.ignored;
    try {
      this.#deliver(batch, bytes.length, receivedAtMs, ack ? this.#ackOnce(ack) : NO_ACK);
    } catch (error) {
      // The consumer's fault must not take the process with it: it ends this connection, with its reason.
      this.#error ??= `The consumer failed: ${error instanceof Error ? error.message : String(error)}`;
      this.#socket.terminate();
    }
  }

  #deliver({ events, totals, cursor, decode_failures }: DecodedBatch, bytes: number, receivedAtMs: number, ack: () => void): void {
    Object.assign(this.totals, totals);
    this.#options.onFrame({ events, totals, cursor, decode_failures, bytes, received_at_ms: receivedAtMs, ack });
  }

  #ackOnce({ logId, internalExt }: { logId: string; internalExt: string }): () => void {
    let sent = false;
    return () => {
      if (sent) return;
      sent = true;
      const frame = createBaseWebcastPushFrame({ logId, payloadEncoding: 'pb', payloadType: 'ack', payload: Buffer.from(internalExt) });
      this.#socket.sendBytes(frame.finish());
    };
  }

  #end(code: number, reason: Buffer): ConnectionEnd {
    if (this.#ignored > 0)
      this.#options.logger.debug({ room_id: this.room.room_id, messages: this.#ignored }, 'messages of kinds that nobody needs');
    if (this.#error !== null && !this.#closing) return { kind: 'error', error: this.#error };
    return { kind: 'closed', code, reason: this.#options.redact(reason.toString('utf8')).slice(0, MAX_REASON) };
  }
}

const MALFORMED: { batch: DecodedBatch; ack?: undefined } = {
  batch: { events: [], totals: {}, cursor: null, decode_failures: 1, ignored: 0 },
};

function decodeOrCount(bytes: Buffer, receivedAtMs: number): ReturnType<typeof decodePush> {
  try {
    return decodePush(bytes, receivedAtMs);
  } catch {
    // A broken frame is counted and told by the frame that we deliver; the connection is good.
    return MALFORMED;
  }
}

/** TikTok says in `handshake-msg` why it refuses a socket. */
function handshakeError(response: IncomingMessage, redact: (text: string) => string): LiveError {
  response.resume();
  const status = response.statusCode ?? 0;
  const words = [response.headers['handshake-msg']].flat()[0];
  const detail = redact(words ? `${status} ${words}` : `HTTP ${status}`);
  const seconds = Number(response.headers['retry-after']);
  const wait = Number.isFinite(seconds) ? { retry_after_ms: seconds * 1_000 } : {};
  return new LiveError(status >= 500 ? 'tiktok_unreachable' : 'tiktok_refused', { detail, ...wait });
}
