import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { ERRORS, type ErrorCode } from '../domain/errors.ts';

/** An activity that Temporal has given up is a failure that people are told of; a cancelled workflow is not. */
export async function orGivenUp<T>(run: () => Promise<T>): Promise<T | { ok: false; code: ErrorCode; reason: string }> {
  try {
    return await run();
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const cause = error.cause instanceof ApplicationFailure ? error.cause : null;
    const code: ErrorCode = cause?.type && Object.hasOwn(ERRORS, cause.type) ? (cause.type as ErrorCode) : 'internal';
    return { ok: false, code, reason: cause?.message ?? error.message };
  }
}
