import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { AppError, ERRORS, type ErrorCode } from '../domain/errors.ts';
import type { AppEnv } from './context.ts';
import { isOutage, unstorableText } from './database-faults.ts';
import { ApiError, HTTP_STATUS, type ApiErrorExtras } from './errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** RFC 9457, with our stable code and the fault of each field. */
export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:showrunner:error:validation_failed' }),
    title: z.string().openapi({ example: ERRORS.validation_failed.message }),
    status: z.int().openapi({ example: 422 }),
    detail: z.string().openapi({ example: 'name: Invalid input: expected string, received number' }),
    instance: z.string().openapi({ example: '/api/rules' }),
    code: z.string().openapi({ example: 'validation_failed', description: 'Stable; all codes are in docs/errors.md.' }),
    request_id: z.string().openapi({ example: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10' }),
    reason: z.enum(['missing', 'expired', 'invalid']).optional().openapi({ description: 'With 401: what is wrong with the token.' }),
    errors: z
      .array(
        z.object({
          field: z.string().openapi({ example: 'name' }),
          message: z.string().openapi({ example: 'Invalid input: expected string, received number' }),
        }),
      )
      .optional(),
  })
  .openapi('Problem');

export type Problem = z.infer<typeof problemSchema>;

/** The handler of everything that was thrown: our errors say what they are, anything else is `internal` and logged. */
export function answerError(error: Error, c: Context<AppEnv>): Response {
  const known = knownError(error);
  if (!known) c.get('log').error({ err: error }, 'request failed');
  else if (HTTP_STATUS[known.code] >= 500) c.get('log').warn({ err: error, code: known.code }, 'request could not be served');
  return problemResponse(c, known?.code ?? 'internal', known instanceof ApiError ? known.extras : { detail: known?.detail ?? undefined });
}

/** What was thrown as an error of the table; null: nobody expected it. */
export function knownError(error: Error): AppError | null {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException) return fromHono(error);
  if (isOutage(error)) return new ApiError('unavailable', { detail: 'the database', retryAfterS: 5 }, { cause: error });
  return unstorableText(error) ? new ApiError('validation_failed', { detail: 'text that can not be stored' }, { cause: error }) : null;
}

function fromHono(error: HTTPException): AppError | null {
  if (error.status === 415) return new ApiError('unsupported_media_type');
  if (error.status === 400) return new ApiError('malformed_json');
  return null;
}

/** A problem document as a response. */
export function problemResponse(c: Context<AppEnv>, code: ErrorCode, extras: ApiErrorExtras = {}): Response {
  const status = HTTP_STATUS[code];
  const { message } = ERRORS[code];
  const problem: Problem = {
    type: `urn:showrunner:error:${code}`,
    title: message,
    status,
    detail: extras.detail ?? message,
    instance: c.req.path,
    code,
    request_id: c.get('requestId'),
    ...(extras.reason && { reason: extras.reason }),
    ...(extras.errors && { errors: extras.errors }),
  };
  return c.body(JSON.stringify(problem), status, {
    'Content-Type': PROBLEM_TYPE,
    'Cache-Control': 'no-store',
    ...(extras.retryAfterS !== undefined && { 'Retry-After': String(extras.retryAfterS) }),
    ...(status === 401 && { 'WWW-Authenticate': challenge(extras) }),
  });
}

const challenge = ({ reason }: ApiErrorExtras): string =>
  reason && reason !== 'missing'
    ? `Bearer realm="showrunner", error="invalid_token", error_description="${reason}"`
    : 'Bearer realm="showrunner"';
