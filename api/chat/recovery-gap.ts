import { TYPE_BROADCAST } from './redis-adapter.ts';

/** A packet as Socket.IO keeps it: event, arguments and, once it was sent, its offset. */
export type KeptPacket = unknown[];

export interface RestoredSession {
  sid: string;
  rooms: string[];
  missedPackets: KeptPacket[];
}

interface Sent {
  data: KeptPacket;
  rooms: readonly string[];
  /** Set where the offset is known otherwise than by the packet's own end. */
  offset: string | null;
  /** Elements before the offset was put at the end. */
  length: number;
}

/** What we touch of the adapters. */
interface WatchedAdapter {
  /** Of this process, among those that share a stream. */
  uid?: string;
  broadcast(packet: { type: number; data: KeptPacket }, opts: { rooms: Set<string>; flags?: { volatile?: boolean } }): unknown;
  onRawMessage?(message: Record<string, string>, offset: string): void;
}

export interface GapRecorder {
  /** @param restore gives the session; what is sent from now until `take` is written down for it */
  during<S extends RestoredSession>(restore: () => Promise<S | null>): Promise<S | null>;
  /** What the session neither missed nor will hear live, without offsets. */
  take(sid: string): KeptPacket[];
}

const EVENT = 2;
/** A connection is there within that time, or not at all, milliseconds. */
const OPEN_MS = 15_000;
/** What is written down at most; whoever needs more sees a hole in the positions and joins again. */
const LOG_MAX = 20_000;

/**
 * Socket.IO reads what a session missed, then lets the middlewares run, and only then sends to it: what comes between is in
 * neither. While sessions are restored, what is sent is written down here, and given to them once they are connected.
 */
export function createGapRecorder(given: object): GapRecorder {
  const adapter = given as WatchedAdapter;
  let log: Sent[] = [];
  /** Entries that the log has lost at its beginning. */
  let dropped = 0;
  /** Sessions on their way, by the place of the log at which they began. */
  const open = new Map<object, number>();
  const restored = new Map<string, { gap: object; session: RestoredSession; timer: NodeJS.Timeout }>();

  const note = (sent: Sent): void => {
    if (log.push(sent) < 2 * LOG_MAX) return;
    log.splice(0, LOG_MAX);
    dropped += LOG_MAX;
  };
  const close = (gap: object): void => {
    open.delete(gap);
    if (open.size > 0) return;
    dropped += log.length;
    log = [];
  };

  const broadcast = adapter.broadcast.bind(adapter);
  adapter.broadcast = (packet, opts) => {
    if (open.size > 0 && packet.type === EVENT && !opts.flags?.volatile) note({ data: packet.data, rooms: [...opts.rooms], offset: null, length: packet.data.length });
    return broadcast(packet, opts);
  };
  const read = adapter.onRawMessage?.bind(adapter);
  if (read) {
    adapter.onRawMessage = (message, offset) => {
      // Our own come back, too, and were noted when they were sent.
      if (open.size > 0 && message.uid !== adapter.uid && message.type === TYPE_BROADCAST && message.data !== undefined) {
        const { packet, opts } = JSON.parse(message.data) as { packet: { data: KeptPacket }; opts: { rooms: string[] } };
        note({ data: packet.data, rooms: opts.rooms, offset, length: packet.data.length });
      }
      read(message, offset);
    };
  }

  const forget = (sid: string): void => {
    const kept = restored.get(sid);
    if (!kept) return;
    clearTimeout(kept.timer);
    restored.delete(sid);
    close(kept.gap);
  };

  return {
    async during(restore) {
      const gap = {};
      open.set(gap, dropped + log.length);
      try {
        const session = await restore();
        if (!session) close(gap);
        else {
          forget(session.sid);
          restored.set(session.sid, { gap, session, timer: setTimeout(() => forget(session.sid), OPEN_MS).unref() });
        }
        return session;
      } catch (error) {
        close(gap);
        throw error;
      }
    },
    take(sid) {
      const kept = restored.get(sid);
      if (!kept) return [];
      const { gap, session } = kept;
      const known = new Set(session.missedPackets.map((packet) => packet.at(-1)));
      const since = log.slice(Math.max(0, (open.get(gap) ?? 0) - dropped));
      forget(sid);
      return since.filter((sent) => sent.rooms.some((room) => session.rooms.includes(room)) && isSent(sent) && !known.has(offsetOf(sent))).map(({ data, length }) => data.slice(0, length));
    },
  };
}

/** An entry of ours without an offset is on its way to Redis: it is heard live. */
const isSent = ({ data, offset, length }: Sent): boolean => offset !== null || data.length > length;
const offsetOf = ({ data, offset }: Sent): unknown => offset ?? data.at(-1);
