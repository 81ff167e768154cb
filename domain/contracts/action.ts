import type { ActionType, RuleAction } from './rule.ts';

export const EXECUTION_STATUSES = ['pending', 'succeeded', 'failed', 'skipped'] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

/** pending: its first attempt is due or under way; retrying: handed to deliverActions. */
export const ACTION_STATUSES = ['pending', 'retrying', 'succeeded', 'failed', 'skipped'] as const;
export type ActionStatus = (typeof ACTION_STATUSES)[number];

export const SKIP_REASONS = ['cooldown', 'user_cooldown', 'plan_limit', 'max_age'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** One action of one execution with its templates filled in: all that a sender needs. */
export interface RenderedAction {
  /** UUIDv7: the row's id and, on every attempt, the idempotency key. */
  id: string;
  execution_id: string;
  workspace_id: string;
  livestream_id: string | null;
  event_id: string | null;
  rule_id: string | null;
  /** What it is sent to (see targetOf in domain/targets.ts): concurrency, breaker and retries are kept for each. */
  target: string;
  action: RuleAction;
  /** Epoch milliseconds after which it is skipped, null: never. */
  expires_at_ms: number | null;
  /** Attempts made so far. */
  attempts: number;
}

/** The outcome of one attempt: an expected value, never an exception. */
export type AttemptResult =
  | { outcome: 'succeeded'; response: AttemptResponse | null }
  | { outcome: 'retryable'; code: string; error: string; retry_after_ms?: number; response?: AttemptResponse }
  | { outcome: 'failed'; code: string; error: string; response?: AttemptResponse };

/** What the other side answered, cut to a few hundred characters. */
export interface AttemptResponse {
  status?: number;
  body?: string;
}

export interface AttemptRecord {
  action_id: string;
  /** 1 for the first. */
  attempt: number;
  started_at_ms: number;
  duration_ms: number;
  result: AttemptResult;
}

/** Sends one kind of action. Must resolve within its own time-out; `signal` ends it sooner. */
export type ActionSender = (action: RenderedAction, signal: AbortSignal) => Promise<AttemptResult>;
export type ActionSenders = { [T in ActionType]: ActionSender };
