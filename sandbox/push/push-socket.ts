import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Random } from '../catalogue/random.ts';
import { decodeClientFrame, decodeRoomId, encodePushFrame } from '../wire/frames.ts';
import type { Outgoing } from './outgoing.ts';
import { createAckLedger } from './ack-ledger.ts';
import { malformedFrame, malformedKind } from './malformed.ts';

export interface SocketFaults {
  redeliver: number;
  reorder: number;
  malformed_every: number | null;
}

export interface PushSocketOptions {
  socket: WebSocket;
  /** The TCP connection below it. */
  stream: Duplex;
  query: Record<string, string>;
  headers: Record<string, string>;
  random: Random;
  faults: () => SocketFaults;
  gzipAboveBytes: () => number | null;
  /** More unsent bytes than these: the client is too slow and is cut. */
  maxBufferedBytes: number;
  now: () => number;
  /** Called for messages after `seq` that this socket has not had, when it thaws. */
  catchUp(seq: number): Outgoing[];
  onClose(socket: PushSocket): void;
}

const REDELIVERY_MEMORY = 20;
const HELD_BACK_MS = 200;

/** One client's push connection: writes frames, reads acks and heartbeats, and misbehaves as it is told. */
export class PushSocket {
  readonly openedAt: number;
  readonly stats = {
    frames_sent: 0,
    messages_sent: 0,
    bytes_sent: 0,
    gzipped_frames: 0,
    malformed_frames: 0,
    redelivered_frames: 0,
    acks: 0,
    acks_unknown: 0,
    heartbeats: 0,
    pings: 0,
    bad_client_frames: 0,
    entered_room_id: null as string | null,
    cut_for_backlog: false,
  };
  /** Newest message that was written to this socket. */
  lastSeq: number;
  closeCode: number | null = null;

  readonly #options: PushSocketOptions;
  readonly #acks = createAckLedger();
  #recent: Outgoing[] = [];
  #held: Outgoing[] = [];
  #holding: NodeJS.Timeout | null = null;
  #frozen = false;
  #corked = false;
  #logId: bigint;

  /** @param lastSeq newest message that the client has already had */
  constructor(options: PushSocketOptions, lastSeq: number) {
    this.#options = options;
    this.lastSeq = lastSeq;
    this.openedAt = options.now();
    this.#logId = BigInt(this.openedAt) * 1_000_000n;
    this.#listen(options.socket);
  }

  get query(): Record<string, string> {
    return this.#options.query;
  }

  get headers(): Record<string, string> {
    return this.#options.headers;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get unacked(): number {
    return this.#acks.open;
  }

  get buffered(): number {
    return this.#options.socket.bufferedAmount;
  }

