import type { ErrorCode } from '../errors.ts';
import type { SyncAnalyticsInput } from './social-account.ts';

/** The account whose Schedule is made, removed or triggered. */
export type AnalyticsAccount = SyncAnalyticsInput;

/** Input of `syncAnalytics`. Milliseconds. */
export interface AnalyticsRound extends SyncAnalyticsInput {
  timings?: Partial<AnalyticsTimings>;
}
export interface AnalyticsTimings {
  retry_initial_ms: number;
  retry_max_ms: number;
}
export const DEFAULT_ANALYTICS_TIMINGS: AnalyticsTimings = { retry_initial_ms: 5_000, retry_max_ms: 60_000 };

/** Argument of the sampling activities. */
export interface SampleInput extends AnalyticsAccount {
  /** When this round began: the time of its rows, so that a repeated attempt writes none twice. */
  sampled_at_ms: number;
}

/** How one half of a round ended. */
export type SampleOutcome =
  /** rows: metrics written. */
  | { kind: 'sampled'; rows: number; gone: number }
  /** Nothing was asked for, or TikTok refused for good: not connected, a scope that is missing. */
  | { kind: 'skipped'; code: ErrorCode; reason: string }
  /** No such account any more. */
  | { kind: 'account_gone' };

/** What a round of `syncAnalytics` did. */
export interface AnalyticsReport {
  account: SampleOutcome;
  videos: SampleOutcome;
}
