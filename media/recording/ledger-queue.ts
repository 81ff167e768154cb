import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../domain/errors.ts';

export interface LedgerQueue {
  /** Behind what was added before. What finds no place is left to the next start of this host, which reads the disk. */
  add(what: string, write: () => Promise<void>): void;
  readonly pending: number;
  /** Until all of it is written, given up or `signal` fires. Never rejects. */
  drained(signal?: AbortSignal): Promise<void>;
  /** Writes no further; what is under way ends. */
  stop(): void;
}

export interface LedgerQueueOptions {
  /** Most writes that wait: hours of a recording, in case the database is away. */
  limit?: number;
  logger: { warn(fields: object, message: string): void; error(fields: object, message: string): void };
}

const LIMIT = 20_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Lines of the ledger in their order, each repeated until the database takes it: recording does not wait for it. */
export function createLedgerQueue({ limit = LIMIT, logger }: LedgerQueueOptions): LedgerQueue {
  const waiting: { what: string; write: () => Promise<void> }[] = [];
  const stopping = new AbortController();
  let working: Promise<void> | null = null;

  async function work(): Promise<void> {
    while (waiting.length > 0 && !stopping.signal.aborted) {
      await written(waiting[0]!);
      waiting.shift();
    }
  }

  async function written({ what, write }: { what: string; write: () => Promise<void> }): Promise<void> {
    for (let pause = FIRST_PAUSE_MS, failures = 0; !stopping.signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS), failures++) {
      try {
        return await write();
      } catch (error) {
        if (error instanceof AppError && error.permanent) {
          logger.warn({ err: error, what }, 'the ledger of a recording does not take this any more');
          return;
        }
        if (failures === 0) logger.warn({ err: error, what }, 'the ledger of a recording can not be written now; it follows when it can');
      }
      await delay(pause, undefined, { ref: false, signal: stopping.signal }).catch(ignoreStop);
    }
  }

  return {
    add(what, write) {
      if (waiting.length >= limit) return logger.error({ what, waiting: waiting.length }, 'too much waits for the ledger of a recording; this host’s next start reads it from the disk');
      waiting.push({ what, write });
      working ??= work().finally(() => (working = null));
    },
    get pending() {
      return waiting.length;
    },
    async drained(signal) {
      const aborted = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
      while (working && !signal?.aborted) await Promise.race([working, aborted]);
    },
    stop: () => stopping.abort(),
  };
}

const ignoreStop = (): undefined => undefined;
