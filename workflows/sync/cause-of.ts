import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';

export interface FailureCause {
  code: ErrorCode;
  /** TikTok's own words, where it gave some. */
  reason: string;
}

/** Why an activity was given up, for the row that people look at. */
export function causeOf(error: unknown): FailureCause {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return { code: 'unavailable', reason: 'It did not end in time; the next run goes on where it stood.' };
  const code = cause instanceof ApplicationFailure && isCode(cause.type) ? cause.type : 'internal';
  return { code, reason: cause instanceof Error ? cause.message : String(cause) };
}

const isCode = (type: string | null | undefined): type is ErrorCode => typeof type === 'string' && Object.hasOwn(ERRORS, type);
