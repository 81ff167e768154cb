import { answered, newPace, refused, take, waitBehind, type Pace, type PaceLimits } from '../../domain/shop/pacing.ts';

export interface LimiterOptions {
  pace: PaceLimits;
  /** Calls of one shop that may wait. */
  maxWaiting: number;
  /** So long may a call wait. */
  maxWaitMs: number;
  now(): number;
  random(): number;
}

export type Turn = { ok: true } | { ok: false; wait_ms: number };

export interface Limiter {
  /** Waits for this lane's turn, first come first served; not ok: it would take too long. @throws signal.reason */
  turn(lane: string, signal?: AbortSignal): Promise<Turn>;
  answered(lane: string, startedMs: number): void;
  refused(lane: string, startedMs: number, retryAfterMs: number | null): void;
  close(): void;
}

interface Waiter {
  deadlineMs: number;
  settle(turn: Turn): void;
}
interface Lane {
  pace: Pace;
  waiting: Set<Waiter>;
  timer: NodeJS.Timeout | null;
}

const MAX_LANES = 10_000;

/**
 * One lane for each shop, so that a shop with much to do does not slow the others down: TikTok counts by app and shop. Other processes
 * have limiters of their own; TikTok's refusals slow all of them down.
 */
export function createLimiter(options: LimiterOptions): Limiter {
  const { pace: limits, now } = options;
  const lanes = new Map<string, Lane>();

  const laneOf = (name: string): Lane => {
    const known = lanes.get(name);
    if (known !== undefined) return known;
    if (lanes.size >= MAX_LANES) forgetOne();
    const lane: Lane = { pace: newPace(now(), limits), waiting: new Set(), timer: null };
    lanes.set(name, lane);
    return lane;
  };
  const forgetOne = (): void => {
    for (const [name, lane] of lanes) if (lane.waiting.size === 0) return void lanes.delete(name);
  };

  const serve = (lane: Lane): void => {
    if (lane.timer !== null) clearTimeout(lane.timer);
    lane.timer = null;
    for (const waiter of lane.waiting) {
      const { pace, wait_ms } = take(lane.pace, now());
      lane.pace = pace;
      if (wait_ms === 0) waiter.settle({ ok: true });
      else if (now() + wait_ms > waiter.deadlineMs) waiter.settle({ ok: false, wait_ms });
      else {
        lane.timer = setTimeout(() => serve(lane), wait_ms);
        return;
      }
    }
  };

  const wait = (lane: Lane, signal: AbortSignal | undefined): Promise<Turn> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        lane.waiting.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(signal!.reason as Error);
      };
      const waiter: Waiter = {
        deadlineMs: now() + options.maxWaitMs,
        settle(turn) {
          leave();
          resolve(turn);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      lane.waiting.add(waiter);
      if (lane.timer === null) serve(lane);
    });

  return {
    async turn(name, signal) {
      signal?.throwIfAborted();
      const lane = laneOf(name);
      const wait_ms = waitBehind(lane.pace, lane.waiting.size, now());
      if (lane.waiting.size >= options.maxWaiting || wait_ms > options.maxWaitMs) return { ok: false, wait_ms };
      return wait(lane, signal);
    },
    answered(name, startedMs) {
      const lane = laneOf(name);
      lane.pace = answered(lane.pace, startedMs, limits);
    },
    refused(name, startedMs, retryAfterMs) {
      const lane = laneOf(name);
      lane.pace = refused(lane.pace, { startedMs, nowMs: now(), retryAfterMs, random: options.random() }, limits);
      serve(lane);
    },
    close() {
      for (const lane of lanes.values()) {
        if (lane.timer !== null) clearTimeout(lane.timer);
        for (const waiter of lane.waiting) waiter.settle({ ok: false, wait_ms: 0 });
      }
      lanes.clear();
    },
  };
}
