import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { userNamed } from '../catalogue/people.ts';
import type { Random } from '../catalogue/random.ts';
import { createRandom, hashOf } from '../catalogue/random.ts';
import type { EventDraft, SandboxEvent, SandboxUser } from '../events.ts';
import type { Outgoing } from '../push/outgoing.ts';
import { createOutgoing } from '../push/outgoing.ts';
import { PushSocket } from '../push/push-socket.ts';
import { encodeBaseMessage } from '../wire/frames.ts';
import { encodeEvent } from '../wire/messages.ts';
import { formatCursor, parseCursor } from './cursor.ts';
import type { IdSource } from './ids.ts';
import { roomIdOf } from './ids.ts';
import type { Load } from './load.ts';
import type { LoggedMessage } from './message-log.ts';
import { MessageLog } from './message-log.ts';
import { createRoomLife, type RoomLife } from './room-life.ts';
import { createObservations, type Observations } from './observations.ts';
import { createScript, type RoomFigures, type Script } from './script.ts';
import { createSignScript, type SignScript } from './sign-desk.ts';
import type { RoomSettings, RoomStatus } from './settings.ts';
import { createTotals, type TotalsKeeper } from './totals.ts';
import { createTraffic, type Traffic } from './traffic.ts';

export interface RoomContext {
  seed: number;
  ids: IdSource;
  /** Tells a restarted sandbox's cursors from ours. */
  run: string;
  now: () => number;
  maxBufferedBytes: number;
}

/** An event to publish; id and time are given to it where it has none. */
export type Publication = EventDraft & { msg_id?: string; created_at_ms?: number };

/** A message that is encoded already, for those who send thousands a second. */
export interface EncodedMessage {
  draft: EventDraft;
  msgId: bigint;
  base: Uint8Array;
}

const CATCH_UP_FRAME = 100;

/** One TikTok LIVE: who it is, what has happened, and who listens. */
export class Room {
  readonly name: string;
  readonly owner: SandboxUser;
  readonly figures: RoomFigures;
  readonly random: Random;
  readonly script: Script;
  readonly traffic: Traffic;
  readonly life: RoomLife;
  readonly observations: Observations = createObservations();
  readonly totals: TotalsKeeper = createTotals();
  readonly signScript: SignScript = createSignScript();
  readonly sockets = new Set<PushSocket>();
  readonly createdAt: number;
  settings: RoomSettings;
  status: RoomStatus;
  roomId: string;
  liveSince: number;
  log: MessageLog;
  /** The newest load, running or done. */
  load: Load | null = null;
  readonly #context: RoomContext;
  #generation = 0;

  constructor(name: string, settings: RoomSettings, context: RoomContext) {
    this.name = name;
    this.settings = settings;
    this.status = settings.starts;
    this.#context = context;
    this.createdAt = this.liveSince = context.now();
    this.roomId = roomIdOf(name, 0);
    this.owner = userNamed(name, { nickname: settings.nickname ?? name });
    this.log = new MessageLog(settings.log_size);
    this.random = createRandom(context.seed ^ hashOf(name));
    this.figures = { viewers: 120 + (hashOf(name) % 900), total_viewers: 4_000, likes: 25_000, followers: 18_000, shares: 300 };
    this.script = createScript({
      random: this.random,
      ids: context.ids,
      figures: this.figures,
      abandonedStreaks: () => this.settings.traffic.abandoned_streaks,
    });
    this.traffic = createTraffic(this);
    this.life = createRoomLife(this);
  }

  get ids(): IdSource {
    return this.#context.ids;
  }

  now(): number {
    return this.#context.now();
  }

