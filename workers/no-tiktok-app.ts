import type { OpenApiFailure } from '../domain/contracts/open-api.ts';
import { ERRORS } from '../domain/errors.ts';
import type { OpenApiClient } from '../tiktok/open-api/index.ts';

const MISSING: OpenApiFailure = {
  ok: false,
  code: 'tiktok_app_missing',
  reason: ERRORS.tiktok_app_missing.message,
  tiktok_code: null,
  definite: true,
  retryable: false,
  retry_after_ms: null,
};

/** Where no TikTok app is configured every call says so; the worker runs all the same. */
export function createMissingAppClient(): OpenApiClient {
  const missing = (): Promise<OpenApiFailure> => Promise.resolve(MISSING);
  return {
    exchangeCode: missing,
    refresh: missing,
    revoke: missing,
    userInfo: missing,
    creatorInfo: missing,
    init: missing,
    uploadChunk: missing,
    status: missing,
    cancel: missing,
    listVideos: missing,
    queryVideos: missing,
    close: () => Promise.resolve(),
  };
}
