import type { Context } from 'hono';
import type { AppEnv } from '../context.ts';
import { HTTP_STATUS, type FieldFault } from '../errors.ts';
import { ApiError } from '../errors.ts';
import { knownError } from '../problem.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';

/** 200: done. 201: refused, such as too few coins. 400: no such request. 401: not signed in, or suspended. 500: ours. */
export type VerbCode = 200 | 201 | 400 | 401 | 500;

const MALFORMED = new Set([400, 405, 413, 415]);

/** The contract's code for one of ours, by its HTTP status. */
export function verbCode(error: ErrorCode): VerbCode {
  const status = HTTP_STATUS[error];
  // Apps show their sign-in at 401: there a suspended user reads why.
  if (status === 401 || error === 'account_suspended') return 401;
  if (status >= 500) return 500;
  return MALFORMED.has(status) ? 400 : 201;
}

/** Apps read the answer's body only: its status is always 200. */
export const answerVerb = (c: Context<AppEnv>, code: VerbCode, msg: unknown): Response => c.json({ code, msg }, 200, { 'Cache-Control': 'no-store' });

/** A fault as the contract tells it: a text for people. What nobody expected is logged. */
export function answerFault(c: Context<AppEnv>, thrown: unknown): Response {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const known = knownError(error);
  const code = known ? verbCode(known.code) : 500;
  if (!known) c.get('log').error({ err: error }, 'a verb failed');
  else if (code === 500) c.get('log').warn({ err: error, code: known.code }, 'a verb could not be served');
  const faults = known instanceof ApiError ? (known.extras.errors ?? []) : [];
  return answerVerb(c, code, faults.length > 0 ? wordsOf(faults) : (known?.message ?? ERRORS.internal.message));
}

const wordsOf = (faults: readonly FieldFault[]): string => faults.map(({ field, message }) => `${field}: ${message}`).join('; ');
