/** How fast one shop is called, in calls a second. */
export interface PaceLimits {
  initial: number;
  least: number;
  most: number;
}

/**
 * TikTok publishes no number any more (https://partner.tiktokshop.com/docv2/page/rate-limits): 50/s was one until 2025, and since then it
 * depends on the shop. So the rate is found out: it rises with every answer and halves with a refusal.
 */
export const DEFAULT_PACE: PaceLimits = { initial: 10, least: 0.5, most: 50 };
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const MAX_JITTER_MS = 500;
/** Without this, doubling overflows long before it matters. */
const MAX_DOUBLINGS = 7;

export interface Pace {
  /** Calls a second. */
  rate: number;
  /** Calls that may go out at `at_ms`. */
  tokens: number;
  at_ms: number;
  paused_until_ms: number;
  /** When the last refusal came: what began before it says nothing new. */
  refused_at_ms: number;
  /** In a row. */
  refusals: number;
}

const burstOf = (rate: number): number => Math.max(1, rate / 2);

export const newPace = (nowMs: number, { initial }: PaceLimits): Pace => ({
  rate: initial,
  tokens: burstOf(initial),
  at_ms: nowMs,
  paused_until_ms: 0,
  refused_at_ms: Number.NEGATIVE_INFINITY,
  refusals: 0,
});

/** Tokens that came in since; a clock that was set back gives none. */
function refill(pace: Pace, nowMs: number): Pace {
  const elapsed = Math.max(0, nowMs - Math.max(pace.at_ms, pace.paused_until_ms));
  return { ...pace, at_ms: nowMs, tokens: Math.min(burstOf(pace.rate), pace.tokens + (elapsed / 1_000) * pace.rate) };
}

/** Takes one call; wait_ms > 0: not yet, ask again then. */
export function take(pace: Pace, nowMs: number): { pace: Pace; wait_ms: number } {
  const filled = refill(pace, nowMs);
  const pause = filled.paused_until_ms - nowMs;
  if (pause > 0) return { pace: filled, wait_ms: Math.ceil(pause) };
  if (filled.tokens >= 1) return { pace: { ...filled, tokens: filled.tokens - 1 }, wait_ms: 0 };
  return { pace: filled, wait_ms: Math.max(1, Math.ceil(((1 - filled.tokens) / filled.rate) * 1_000)) };
}

/** How long a call waits that comes behind `ahead` others; milliseconds. */
export function waitBehind(pace: Pace, ahead: number, nowMs: number): number {
  const filled = refill(pace, nowMs);
  return Math.max(0, filled.paused_until_ms - nowMs) + (Math.max(0, ahead + 1 - filled.tokens) / filled.rate) * 1_000;
}

/** TikTok answered a call that began at `startedMs`: at full speed the rate rises by about one call a second each second. */
export function answered(pace: Pace, startedMs: number, { most }: PaceLimits): Pace {
  if (startedMs < pace.refused_at_ms) return pace;
  return { ...pace, rate: Math.min(most, pace.rate + 1 / pace.rate), refusals: 0 };
}

/**
 * TikTok refused a call with 429. Calls that were under way together are refused together: they slow us down once.
 * @param retryAfterMs as TikTok said @param random 0 to 1, which keeps several processes from coming back at once
 */
export function refused(pace: Pace, call: { startedMs: number; nowMs: number; retryAfterMs: number | null; random: number }, { least }: PaceLimits): Pace {
  const isNews = call.startedMs >= pace.refused_at_ms;
  const refusals = isNews ? Math.min(pace.refusals + 1, MAX_DOUBLINGS) : Math.max(1, pace.refusals);
  const backoff = Math.min(FIRST_PAUSE_MS * 2 ** (refusals - 1) + call.random * MAX_JITTER_MS, LONGEST_PAUSE_MS);
  const pausedUntil = call.nowMs + Math.max(call.retryAfterMs ?? 0, isNews ? backoff : 0);
  return {
    ...pace,
    rate: isNews ? Math.max(least, pace.rate / 2) : pace.rate,
    tokens: 0,
    refusals,
    refused_at_ms: isNews ? call.nowMs : pace.refused_at_ms,
    paused_until_ms: Math.max(pace.paused_until_ms, pausedUntil),
  };
}
