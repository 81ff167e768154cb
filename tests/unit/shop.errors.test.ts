import { describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../domain/errors.ts';
import { codeOfShopError, isIndefinite, retryOf } from '../../domain/shop/error-table.ts';

describe('Error codes of TikTok Shop', () => {
  test.each<[number | null, string, number, ErrorCode]>([
    [36009002, 'Too many requests', 429, 'tiktok_rate_limited'],
    [36009003, 'Internal error', 200, 'tiktok_internal'],
    [105002, "The 'access_token' has expired, please refresh it.", 401, 'tiktok_token_invalid'],
    [105002, 'expired', 200, 'tiktok_token_invalid'],
    [105005, 'apply auth pkg', 401, 'shop_scope_missing'],
    [106001, 'sign invalid', 401, 'shop_app_refused'],
    [106013, 'shop_cipher missing', 400, 'shop_mismatch'],
    [36004004, 'auth code', 200, 'shop_auth_code'],
    [36004001, 'refresh token expired', 200, 'shop_reconnect_needed'],
    [12052260, 'no such product', 200, 'shop_product_not_found'],
    [12019024, 'stock', 200, 'shop_stock_refused'],
    [21011044, 'on hold', 200, 'shop_order_on_hold'],
    [21008099, 'shipped', 200, 'shop_already_shipped'],
    [11034037, 'generating', 200, 'shop_label_pending'],
    [12345678, 'something new', 200, 'shop_refused'],
    [12345678, 'something new', 503, 'tiktok_internal'],
    [12345678, 'something new', 429, 'tiktok_rate_limited'],
    [null, '', 429, 'tiktok_rate_limited'],
    [null, '', 408, 'tiktok_internal'],
    [null, '', 503, 'tiktok_internal'],
    [null, '', 401, 'tiktok_token_invalid'],
    [null, '', 404, 'tiktok_invalid_params'],
  ])('%s “%s” with HTTP %d is %s', (tiktokCode, message, status, code) => {
    expect(codeOfShopError(tiktokCode, message, status)).toBe(code);
  });

  test.each<[string, ErrorCode]>([
    ["Invalid timestamp. The 'timestamp' cannot be lesser than 0.", 'shop_clock_skew'],
    ['The `timestamp` is earlier than 5 minutes from now.', 'shop_clock_skew'],
    ["The 'timestamp' is more than 30 seconds ahead of now.", 'shop_clock_skew'],
    ["The 'access_token' is invalid.", 'tiktok_token_invalid'],
    ["The 'x-tts-access-token' header is invalid.", 'tiktok_token_invalid'],
    ["Invalid 'app_key'.", 'shop_app_refused'],
    ['Missing credentials: the signature is needed', 'shop_app_refused'],
    ["The 'shop_cipher' is not required for this endpoint.", 'shop_mismatch'],
    ['shop_id is invalid', 'shop_mismatch'],
    ['Invalid API version', 'shop_endpoint_unknown'],
    ['The page_token is invalid', 'shop_page_token'],
    ['Skus is a required field and has not been provided', 'tiktok_invalid_params'],
    ['PageSize is a required field and has not been provided', 'tiktok_invalid_params'],
    ['timestamp is a required field and has not been provided', 'tiktok_invalid_params'],
    ['param body.address is missing', 'tiktok_invalid_params'],
  ])('36009004 is told by its words: %s', (message, code) => {
    expect(codeOfShopError(36009004, message, 400)).toBe(code);
  });

  test('say whether to come again, to refresh or to stop', () => {
    expect(retryOf('tiktok_token_invalid')).toBe('refresh');
    for (const code of ['tiktok_rate_limited', 'tiktok_internal', 'shop_label_pending', 'shop_order_on_hold', 'shop_clock_skew'] as const) expect(retryOf(code)).toBe('later');
    for (const code of ['shop_scope_missing', 'shop_app_refused', 'shop_already_shipped', 'shop_refused', 'shop_page_token'] as const) expect(retryOf(code)).toBe('never');
    expect([isIndefinite('tiktok_internal'), isIndefinite('tiktok_rate_limited'), isIndefinite('shop_refused')]).toEqual([true, false, false]);
  });
});
