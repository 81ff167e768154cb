import type { AttemptResult } from './contracts/action.ts';
import type { OutgoingFailure, OutgoingResponse } from './contracts/outgoing-http.ts';
import { ERRORS, type ErrorCode } from './errors.ts';

/** 408 Request Timeout, 425 Too Early, 429 Too Many Requests: the same request may be taken later. */
const RETRYABLE_STATUSES = new Set([408, 425, 429]);
const MAX_EXCERPT = 200;

/** Codes for the three ways in which a target fails. */
export interface TargetCodes {
  refused: ErrorCode;
  failed: ErrorCode;
  unreachable: ErrorCode;
}

export const HTTP_TARGET: TargetCodes = { refused: 'target_refused', failed: 'target_failed', unreachable: 'target_unreachable' };
export const DEVICE_TARGET: TargetCodes = { refused: 'device_refused', failed: 'device_unreachable', unreachable: 'device_unreachable' };

/** What an answer, or its absence, makes of an attempt. */
export function outcomeOf(answer: OutgoingResponse | OutgoingFailure, codes: TargetCodes = HTTP_TARGET): AttemptResult {
  if (answer.kind === 'failure') return failureOutcome(answer, codes);
  const response = { status: answer.status, body: answer.body };
  if (answer.status >= 200 && answer.status < 300) return { outcome: 'succeeded', response };
  const error = words(answer);
  if (RETRYABLE_STATUSES.has(answer.status) || answer.status >= 500) {
    return {
      outcome: 'retryable',
      code: codes.failed,
      error,
      response,
      ...(answer.retry_after_ms === null ? {} : { retry_after_ms: answer.retry_after_ms }),
    };
  }
  return { outcome: 'failed', code: codes.refused, error, response };
}

function failureOutcome({ code, error }: OutgoingFailure, codes: TargetCodes): AttemptResult {
  if (code === 'target_unreachable') return { outcome: 'retryable', code: codes.unreachable, error };
  return ERRORS[code].permanent ? { outcome: 'failed', code, error } : { outcome: 'retryable', code, error };
}

function words({ status, body, location }: OutgoingResponse): string {
  if (location !== null)
    return `The other side answered ${status} with a redirect to ${location.slice(0, MAX_EXCERPT)}, which is not followed.`;
  const said = body.trim().slice(0, MAX_EXCERPT);
  return said ? `The other side answered ${status}: ${said}` : `The other side answered ${status}.`;
}

/**
 * Retry-After in milliseconds: seconds or an HTTP date; null where it is neither. At most a day.
 * @param nowMs epoch milliseconds
 */
export function parseRetryAfter(value: string | null | undefined, nowMs: number): number | null {
  if (!value) return null;
  const ms = /^\d+(\.\d+)?$/.test(value.trim())
    ? Number(value) * 1_000
    : /^[A-Z][a-z]{2}, /.test(value)
      ? Date.parse(value) - nowMs
      : Number.NaN;
  return Number.isFinite(ms) ? Math.min(Math.max(0, Math.ceil(ms)), 86_400_000) : null;
}
