import { AppError, ERRORS, type ErrorCode } from '../../domain/errors.ts';

export interface LiveErrorDetails {
  /** TikTok's or the sign service's own words. Never a cookie or a key. */
  detail?: string | null;
  /** Overrides the table's words for people. */
  reason?: string;
  retry_after_ms?: number;
  /** The caller's signal ended the call: nothing is wrong with TikTok. */
  aborted?: boolean;
  cause?: unknown;
}

/** What every call of the LIVE client rejects with. */
export class LiveError extends AppError {
  readonly reason: string;
  /** Milliseconds to wait before the next try, where the other side said so. */
  readonly retry_after_ms: number | undefined;
  readonly aborted: boolean;

  constructor(
    code: ErrorCode,
    { detail = null, reason = ERRORS[code].message, retry_after_ms, aborted = false, cause }: LiveErrorDetails = {},
  ) {
    super(code, detail, cause === undefined ? undefined : { cause });
    this.name = 'LiveError';
    this.reason = reason;
    if (reason !== ERRORS[code].message) this.message = detail ? `${reason} (${detail})` : reason;
    this.retry_after_ms = retry_after_ms;
    this.aborted = aborted;
  }
}

export const abortedError = (): LiveError => new LiveError('unavailable', { reason: 'The call was called off.', aborted: true });

/** An unexpected throw as a LiveError, so that callers meet one kind only. */
export function toLiveError(error: unknown, code: ErrorCode = 'tiktok_bad_response'): LiveError {
  if (error instanceof LiveError) return error;
  return new LiveError(code, { detail: error instanceof Error ? error.message : String(error), cause: error });
}
