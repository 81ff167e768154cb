import type { TokenLife, TokenTimings } from '../contracts/social-account.ts';

/** However large the margin, a token is kept for this part of its life: a short life must not become a loop of refreshes. */
const MIN_USE_RATIO = 0.5;
/** A caller does not start with a token that has less than this left … */
const MIN_LEFT_MS = 30_000;
/** … or less than this part of its life, where that is shorter. */
const MIN_LEFT_RATIO = 0.1;

/** The moment after which the pair is worth nothing: a refresh token may end before its access token. */
const endOf = ({ access_expires_at_ms, refresh_expires_at_ms }: TokenLife): number => Math.min(access_expires_at_ms, refresh_expires_at_ms);

/**
 * When the pair is refreshed: ahead of its end by the margin, and spread over the jitter before that, so that accounts connected
 * together do not refresh together.
 * @param random 0 ≤ random < 1
 * @returns epoch milliseconds; may lie in the past
 */
export function nextRefreshAt(life: TokenLife, timings: TokenTimings, random: number): number {
  const end = endOf(life);
  const span = Math.max(0, end - life.obtained_at_ms);
  const margin = Math.max(span * timings.margin_ratio, timings.margin_min_ms);
  const wanted = end - margin - span * timings.jitter_ratio * random;
  return Math.round(Math.max(wanted, life.obtained_at_ms + span * MIN_USE_RATIO));
}

/** Whether a caller has to have the pair refreshed before it uses the access token. */
export function refreshDue(life: TokenLife, nowMs: number): boolean {
  const end = endOf(life);
  return end - nowMs < Math.min(MIN_LEFT_MS, Math.max(0, end - life.obtained_at_ms) * MIN_LEFT_RATIO) || nowMs >= end;
}

/** Whether the consent ends so soon that people should know. */
export const isExpiring = (life: TokenLife, nowMs: number, { expiring_before_ms }: Pick<TokenTimings, 'expiring_before_ms'>): boolean =>
  life.refresh_expires_at_ms - nowMs <= expiring_before_ms;

/**
 * How long to wait after the n-th failure in a row, n from 1: doubling, and between half and all of that. TikTok's own wish counts
 * where it is longer.
 */
export function refreshBackoff(
  failuresInARow: number,
  { retry_initial_ms, retry_max_ms }: Pick<TokenTimings, 'retry_initial_ms' | 'retry_max_ms'>,
  random: number,
  retryAfterMs: number | null = null,
): number {
  const doubled = Math.min(retry_max_ms, retry_initial_ms * 2 ** Math.min(Math.max(0, failuresInARow - 1), 30));
  return Math.max(Math.round(doubled * (0.5 + 0.5 * random)), retryAfterMs ?? 0);
}
