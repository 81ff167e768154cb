import type { Logger } from 'pino';
import { pause } from './pause.ts';

export interface PresenceNote {
  device_id: string;
  is_online: boolean | null;
  seen_at_ms: number | null;
}

export interface PresenceBook {
  /** Notes that a device spoke (`seen`) or that somebody said whether it is online. Cheap: call it for every message. */
  note(deviceId: string, isOnline: boolean | null, seen: boolean): void;
  /** The device's config changed: whatever is said of it next is news. */
  forget(deviceId: string): void;
  /** Writes what is left. Idempotent. */
  close(): Promise<void>;
}

export interface PresenceOptions {
  write(notes: readonly PresenceNote[]): Promise<void>;
  logger: Pick<Logger, 'warn'>;
  flushMs?: number;
  /** A device that only goes on speaking is written down this often. */
  seenEveryMs?: number;
}

const MAX_KNOWN = 50_000;

/** Collects what is learnt of devices and writes it in batches; what says nothing new is not written. */
export function createPresenceBook({ write, logger, flushMs = 250, seenEveryMs = 10_000 }: PresenceOptions): PresenceBook {
  const known = new Map<string, { is_online: boolean | null; seen_at_ms: number }>();
  const closing = new AbortController();
  let waiting = new Map<string, PresenceNote>();
  let flushing: Promise<void> | null = null;

  const flush = async (): Promise<void> => {
    await pause(flushMs, closing.signal);
    const notes = [...waiting.values()];
    waiting = new Map();
    try {
      await write(notes);
    } catch (error) {
      // The next message of each device is news again.
      notes.forEach(({ device_id }) => known.delete(device_id));
      logger.warn({ err: error, devices: notes.length }, 'the state of devices could not be written');
    }
  };

  const schedule = (): void => {
    flushing ??= flush().finally(() => {
      flushing = null;
      if (waiting.size > 0 && !closing.signal.aborted) schedule();
    });
  };

  return {
    note(deviceId, isOnline, seen) {
      if (closing.signal.aborted) return;
      const now = Date.now();
      const before = known.get(deviceId) ?? { is_online: null, seen_at_ms: 0 };
      const changed = isOnline !== null && isOnline !== before.is_online;
      const isSeen = seen && (changed || now - before.seen_at_ms >= seenEveryMs);
      if (!changed && !isSeen) return;
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(deviceId, { is_online: isOnline ?? before.is_online, seen_at_ms: isSeen ? now : before.seen_at_ms });
      const note = waiting.get(deviceId);
      waiting.set(deviceId, {
        device_id: deviceId,
        is_online: isOnline ?? note?.is_online ?? null,
        seen_at_ms: isSeen ? now : (note?.seen_at_ms ?? null),
      });
      schedule();
    },
    forget: (deviceId) => void known.delete(deviceId),
    async close() {
      closing.abort();
      await flushing;
      if (waiting.size > 0) await flush();
    },
  };
}
