import { describe, expect, test } from '@jest/globals';
import type { OpenApiFailure } from '../../domain/contracts/open-api.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { failReason, failureOfPost, KNOWN_FAIL_REASONS } from '../../domain/publishing/fail-reasons.ts';
import { codeOfTikTokError, isRetryable, stepAfterRefusal } from '../../domain/publishing/open-api-errors.ts';

describe('A fail_reason of TikTok', () => {
  test.each<[string, ErrorCode, boolean]>([
    ['file_format_check_failed', 'media_type', false],
    ['duration_check_failed', 'media_too_long', false],
    ['frame_rate_check_failed', 'media_frame_rate', false],
    ['picture_size_check_failed', 'media_picture_size', false],
    ['internal', 'tiktok_internal', true],
    ['video_pull_failed', 'target_unreachable', true],
    ['photo_pull_failed', 'target_unreachable', true],
    ['publish_cancelled', 'post_refused', false],
    ['auth_removed', 'reconnect_needed', false],
    ['spam_risk_too_many_posts', 'tiktok_daily_cap', false],
    ['spam_risk_user_banned_from_posting', 'tiktok_user_banned', false],
    ['spam_risk_text', 'post_refused', false],
    ['spam_risk', 'post_refused', false],
    ['something_new', 'post_refused', false],
    ['constructor', 'post_refused', false],
  ])('%s is %s', (reason, code, again) => {
    expect(failReason(reason)).toMatchObject({ code, again });
    const { fault } = failureOfPost(reason);
    expect(fault.code).toBe(code);
    expect(fault.reason).toContain(`TikTok’s reason: ${reason}.`);
    expect(fault.reason).toMatch(/^[A-Z][^.]+\. [A-Z].+\.$/);
  });

  test('that is missing says so', () => {
    expect(failureOfPost(null).fault.reason).toContain('TikTok’s reason: none given.');
  });

  test('is known for all that TikTok documents', () => {
    expect(KNOWN_FAIL_REASONS).toHaveLength(13);
  });
});

describe('An error.code of TikTok', () => {
  test.each<[string | null, number, ErrorCode, boolean]>([
    ['access_token_invalid', 401, 'tiktok_token_invalid', false],
    ['scope_not_authorized', 401, 'scope_missing', false],
    ['scope_permission_missed', 400, 'scope_missing', false],
    ['invalid_param', 400, 'tiktok_invalid_params', false],
    ['invalid_params', 400, 'tiktok_invalid_params', false],
    ['rate_limit_exceeded', 429, 'tiktok_rate_limited', true],
    ['internal_error', 500, 'tiktok_internal', true],
    ['invalid_publish_id', 400, 'tiktok_invalid_publish_id', false],
    ['token_not_authorized_for_specified_publish_id', 400, 'tiktok_invalid_publish_id', false],
    ['publish_not_cancellable', 400, 'tiktok_not_cancellable', false],
    ['app_version_check_failed', 400, 'tiktok_app_version', false],
    ['spam_risk_too_many_posts', 200, 'tiktok_daily_cap', true],
    ['spam_risk_too_many_pending_share', 403, 'tiktok_pending_cap', true],
    ['spam_risk_user_banned_from_posting', 403, 'tiktok_user_banned', false],
    ['reached_active_user_cap', 403, 'tiktok_active_user_cap', true],
    ['unaudited_client_can_only_post_to_private_accounts', 403, 'tiktok_unaudited', false],
    ['url_ownership_unverified', 403, 'tiktok_url_unverified', false],
    ['privacy_level_option_mismatch', 403, 'tiktok_privacy_mismatch', false],
    ['access_denied', 400, 'oauth_denied', false],
    ['invalid_grant', 200, 'oauth_failed', false],
    ['invalid_client', 401, 'oauth_failed', false],
    ['temporarily_unavailable', 503, 'tiktok_internal', true],
    ['something_new', 403, 'tiktok_invalid_params', false],
    ['toString', 400, 'tiktok_invalid_params', false],
    ['something_new', 500, 'tiktok_internal', true],
    [null, 401, 'tiktok_token_invalid', false],
    [null, 429, 'tiktok_rate_limited', true],
    [null, 502, 'tiktok_internal', true],
    [null, 404, 'tiktok_invalid_params', false],
  ])('%s with HTTP %d is %s, worth a repeat: %s', (tiktokCode, status, code, retryable) => {
    expect(codeOfTikTokError(tiktokCode, status)).toBe(code);
    expect(isRetryable(code)).toBe(retryable);
  });
});

describe('A refused init', () => {
  const failure = (code: ErrorCode, change: Partial<OpenApiFailure> = {}): OpenApiFailure => ({
    ok: false,
    code,
    reason: 'TikTok: its_code (log_id 1).',
    tiktok_code: 'its_code',
    definite: true,
    retryable: isRetryable(code),
    retry_after_ms: null,
    ...change,
  });

  test.each<[ErrorCode, number]>([
    ['tiktok_rate_limited', 20_000],
    ['tiktok_daily_cap', 3_600_000],
    ['tiktok_active_user_cap', 3_600_000],
    ['tiktok_pending_cap', 900_000],
  ])('waits for a limit: %s', (code, wait_ms) => {
    expect(stepAfterRefusal(failure(code))).toEqual({ kind: 'wait', code, wait_ms, reason: `${ERRORS[code].message} TikTok: its_code (log_id 1).` });
  });

  test('waits as long as TikTok says', () => {
    expect(stepAfterRefusal(failure('tiktok_rate_limited', { retry_after_ms: 7_000 }))).toMatchObject({ kind: 'wait', wait_ms: 7_000 });
  });

  test.each<ErrorCode>(['tiktok_unaudited', 'tiktok_privacy_mismatch', 'tiktok_user_banned', 'scope_missing', 'reconnect_needed', 'tiktok_invalid_params'])('ends the post: %s', (code) => {
    expect(stepAfterRefusal(failure(code))).toMatchObject({ kind: 'refused', fault: { code, reason: expect.stringContaining('its_code') } });
  });

  test.each<ErrorCode>(['tiktok_internal', 'tiktok_unreachable', 'tiktok_bad_response'])('is neither where TikTok failed: %s', (code) => {
    expect(stepAfterRefusal(failure(code))).toBeNull();
  });
});
