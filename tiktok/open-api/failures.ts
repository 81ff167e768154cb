import type { OpenApiFailure } from '../../domain/contracts/open-api.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { codeOfTikTokError, isRetryable } from '../../domain/publishing/open-api-errors.ts';
import { connectionFault } from '../http/connection-faults.ts';

/** In these TikTok's answer does not say that nothing happened. */
const INDEFINITE_CODES = new Set(['internal_error', 'server_error']);

export interface TikTokRefusal {
  status: number;
  /** TikTok's own code; null: it gave none. */
  tiktok_code: string | null;
  message: string;
  log_id: string | null;
  retry_after_ms: number | null;
}

/** TikTok answered, and not as we hoped. @param code where the caller knows better than the table */
export function refusal({ status, tiktok_code, message, log_id, retry_after_ms }: TikTokRefusal, code: ErrorCode = codeOfTikTokError(tiktok_code, status)): OpenApiFailure {
  const said = isOnlyLinks(message) ? '' : `, “${message}”`;
  return {
    ok: false,
    code,
    reason: `TikTok: ${tiktok_code ?? `HTTP ${status}`}${said}${log_id === null ? '' : ` (log_id ${log_id})`}.`,
    tiktok_code,
    definite: status < 500 && !INDEFINITE_CODES.has(tiktok_code ?? ''),
    retryable: isRetryable(code),
    retry_after_ms,
  };
}

/** Some messages of TikTok are a link to its guidelines and nothing else: the code says more. */
const isOnlyLinks = (message: string): boolean => message.replace(/https?:\/\/\S+/g, '').trim() === '';

/** TikTok answered something that is not its protocol. Whether it did what it was asked, nobody knows, unless `definite`. */
export const badAnswer = (reason: string, { definite = false, retryable = true } = {}): OpenApiFailure => ({
  ok: false,
  code: 'tiktok_bad_response',
  reason,
  tiktok_code: null,
  definite,
  retryable,
  retry_after_ms: null,
});

/** No answer. */
export const unreachable = (reason: string, definite = false): OpenApiFailure => ({
  ok: false,
  code: 'tiktok_unreachable',
  reason,
  tiktok_code: null,
  definite,
  retryable: true,
  retry_after_ms: null,
});

/** A connection that could not be made, or that broke. */
export function connectionFailure(error: unknown): OpenApiFailure {
  const { reason, unsent } = connectionFault(error);
  return unreachable(reason, unsent);
}