  /** Sends a frame, or what the faults make of it. */
  deliver(outgoing: Outgoing): void {
    if (this.#frozen) return;
    this.lastSeq = Math.max(this.lastSeq, outgoing.lastSeq);
    const { random, faults } = this.#options;
    const { reorder, redeliver, malformed_every } = faults();
    if (reorder > 0 && random() < reorder) return this.#holdBack(outgoing);
    this.#write(outgoing);
    this.#releaseHeld();
    if (redeliver > 0 && random() < redeliver) this.redeliver(1, random);
    if (malformed_every !== null && this.stats.frames_sent % malformed_every === 0) this.#writeMalformed();
  }

  /** Sends frames of late once more. @param pickOne chooses which; absent: the newest, in their order */
  redeliver(count: number, pickOne?: Random): number {
    const chosen = pickOne
      ? this.#recent
          .slice()
          .sort(() => pickOne() - 0.5)
          .slice(0, count)
      : this.#recent.slice(-count);
    for (const outgoing of chosen) {
      this.stats.redelivered_frames += 1;
      this.#write(outgoing);
    }
    return chosen.length;
  }

  /** Sends any bytes as one WebSocket message. */
  writeRaw(bytes: Uint8Array | string): void {
    if (this.#frozen) return;
    this.stats.bytes_sent += bytes.length;
    this.#cork();
    this.#options.socket.send(bytes);
  }

  freeze(): void {
    if (this.#frozen) return;
    this.#frozen = true;
    // Not even a close frame is read any more, as of a stopped process.
    this.#options.socket.pause();
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#options.socket.resume();
    for (const outgoing of this.#options.catchUp(this.lastSeq)) this.deliver(outgoing);
  }

  /** @param code a close code; absent: the TCP connection is reset */
  drop(code?: number, reason = ''): void {
    if (code === undefined) this.#options.socket.terminate();
    else this.#options.socket.close(code, reason);
  }

  #write(outgoing: Outgoing): void {
    const { socket, gzipAboveBytes, query } = this.#options;
    const plain = outgoing.plain();
    const limit = gzipAboveBytes();
    const gzip = limit !== null && query['compress'] === 'gzip' && plain.length > limit;
    this.#logId += 1n;
    const bytes = encodePushFrame({
      seqId: this.stats.frames_sent + 1,
      logId: this.#logId,
      headers: { compress_type: gzip ? 'gzip' : 'none' },
      payloadType: 'msg',
      payload: gzip ? outgoing.gzipped() : plain,
    });
    this.#remember(outgoing);
    this.stats.frames_sent += 1;
    this.stats.messages_sent += outgoing.messages.length;
    this.stats.bytes_sent += bytes.length;
    if (gzip) this.stats.gzipped_frames += 1;
    this.#cork();
    socket.send(bytes);
    if (socket.bufferedAmount > this.#options.maxBufferedBytes) {
      this.stats.cut_for_backlog = true;
      socket.terminate();
    }
  }

  /** Frames of one turn go out in one system call: at 20,000 a second the calls would cost most. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    const { stream } = this.#options;
    stream.cork();
    queueMicrotask(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  #remember(outgoing: Outgoing): void {
    this.#recent.push(outgoing);
    if (this.#recent.length > REDELIVERY_MEMORY) this.#recent.shift();
    this.#acks.sent(this.#logId, outgoing.internalExt);
  }

  #holdBack(outgoing: Outgoing): void {
    this.#held.push(outgoing);
    this.#holding ??= setTimeout(() => this.#releaseHeld(), HELD_BACK_MS);
  }

  #releaseHeld(): void {
    if (this.#holding) clearTimeout(this.#holding);
    this.#holding = null;
    for (const outgoing of this.#held.splice(0).reverse()) this.#write(outgoing);
  }

  #writeMalformed(): void {
    this.#logId += 1n;
    this.writeRaw(malformedFrame(malformedKind(this.stats.malformed_frames), this.#logId, this.#options.now()));
    this.stats.malformed_frames += 1;
  }

  #listen(socket: WebSocket): void {
    socket.on('ping', (data) => {
      this.stats.pings += 1;
      if (!this.#frozen) socket.pong(data);
    });
    socket.on('message', (data) => this.#read(data as Buffer));
    // A broken connection also closes; the close is what counts.
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      if (this.#holding) clearTimeout(this.#holding);
      this.closeCode = code;
      this.#options.onClose(this);
    });
  }

  #read(bytes: Buffer): void {
    try {
      const frame = decodeClientFrame(bytes);
      if (frame.payloadType === 'ack') return this.#acknowledge(BigInt(frame.logId), Buffer.from(frame.payload).toString());
      if (frame.payloadType === 'hb') this.stats.heartbeats += 1;
      else if (frame.payloadType === 'im_enter_room') this.#enter(decodeRoomId(frame.payload));
      else this.stats.bad_client_frames += 1;
    } catch {
      // What a client sends amiss is counted, for tests to see.
      this.stats.bad_client_frames += 1;
    }
  }

  #enter(roomId: string): void {
    this.stats.entered_room_id = roomId;
    this.#logId += 1n;
    this.writeRaw(encodePushFrame({ seqId: 0, logId: this.#logId, payloadType: 'im_enter_room_resp', payload: new Uint8Array(0) }));
  }

  #acknowledge(logId: bigint, internalExt: string): void {
    if (this.#acks.acknowledge(logId, internalExt)) this.stats.acks += 1;
    else this.stats.acks_unknown += 1;
  }
}
