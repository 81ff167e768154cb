import type { Logger } from 'pino';

export interface HandOver<T> {
  /** Asks for `start` to be called with this key, now or soon. Returns at once. */
  request(key: string, payload: T): void;
  /** Forgets what waits: rows remember it, the sweep finds them. Idempotent. */
  close(): void;
}

export interface HandOverOptions<T> {
  start(payload: T): Promise<void>;
  logger: Pick<Logger, 'warn'>;
  /** Least time between two starts of one key; grows to `longestMs` while requests keep coming or Temporal is away. */
  intervalMs?: number;
  longestMs?: number;
  maxKeys?: number;
}

interface Waiting<T> {
  payload: T;
  again: boolean;
  intervalMs: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Starts workflows by key without flooding Temporal: the first request goes out at once, those that follow closely share
 * one later, and one that failed is repeated for as long as this process lives.
 */
export function createHandOver<T>({
  start,
  logger,
  intervalMs = 1_000,
  longestMs = 15_000,
  maxKeys = 10_000,
}: HandOverOptions<T>): HandOver<T> {
  const keys = new Map<string, Waiting<T>>();
  let closed = false;

  const run = async (key: string, state: Waiting<T>): Promise<void> => {
    state.timer = null;
    state.again = false;
    try {
      await start(state.payload);
    } catch (error) {
      if (!closed) logger.warn({ err: error, key }, 'could not be handed over to Temporal; trying again');
      state.again = true;
    }
    if (closed) return;
    state.timer = setTimeout(() => {
      if (!state.again) {
        keys.delete(key);
        return;
      }
      state.intervalMs = Math.min(state.intervalMs * 2, longestMs);
      void run(key, state);
    }, state.intervalMs);
  };

  return {
    request(key, payload) {
      if (closed) return;
      const state = keys.get(key);
      if (state) {
        state.again = true;
        state.payload = payload;
        return;
      }
      if (keys.size >= maxKeys) {
        logger.warn({ key }, 'too much is being handed over to Temporal; the sweep will find it');
        return;
      }
      const fresh: Waiting<T> = { payload, again: false, intervalMs, timer: null };
      keys.set(key, fresh);
      void run(key, fresh);
    },
    close() {
      closed = true;
      keys.forEach(({ timer }) => timer && clearTimeout(timer));
      keys.clear();
    },
  };
}
