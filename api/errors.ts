import { AppError, type ErrorCode } from '../domain/errors.ts';

export { HTTP_STATUS } from '../domain/http-status.ts';

export interface FieldFault {
  /** Dotted path in the body, or the name of the parameter or header. */
  field: string;
  message: string;
}

export interface ApiErrorExtras {
  detail?: string;
  errors?: FieldFault[];
  retryAfterS?: number;
  /** Why a token was refused. */
  reason?: 'missing' | 'expired' | 'invalid';
}

/** An AppError with what only HTTP can say: faults by field, Retry-After, the reason of a 401. */
export class ApiError extends AppError {
  readonly extras: ApiErrorExtras;

  constructor(code: ErrorCode, extras: ApiErrorExtras = {}, options?: ErrorOptions) {
    super(code, extras.detail ?? null, options);
    this.name = 'ApiError';
    this.extras = extras;
  }
}

/** A 422 that names one field; `code` where a more telling one than validation_failed exists. */
export const fieldError = (field: string, message: string, code: ErrorCode = 'validation_failed'): ApiError =>
  new ApiError(code, { detail: `${field}: ${message}`, errors: [{ field, message }] });