  cursorAt(seq: number): string {
    return formatCursor(seq, this.#run, this.now());
  }

  /** @returns the place of a cursor in this room's log; null where it is not one of it */
  seqOf(cursor: string | null | undefined): number | null {
    const seq = parseCursor(cursor, this.#run);
    return seq !== null && seq <= this.log.lastSeq ? seq : null;
  }

  /** Encodes, logs, counts and sends events, `events_per_frame` in a frame. @returns them with ids and times */
  publish(publications: readonly Publication[], perFrame = this.settings.traffic.events_per_frame): SandboxEvent[] {
    const events = publications.map((draft) => this.#complete(draft));
    const messages = events.map((event, index) => {
      this.totals.add(event, publications[index]?.msg_id);
      return this.log.append(event.msg_id, encodeBaseMessage(encodeEvent(event, this.roomId), event.msg_id));
    });
    for (let from = 0; from < messages.length; from += perFrame) this.#send(messages.slice(from, from + perFrame));
    return events;
  }

  /** Logs, counts and sends encoded messages in one frame. */
  publishEncoded(encoded: readonly EncodedMessage[]): void {
    this.#send(
      encoded.map(({ draft, msgId, base }) => {
        this.totals.add(draft);
        return this.log.append(msgId, base);
      }),
    );
  }

  /** Ends the LIVE: a control message, as TikTok sends it, and no new sockets. */
  end(as: 'ended' | 'suspended'): void {
    if (this.status !== 'live') return;
    this.publish([...this.script.endStreaks(), { type: 'control', user: null, action: as, tips: '' }]);
    this.status = as;
    this.traffic.stop();
    this.life.ended();
  }

  goOffline(): void {
    this.status = 'offline';
    this.traffic.stop();
    this.dropAll(1000, 'offline');
  }

  /** Goes live. A LIVE that was over begins anew: a new room id, an empty log. */
  goLive(): void {
    if (this.status === 'live') return;
    this.#generation += 1;
    this.roomId = roomIdOf(this.name, this.#generation);
    this.log = new MessageLog(this.settings.log_size);
    this.liveSince = this.now();
    this.status = 'live';
  }

  /** @returns true where the id is this room's, now or in an earlier LIVE */
  hadRoomId(roomId: string): boolean {
    for (let generation = this.#generation; generation >= 0; generation--) if (roomIdOf(this.name, generation) === roomId) return true;
    return false;
  }

  /** Takes a client in. One that brings a cursor first gets what it missed. */
  attach(socket: WebSocket, stream: Duplex, query: Record<string, string>, headers: Record<string, string>): void {
    const seq = this.seqOf(query['cursor']) ?? this.log.lastSeq;
    const push = new PushSocket(
      {
        socket,
        stream,
        query,
        headers,
        random: this.random,
        faults: () => this.settings.faults,
        gzipAboveBytes: () => this.settings.gzip_above_bytes,
        maxBufferedBytes: this.#context.maxBufferedBytes,
        now: () => this.now(),
        catchUp: (after) => this.#framesAfter(after),
        onClose: (closed) => {
          this.sockets.delete(closed);
          this.observations.socketClosed(closed);
          this.life.socketClosed(closed);
        },
      },
      seq,
    );
    this.sockets.add(push);
    this.observations.socketOpened();
    for (const outgoing of this.#framesAfter(seq)) push.deliver(outgoing);
    this.traffic.wake();
    this.life.socketOpened(push);
  }

  dropAll(code?: number, reason?: string): number {
    const dropped = this.sockets.size;
    for (const socket of this.sockets) socket.drop(code, reason);
    return dropped;
  }

  /** Stops all that runs and cuts every socket. */
  close(): void {
    this.load?.stop();
    this.traffic.stop();
    this.life.close();
    this.dropAll();
  }

  get #run(): string {
    return `${this.#context.run}${this.#generation}`;
  }

  #complete(draft: Publication): SandboxEvent {
    return { ...draft, msg_id: draft.msg_id ?? String(this.ids.next()), created_at_ms: draft.created_at_ms ?? this.now() };
  }

  #send(messages: readonly LoggedMessage[]): void {
    const last = messages.at(-1);
    if (!last || this.sockets.size === 0) return;
    const outgoing = this.#outgoing(messages, last.seq);
    for (const socket of this.sockets) socket.deliver(outgoing);
  }

  #framesAfter(seq: number): Outgoing[] {
    const missed = this.log.after(seq);
    const frames: Outgoing[] = [];
    for (let from = 0; from < missed.length; from += CATCH_UP_FRAME) {
      const part = missed.slice(from, from + CATCH_UP_FRAME);
      frames.push(this.#outgoing(part, part.at(-1)?.seq ?? seq));
    }
    return frames;
  }

  #outgoing(messages: readonly LoggedMessage[], lastSeq: number): Outgoing {
    return createOutgoing({ messages: messages.map(({ base }) => base), lastSeq, cursor: this.cursorAt(lastSeq), now: this.now() });
  }
}
