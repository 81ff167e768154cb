import type { OpenApiFailure } from '../contracts/open-api.ts';
import type { PostFault } from '../contracts/post.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';

/** TikTok's `error.code`: https://developers.tiktok.com/doc/tiktok-api-v2-error-handling and the tables of each route. */
const API_CODES: Readonly<Record<string, ErrorCode>> = {
  access_token_invalid: 'tiktok_token_invalid',
  scope_not_authorized: 'scope_missing',
  scope_permission_missed: 'scope_missing',
  invalid_param: 'tiktok_invalid_params',
  invalid_params: 'tiktok_invalid_params',
  invalid_file_upload: 'tiktok_invalid_params',
  rate_limit_exceeded: 'tiktok_rate_limited',
  internal_error: 'tiktok_internal',
  invalid_publish_id: 'tiktok_invalid_publish_id',
  token_not_authorized_for_specified_publish_id: 'tiktok_invalid_publish_id',
  publish_not_cancellable: 'tiktok_not_cancellable',
  app_version_check_failed: 'tiktok_app_version',
  spam_risk_too_many_posts: 'tiktok_daily_cap',
  spam_risk_too_many_pending_share: 'tiktok_pending_cap',
  spam_risk_user_banned_from_posting: 'tiktok_user_banned',
  spam_risk_text: 'post_refused',
  spam_risk: 'post_refused',
  reached_active_user_cap: 'tiktok_active_user_cap',
  unaudited_client_can_only_post_to_private_accounts: 'tiktok_unaudited',
  url_ownership_unverified: 'tiktok_url_unverified',
  privacy_level_option_mismatch: 'tiktok_privacy_mismatch',
};

/** The string `error` of OAuth answers: https://developers.tiktok.com/doc/oauth-error-handling. */
const OAUTH_CODES: Readonly<Record<string, ErrorCode>> = {
  access_denied: 'oauth_denied',
  server_error: 'tiktok_internal',
  temporarily_unavailable: 'tiktok_internal',
  invalid_client: 'oauth_failed',
  invalid_grant: 'oauth_failed',
  invalid_request: 'oauth_failed',
  invalid_scope: 'oauth_failed',
  unauthorized_client: 'oauth_failed',
  unsupported_grant_type: 'oauth_failed',
  unsupported_response_type: 'oauth_failed',
};

/** Our code for TikTok's; where TikTok's is unknown or absent, the HTTP status has to do. */
export function codeOfTikTokError(tiktokCode: string | null, status: number): ErrorCode {
  for (const table of [API_CODES, OAUTH_CODES]) if (tiktokCode !== null && Object.hasOwn(table, tiktokCode)) return table[tiktokCode]!;
  if (status >= 500) return 'tiktok_internal';
  if (status === 429) return 'tiktok_rate_limited';
  if (status === 401) return 'tiktok_token_invalid';
  return 'tiktok_invalid_params';
}

/** Whether the same call with the same token may succeed later. */
export const isRetryable = (code: ErrorCode): boolean => code !== 'tiktok_token_invalid' && !ERRORS[code].permanent;

/** How long until it is worth asking again, where TikTok does not say; milliseconds. */
const WAITS: Readonly<Partial<Record<ErrorCode, number>>> = {
  // A sliding window of one minute.
  tiktok_rate_limited: 20_000,
  // Windows of 24 hours, counted over all apps: when a place gets free can only be found out.
  tiktok_daily_cap: 3_600_000,
  tiktok_active_user_cap: 3_600_000,
  // Posting or discarding a draft frees a place at once.
  tiktok_pending_cap: 900_000,
};

/** What becomes of a post whose creator info or init TikTok refused. */
export type RefusalStep = { kind: 'wait'; code: ErrorCode; wait_ms: number; reason: string } | { kind: 'refused'; fault: PostFault };

/**
 * A limit is waited for, anything else that can't change by itself ends the post; null: neither, the call is to be repeated (TikTok
 * failed or was not reached).
 */
export function stepAfterRefusal({ code, reason, retry_after_ms, retryable }: OpenApiFailure): RefusalStep | null {
  const wait = WAITS[code];
  if (wait !== undefined) return { kind: 'wait', code, wait_ms: retry_after_ms ?? wait, reason: `${ERRORS[code].message} ${reason}` };
  return retryable ? null : { kind: 'refused', fault: { code, reason: `${ERRORS[code].message} ${reason}` } };
}
