import type { LivestreamCounters } from './live-event.ts';

export const LIVESTREAM_STATUSES = [
  'connecting',
  'waiting',
  'live',
  'reconnecting',
  'ended',
  'disconnected',
  'failed',
] as const;
export type LivestreamStatus = (typeof LIVESTREAM_STATUSES)[number];

/** Statuses in which the session's workflow runs. */
export const ACTIVE_STATUSES: readonly LivestreamStatus[] = ['connecting', 'waiting', 'live', 'reconnecting'];

/** What a person typed to name a LIVE, after parsing. */
export type TikTokInput =
  | { kind: 'username'; username: string }
  | { kind: 'room_id'; room_id: string }
  | { kind: 'short_link'; url: string };

/** Input of the `livestreamSession` workflow. Durations in milliseconds, all with defaults, so that tests pass short ones. */
export interface LivestreamSessionInput {
  livestream_id: string;
  workspace_id: string;
  wait_for_live: boolean;
  timings?: Partial<SessionTimings>;
  /** Carried over continue-as-new. */
  carried?: SessionCarried;
}

export interface SessionTimings {
  /** First wait for a LIVE that has not begun; doubles up to `wait_max_ms`. */
  wait_initial_ms: number;
  wait_max_ms: number;
  /** First wait before a reconnect, jittered; doubles up to `reconnect_max_ms`. */
  reconnect_initial_ms: number;
  reconnect_max_ms: number;
  /** Reconnects without a single frame between them before the session is given up as failed. */
  reconnect_attempts: number;
  /** Activity heartbeat timeout: how long a dead machine goes unnoticed. */
  heartbeat_timeout_ms: number;
  /** History events after which the workflow goes on in a fresh history. */
  max_history: number;
}

export const DEFAULT_SESSION_TIMINGS: SessionTimings = {
  wait_initial_ms: 15_000,
  wait_max_ms: 120_000,
  reconnect_initial_ms: 500,
  reconnect_max_ms: 60_000,
  reconnect_attempts: 60,
  heartbeat_timeout_ms: 10_000,
  max_history: 2_000,
};

export interface SessionCarried {
  phase: LivestreamStatus;
  failures_in_a_row: number;
  waits_in_a_row: number;
  was_live: boolean;
}

export interface ConsumeLivestreamInput {
  livestream_id: string;
  workspace_id: string;
}

/**
 * How one run of the consumer ended; an expected outcome is a value. The workflow decides what comes next.
 * `code` is a code of domain/errors.ts; `reason` is for people.
 */
export type ConsumeOutcome =
  | { kind: 'live_ended'; reason: string }
  | { kind: 'not_live'; code: string; reason: string }
  | { kind: 'dropped'; code: string; reason: string; frames: number }
  | { kind: 'rate_limited'; code: string; reason: string; retry_after_ms: number }
  | { kind: 'refused'; code: string; reason: string };

export interface LivestreamSnapshot extends LivestreamCounters {
  id: string;
  tiktok_username: string | null;
  room_id: string | null;
  status: LivestreamStatus;
  status_reason: string | null;
}
