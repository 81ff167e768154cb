import type { SignObservation } from './contracts/live-connection.ts';

/** The sign service's allowance as last known; times in epoch milliseconds, null: not known. */
export interface SignAllowance {
  limit: number | null;
  remaining: number | null;
  reset_at_ms: number | null;
  blocked_until_ms: number | null;
}

export interface AllowanceRules {
  /** Calls in a window, until the service tells its own limit; absent: unlimited until then. */
  defaultLimit?: number | undefined;
  /** Length of a window that the service has not told the end of. */
  windowMs: number;
}

export type Spending = { granted: true; allowance: SignAllowance } | { granted: false; wait_ms: number };

/** A reset that is later than the known one by more than this belongs to the next window; less is two clocks' difference. */
const SAME_WINDOW_MS = 1_000;

/** May one call be made now? If so, `allowance` is what is left after it. */
export function spendCall(allowance: SignAllowance, nowMs: number, rules: AllowanceRules): Spending {
  if (allowance.blocked_until_ms !== null && allowance.blocked_until_ms > nowMs)
    return { granted: false, wait_ms: allowance.blocked_until_ms - nowMs };
  const current = inWindow(allowance, nowMs, rules);
  if (current.remaining === null) return { granted: true, allowance: current };
  if (current.remaining > 0) return { granted: true, allowance: { ...current, remaining: current.remaining - 1 } };
  return { granted: false, wait_ms: Math.max(1, (current.reset_at_ms ?? nowMs + rules.windowMs) - nowMs) };
}

/** The allowance as it stands now: full again where its window is over. */
export function inWindow(allowance: SignAllowance, nowMs: number, { defaultLimit, windowMs }: AllowanceRules): SignAllowance {
  const runsUntil = allowance.reset_at_ms !== null && allowance.reset_at_ms > nowMs ? allowance.reset_at_ms : null;
  if (runsUntil !== null && allowance.remaining !== null) return allowance;
  const limit = allowance.limit ?? defaultLimit ?? null;
  return { ...allowance, remaining: limit, reset_at_ms: limit === null ? runsUntil : (runsUntil ?? nowMs + windowMs) };
}

/**
 * Takes over what the service said. Answers overtake each other and other calls are under way, so within a window what
 * is left can only shrink; a new window brings its own number.
 */
export function observeAllowance(
  allowance: SignAllowance,
  observation: SignObservation,
  nowMs: number,
  rules: AllowanceRules,
): SignAllowance {
  const { limit, remaining, reset_at_ms: reset, blocked_until_ms: blocked } = observation;
  const known = { ...allowance, limit: limit ?? allowance.limit };
  const isNewWindow =
    reset !== undefined && (known.reset_at_ms === null || known.reset_at_ms <= nowMs || reset > known.reset_at_ms + SAME_WINDOW_MS);
  const current = inWindow(known, nowMs, rules);
  const next: SignAllowance = { ...current, reset_at_ms: reset ?? current.reset_at_ms };
  if (remaining !== undefined)
    next.remaining = isNewWindow || current.remaining === null ? remaining : Math.min(current.remaining, remaining);
  if (blocked !== undefined) {
    next.blocked_until_ms = Math.max(blocked, allowance.blocked_until_ms ?? 0);
    // "Come back then" says also when there is an allowance again, unless the service says that by itself.
    if (reset === undefined) Object.assign(next, { remaining: 0, reset_at_ms: next.blocked_until_ms });
  }
  return next;
}
