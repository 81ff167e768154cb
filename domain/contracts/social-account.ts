import type { ErrorCode } from '../errors.ts';

/**
 * connected: usable. expiring: usable, and TikTok's consent ends within days. reconnect_needed: TikTok ended the consent, or
 * the tokens are lost; a person must connect again. disconnected: a person ended it; tokens are gone.
 */
export const SOCIAL_ACCOUNT_STATES = ['connected', 'expiring', 'reconnect_needed', 'disconnected'] as const;
export type SocialAccountState = (typeof SOCIAL_ACCOUNT_STATES)[number];

/** Scopes of https://developers.tiktok.com/docs/en/tiktok-api-scopes that we ask for. */
export const TIKTOK_SCOPES = [
  'user.info.basic',
  'user.info.profile',
  'user.info.stats',
  'video.list',
  'video.upload',
  'video.publish',
] as const;
export type TikTokScope = (typeof TIKTOK_SCOPES)[number];

/** What a scope is good for, in words that the page and errors use. */
export const FEATURE_OF_SCOPE: Readonly<Record<TikTokScope, string>> = {
  'user.info.basic': 'name and picture of the account',
  'user.info.profile': 'user name and profile link',
  'user.info.stats': 'account statistics',
  'video.list': 'post statistics and finding out what became of a post',
  'video.upload': 'drafts to the TikTok inbox',
  'video.publish': 'direct posts',
};

/** Input of the `tiktokToken` workflow, one for each social account. Durations in milliseconds. */
export interface TikTokTokenInput {
  social_account_id: string;
  workspace_id: string;
  timings?: Partial<TokenTimings>;
  carried?: { failures_in_a_row: number };
}

export interface TokenTimings {
  /** Part of the access token's life that must be left when it is refreshed, at least. */
  margin_ratio: number;
  /** And never less than this. */
  margin_min_ms: number;
  /** The jitter spreads refreshes over this part of the life before the margin. */
  jitter_ratio: number;
  retry_initial_ms: number;
  retry_max_ms: number;
  /** An account whose refresh token ends sooner than this is shown as expiring. */
  expiring_before_ms: number;
  max_history: number;
}

export const DEFAULT_TOKEN_TIMINGS: TokenTimings = {
  margin_ratio: 0.15,
  margin_min_ms: 60_000,
  jitter_ratio: 0.1,
  retry_initial_ms: 1_000,
  retry_max_ms: 300_000,
  expiring_before_ms: 14 * 86_400_000,
  max_history: 2_000,
};

/** A token's life as the row tells it. Never the token. */
export interface TokenLife {
  state: SocialAccountState;
  /** Grows by one with each pair that was stored; what a caller saw fail names the pair by this. */
  token_version: number;
  obtained_at_ms: number;
  access_expires_at_ms: number;
  refresh_expires_at_ms: number;
}

/** What is to be found of an account. */
export type AccountLife =
  | { kind: 'usable'; life: TokenLife }
  | { kind: 'reconnect_needed'; code: ErrorCode; reason: string }
  /** No such account any more, or disconnected. */
  | { kind: 'gone' };

/** How one refresh ended; an expected outcome is a value. */
export type RefreshOutcome =
  /** A newer pair is stored; also where another refresh had stored it already. */
  | { kind: 'refreshed'; life: TokenLife }
  | { kind: 'failed'; code: ErrorCode; reason: string; retry_after_ms?: number }
  /** The consent is gone; the row says so already. */
  | { kind: 'reconnect_needed'; code: ErrorCode; reason: string }
  /** No such account any more, or disconnected. */
  | { kind: 'gone' };

/** Argument of the update `refresh`: refresh unless the row holds a newer pair than this. */
export interface RefreshRequest {
  seen_version: number;
}

/** Answer of the update `refresh`. */
export type RefreshAnswer =
  | { ok: true; token_version: number }
  | { ok: false; code: ErrorCode; reason: string; state: SocialAccountState };

/** Input of the `connectAccount` workflow: the code waits, sealed, in the row of the state. */
export interface ConnectAccountInput {
  oauth_state_id: string;
  workspace_id: string;
}
export type ConnectAccountOutcome =
  | { kind: 'connected'; social_account_id: string; missing_scopes: string[] }
  | { kind: 'refused'; code: ErrorCode; reason: string };

/** Input of the `readCreatorInfo` workflow. */
export interface CreatorInfoInput {
  social_account_id: string;
  workspace_id: string;
}

/** Answer of the update `disconnect`: tokens are gone whatever TikTok said. */
export interface DisconnectAnswer {
  revoked_at_tiktok: boolean;
  reason: string | null;
  cancelled_posts: number;
}

/** Input of the `processTikTokWebhook` workflow: the body is the row's. */
export interface TikTokWebhookInput {
  webhook_id: string;
}

/** Input of the `syncAnalytics` workflow, run by a Schedule for each account. */
export interface SyncAnalyticsInput {
  social_account_id: string;
  workspace_id: string;
}
