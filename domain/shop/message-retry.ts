const HOUR_MS = 3_600_000;

/** So long a failing callback is tried; then its successors of the same order or product have their turn. */
export const CALLBACK_MAX_AGE_MS = 7 * 24 * HOUR_MS;
/** From this age on people are told, once a day. */
export const CALLBACK_ALERT_AFTER_MS = HOUR_MS;

/** Longest wait between two attempts, by the age of the message. */
const LONGEST_WAIT = [
  { until_ms: HOUR_MS, wait_ms: 60_000 },
  { until_ms: 24 * HOUR_MS, wait_ms: 5 * 60_000 },
] as const;
const LATE_WAIT_MS = HOUR_MS;
const FIRST_WAIT_MS = 1_000;

export interface FailedCallback {
  /** Epoch milliseconds, both. */
  created_at_ms: number;
  now_ms: number;
  /** Failures so far, this one among them. */
  failures: number;
  /** What the other side asked for with Retry-After. */
  retry_after_ms: number | null;
}

export type CallbackDecision = { kind: 'again'; at_ms: number; alert: boolean } | { kind: 'give_up'; alert: true };

/** What follows a failure: 1 s, 2 s, 4 s … up to a minute in the first hour, five minutes in the first day, then hourly, for seven days. */
export function afterFailedCallback({ created_at_ms, now_ms, failures, retry_after_ms }: FailedCallback): CallbackDecision {
  const age = Math.max(0, now_ms - created_at_ms);
  if (age >= CALLBACK_MAX_AGE_MS) return { kind: 'give_up', alert: true };
  const longest = LONGEST_WAIT.find(({ until_ms }) => age < until_ms)?.wait_ms ?? LATE_WAIT_MS;
  const doubled = FIRST_WAIT_MS * 2 ** Math.min(Math.max(0, failures - 1), 30);
  const wait = Math.max(Math.min(doubled, longest), retry_after_ms ?? 0);
  return { kind: 'again', at_ms: Math.min(now_ms + wait, created_at_ms + CALLBACK_MAX_AGE_MS), alert: age >= CALLBACK_ALERT_AFTER_MS };
}
