import type { Db } from '../../../db/client.ts';
import { claimPushes, nextPushInMs, settleAllPushes, type ClaimedPush } from '../../../db/push-queue.repository.ts';
import type { PushResult, PushService, PushTimings } from '../../../domain/contracts/push.ts';
import { FRESH_PACE, lanesOf, paceAfter, type PushPace } from '../../../domain/social/push-pace.ts';
import type { Wake } from '../../shop/messages/wake.ts';
import { pushOne, type PushOutcome } from './push-one.ts';
import type { Wakes } from './wakes.ts';

export interface PushQueueDeps {
  db: Db;
  /** null: nothing can be pushed, and `off` says why. */
  service: PushService | null;
  off: string | null;
  /** Woken when there is something new. */
  wakes: Wakes;
  count: (outcome: PushOutcome) => void;
  logger: { warn(fields: object, message: string): void };
}

/** Notifications under way at once. */
const LANES = 50;
const BULK = 1_000;
const MIN_WAIT_MS = 10;

/**
 * Pushes what is due, and what comes, until `signal` is aborted; then what is under way is finished.
 * @param onSettled after each notification
 * @throws the first error of PostgreSQL; what was under way is finished first
 */
export const runPushQueue = (deps: PushQueueDeps, timings: PushTimings, signal: AbortSignal, onSettled: (count: number) => void): Promise<void> =>
  deps.wakes.with((wake) => (deps.service === null ? settleWhatComes(deps, wake, timings, signal, onSettled) : pushWhatComes(deps, deps.service, wake, timings, signal, onSettled)));

async function pushWhatComes(deps: PushQueueDeps, service: PushService, wake: Wake, timings: PushTimings, signal: AbortSignal, onSettled: (count: number) => void): Promise<void> {
  const { db } = deps;
  const underWay = new Set<Promise<void>>();
  const broken: Error[] = [];
  const pace = watchPace(deps, timings);

  const start = (claimed: ClaimedPush): void => {
    const running = pushOne({ ...deps, service, onResult: pace.heard }, claimed, timings)
      .then(() => onSettled(1))
      .catch((error: unknown) => void broken.push(error as Error))
      .finally(() => {
        underWay.delete(running);
        wake.wake();
      });
    underWay.add(running);
  };

  try {
    while (!signal.aborted && broken.length === 0) {
      const free = lanesOf(pace.now(), LANES, Date.now()) - underWay.size;
      const claimed = free > 0 ? await claimPushes(db, free, timings.lease_ms) : [];
      claimed.forEach(start);
      if (claimed.length === 0) await wake.wait(await idleMs(db, pace.now(), free > 0, timings), signal);
    }
  } finally {
    await Promise.all(underWay);
  }
  if (broken[0]) throw broken[0];
}

/** Until a pause is over or something is due; what comes, or ends, wakes earlier. */
async function idleMs(db: Db, { paused_until_ms }: PushPace, isFree: boolean, { poll_ms }: PushTimings): Promise<number> {
  const pausedMs = paused_until_ms - Date.now();
  if (pausedMs > 0) return Math.max(pausedMs, MIN_WAIT_MS);
  return isFree ? Math.max(Math.min((await nextPushInMs(db)) ?? poll_ms, poll_ms), MIN_WAIT_MS) : poll_ms;
}

/** Keeps the pace, and says once when the service stops working and once when it works again. */
function watchPace({ logger }: PushQueueDeps, timings: PushTimings): { now(): PushPace; heard(result: PushResult): void } {
  let pace = FRESH_PACE;
  return {
    now: () => pace,
    heard(result) {
      const before = pace;
      pace = paceAfter(pace, result, timings, Date.now(), Math.random());
      if (result.kind === 'later' && before.paused_until_ms === 0 && pace.paused_until_ms > 0) logger.warn({ reason: result.reason }, 'pushes wait: the push service does not take them right now');
      if (result.kind === 'refused') logger.warn({ reason: result.reason }, 'the push service refused a message');
      if (before.paused_until_ms > 0 && pace.paused_until_ms === 0) logger.warn({ failures: before.failures_in_a_row }, 'pushes go on');
    },
  };
}

/** Push is not set up: what comes needs none, and says so. */
async function settleWhatComes({ db, off, count }: PushQueueDeps, wake: Wake, { poll_ms }: PushTimings, signal: AbortSignal, onSettled: (count: number) => void): Promise<void> {
  while (!signal.aborted) {
    const settled = await settleAllPushes(db, off ?? 'push is off', BULK);
    for (let each = 0; each < settled; each += 1) count('not_needed');
    onSettled(settled);
    if (settled < BULK) await wake.wait(poll_ms, signal);
  }
}
