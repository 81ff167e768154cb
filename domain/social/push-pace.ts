import type { PushResult, PushTimings } from '../contracts/push.ts';
import { backoffMs } from '../contracts/delivery.ts';

/** How the push service fares. */
export interface PushPace {
  failures_in_a_row: number;
  /** Nothing is sent before; epoch milliseconds. */
  paused_until_ms: number;
}

export const FRESH_PACE: PushPace = { failures_in_a_row: 0, paused_until_ms: 0 };

/** So many failures one after the other, and it is the service, not the message. */
const FAILURES_TO_PAUSE = 3;
/** While it is doubtful whether the service works, one asks for all. */
const PROBES = 1;
const LONGEST_PAUSE_MS = 60_000;

type Backoff = Pick<PushTimings, 'backoff_initial_ms' | 'backoff_max_ms'>;

/** How many may be under way. @param lanes at most */
export const lanesOf = (pace: PushPace, lanes: number, nowMs: number): number => (nowMs < pace.paused_until_ms ? 0 : pace.failures_in_a_row >= FAILURES_TO_PAUSE ? PROBES : lanes);

/**
 * The pace after one more answer. A service that says when to come again is believed at once, one that only fails after some failures.
 * @param random 0 to 1
 */
export function paceAfter(pace: PushPace, result: PushResult, timings: Backoff, nowMs: number, random: number): PushPace {
  if (result.kind !== 'later') return FRESH_PACE;
  if (!result.is_everybody) return pace;
  const failures_in_a_row = pace.failures_in_a_row + 1;
  const own = failures_in_a_row < FAILURES_TO_PAUSE ? 0 : Math.min(wait(failures_in_a_row - FAILURES_TO_PAUSE + 1, timings, random), LONGEST_PAUSE_MS);
  const pause = Math.max(result.retry_after_ms ?? 0, own);
  return { failures_in_a_row, paused_until_ms: Math.max(pace.paused_until_ms, nowMs + pause) };
}

/** How long one notification waits until it is tried again. @param attempts so far @param random 0 to 1 */
export const pushAgainMs = (attempts: number, retryAfterMs: number | null, timings: Backoff, random: number): number => Math.max(wait(attempts, timings, random), retryAfterMs ?? 0);

const wait = (failures: number, timings: Backoff, random: number): number => backoffMs(failures, { ...timings, give_up_after_ms: 0 }, random);
