import type { AccountLife, RefreshAnswer, RefreshOutcome, SocialAccountState, TokenTimings } from '../contracts/social-account.ts';
import { ERRORS } from '../errors.ts';
import { nextRefreshAt, refreshBackoff } from './token-schedule.ts';

export type RefreshFailure = Extract<RefreshOutcome, { kind: 'failed' }>;

/** What the owner of an account's tokens knows; times are epoch milliseconds. */
export interface TokenOwner {
  known: AccountLife;
  failures_in_a_row: number;
  /** The last refresh's, where it failed. */
  failure: RefreshFailure | null;
  /** Until then whoever asks gets the last failure: TikTok is not asked faster than it wants. */
  not_before_ms: number;
  /** When it refreshes unasked. */
  next_at_ms: number;
  /** The newest version that somebody found wanting; 0: nobody asks. */
  wanted_version: number;
}

export type TokenStep =
  | { kind: 'refresh'; version: number }
  /** Say that TikTok's consent ends soon. */
  | { kind: 'show_expiring'; version: number }
  | { kind: 'sleep'; ms: number }
  | { kind: 'end' };

/** Temporal's timers end somewhere; looking once a month costs nothing. */
const LONGEST_SLEEP_MS = 30 * 86_400_000;

/** The owner as it begins. @param random 0 ≤ random < 1 */
export function newOwner(known: AccountLife, failures: number, timings: TokenTimings, nowMs: number, random: number): TokenOwner {
  const owner = { known, failures_in_a_row: failures, failure: null, not_before_ms: 0, next_at_ms: 0, wanted_version: 0 };
  if (known.kind !== 'usable') return owner;
  return { ...owner, next_at_ms: failures > 0 ? nowMs + refreshBackoff(failures, timings, random) : nextRefreshAt(known.life, timings, random) };
}

/** After the account was looked at, or refreshed. A pair that is known already keeps its time. */
export function learn(owner: TokenOwner, known: AccountLife, timings: TokenTimings, random: number): TokenOwner {
  if (known.kind !== 'usable') return { ...owner, known };
  const isSame = owner.known.kind === 'usable' && owner.known.life.token_version === known.life.token_version;
  if (isSame) return { ...owner, known };
  return { ...owner, known, failures_in_a_row: 0, failure: null, not_before_ms: 0, next_at_ms: nextRefreshAt(known.life, timings, random) };
}

/** After a refresh failed: all who asked get the failure, and it is tried again by itself. */
export function fail(owner: TokenOwner, failure: RefreshFailure, timings: TokenTimings, nowMs: number, random: number): TokenOwner {
  const failures_in_a_row = owner.failures_in_a_row + 1;
  const retryAfter = failure.retry_after_ms ?? 0;
  return {
    ...owner,
    failures_in_a_row,
    failure,
    not_before_ms: nowMs + Math.max(timings.retry_initial_ms, retryAfter),
    next_at_ms: nowMs + refreshBackoff(failures_in_a_row, timings, random, retryAfter),
    wanted_version: 0,
  };
}

/** The answer for somebody who found the pair of this version wanting; null: a refresh will tell. */
export function answerTo({ known, failure, not_before_ms }: TokenOwner, seenVersion: number, nowMs: number): RefreshAnswer | null {
  if (known.kind === 'gone') return { ok: false, code: 'account_disconnected', reason: ERRORS.account_disconnected.message, state: 'disconnected' };
  if (known.kind === 'reconnect_needed') return { ok: false, code: known.code, reason: known.reason, state: 'reconnect_needed' };
  const { token_version, state } = known.life;
  if (token_version > seenVersion) return { ok: true, token_version };
  return failure && nowMs < not_before_ms ? { ok: false, code: failure.code, reason: failure.reason, state } : null;
}

export const isWanted = ({ known, wanted_version }: TokenOwner): boolean => known.kind === 'usable' && wanted_version >= known.life.token_version;

/** What is to be done now. */
export function nextStep(owner: TokenOwner, timings: TokenTimings, nowMs: number): TokenStep {
  const { known } = owner;
  if (known.kind !== 'usable') return { kind: 'end' };
  const { token_version: version, state, refresh_expires_at_ms } = known.life;
  if (isWanted(owner) || nowMs >= owner.next_at_ms) return { kind: 'refresh', version };
  const expiringAt = state === 'connected' ? refresh_expires_at_ms - timings.expiring_before_ms : Infinity;
  if (nowMs >= expiringAt) return { kind: 'show_expiring', version };
  return { kind: 'sleep', ms: Math.min(owner.next_at_ms, expiringAt, nowMs + LONGEST_SLEEP_MS) - nowMs };
}

export const stateOf = ({ known }: TokenOwner): SocialAccountState =>
  known.kind === 'usable' ? known.life.state : known.kind === 'gone' ? 'disconnected' : 'reconnect_needed';

/** For people. */
export function describeOwner(owner: TokenOwner): string {
  const { known, failure, failures_in_a_row } = owner;
  if (known.kind === 'gone') return 'there are no tokens';
  if (known.kind === 'reconnect_needed') return known.reason;
  const next = `the next refresh is due ${new Date(owner.next_at_ms).toISOString()}`;
  return failure ? `${failures_in_a_row} refreshes in a row failed, ${next}. ${failure.reason}` : next;
}
