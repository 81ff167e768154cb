import { ApplicationFailure } from '@temporalio/activity';
import type { Db } from '../../../db/client.ts';
import { noteVodDelay } from '../../../db/vod.repository.ts';
import { AppError, type ErrorCode } from '../../../domain/errors.ts';

/** ffmpeg is deterministic, but a machine may be too busy for once. */
export const FFMPEG_TRIES = 3;

export interface Refusal {
  ok: false;
  code: ErrorCode;
  reason: string;
}

/**
 * What a failed attempt means: for good, which is an answer; or for now, which is thrown, so that Temporal tries again, and said in
 * the row meanwhile.
 */
export async function settleFailure(db: Db, vodId: string, error: unknown): Promise<Refusal> {
  if (!(error instanceof AppError)) throw error;
  const refusal: Refusal = { ok: false, code: error.code, reason: error.message };
  if (error.permanent) return refusal;
  // Counted in the row: an attempt that failed for another reason, such as storage that was away, is none of ffmpeg's.
  if ((await noteVodDelay(db, vodId, refusal)) >= FFMPEG_TRIES && error.code === 'ffmpeg_failed') return refusal;
  throw ApplicationFailure.create({ message: error.message, type: error.code, cause: error });
}
