import type { ConsumeOutcome, LivestreamStatus, SessionTimings } from './contracts/livestream.ts';

/** What the session remembers between two runs of its consumer. */
export interface SessionProgress {
  /** Runs in a row that brought no frame. */
  failures: number;
  /** Looks in a row at a LIVE that had not begun. */
  waits: number;
  /** Once it was live, a further attempt is a reconnect. */
  was_live: boolean;
}

export type NextStep =
  | { kind: 'end'; status: LivestreamStatus; code: string | null; reason: string }
  | { kind: 'again'; status: LivestreamStatus; code: string | null; reason: string; wait_ms: number };

/**
 * What a session does after a run of its consumer. Counts in `progress`.
 * @param random 0 ≤ random < 1, for jitter: many sessions that were cut at once must not come back at once
 */
export function decideNext(
  outcome: ConsumeOutcome,
  waitForLive: boolean,
  progress: SessionProgress,
  timings: SessionTimings,
  random: number,
): NextStep {
  switch (outcome.kind) {
    case 'live_ended':
      return { kind: 'end', status: 'ended', code: null, reason: outcome.reason };
    case 'refused':
      return { kind: 'end', status: outcome.code === 'duplicate_session' ? 'disconnected' : 'failed', code: outcome.code, reason: outcome.reason };
    case 'not_live': {
      if (!waitForLive) return { kind: 'end', status: 'failed', code: outcome.code, reason: outcome.reason };
      const wait_ms = jittered(backoff(timings.wait_initial_ms, timings.wait_max_ms, progress.waits++), random);
      return { kind: 'again', status: 'waiting', code: outcome.code, reason: outcome.reason, wait_ms };
    }
    case 'rate_limited':
      return { kind: 'again', status: progress.was_live ? 'reconnecting' : 'connecting', code: outcome.code, reason: outcome.reason, wait_ms: Math.round(outcome.retry_after_ms * (1 + 0.1 * random)) };
    case 'dropped':
      return afterDrop(outcome, progress, timings, random);
  }
}

function afterDrop(outcome: Extract<ConsumeOutcome, { kind: 'dropped' }>, progress: SessionProgress, timings: SessionTimings, random: number): NextStep {
  progress.failures = outcome.frames > 0 ? 0 : progress.failures + 1;
  progress.waits = 0;
  if (progress.failures >= timings.reconnect_attempts) {
    const reason = `Given up after ${progress.failures} connections in a row without news. Last reason: ${outcome.reason}`;
    return { kind: 'end', status: 'failed', code: outcome.code, reason };
  }
  const wait_ms = jittered(backoff(timings.reconnect_initial_ms, timings.reconnect_max_ms, progress.failures), random);
  return { kind: 'again', status: 'reconnecting', code: outcome.code, reason: outcome.reason, wait_ms };
}

const backoff = (initial: number, max: number, attempt: number): number => Math.min(max, initial * 2 ** Math.min(attempt, 20));

/** Between half and all of it. */
const jittered = (ms: number, random: number): number => Math.round(ms * (0.5 + 0.5 * random));
