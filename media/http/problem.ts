import type { Context, ErrorHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { AppError, ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { HTTP_STATUS } from '../../domain/http-status.ts';

/** RFC 9457, as the API answers: https://www.rfc-editor.org/rfc/rfc9457 */
export function problemOf(c: Context, code: ErrorCode, detail: string | null = null): Response {
  const status = HTTP_STATUS[code] as ContentfulStatusCode;
  const reason = reasonOf(code, detail);
  const body = {
    type: `urn:showrunner:error:${code}`,
    title: ERRORS[code].message,
    status,
    detail: detail ?? ERRORS[code].message,
    instance: c.req.path,
    code,
    request_id: c.res.headers.get('x-request-id'),
    ...(reason && { reason }),
  };
  return c.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...(reason && { 'www-authenticate': challengeOf(reason) }) });
}

type Reason = 'missing' | 'expired' | 'invalid';

/** With 401: what is wrong with the token or key. */
function reasonOf(code: ErrorCode, detail: string | null): Reason | null {
  if (HTTP_STATUS[code] !== 401) return null;
  if (code === 'token_expired') return 'expired';
  return code === 'stream_key_missing' || detail?.includes('missing') ? 'missing' : 'invalid';
}

const challengeOf = (reason: Reason): string => `Bearer realm="showrunner"${reason === 'missing' ? '' : `, error="invalid_token", error_description="${reason}"`}`;

/** Expected refusals are AppErrors; anything else is ours, and is logged. */
export const answerProblem =
  (log: { error(fields: object, message: string): void }): ErrorHandler =>
  (error, c) => {
    if (error instanceof AppError) return problemOf(c, error.code, error.detail);
    log.error({ err: error, request_id: c.res.headers.get('x-request-id') }, 'a media request failed');
    return problemOf(c, 'internal');
  };
