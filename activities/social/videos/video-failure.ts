import { ApplicationFailure } from '@temporalio/activity';
import type { Db } from '../../../db/client.ts';
import { noteVideoDelay } from '../../../db/video.repository.ts';
import type { TranscodeOutcome } from '../../../domain/contracts/video.ts';
import { AppError } from '../../../domain/errors.ts';

/** ffmpeg is deterministic, but a machine may be too busy for once, or short of memory. */
const FFMPEG_TRIES = 3;

/** It would end the same next time. That ffmpeg is missing is the operator's fault: once it is there, the video is made. */
const isFinal = ({ code, permanent }: AppError): boolean => code !== 'feature_off' && permanent;

/** What a failed attempt means: for good, which is an answer; or for now, which is thrown, so that Temporal tries again, and said in the row meanwhile. */
export async function settleFailure(db: Db, videoId: string, error: unknown): Promise<TranscodeOutcome> {
  if (!(error instanceof AppError)) throw error;
  const refusal = { ok: false as const, code: error.code, reason: error.message };
  if (isFinal(error)) return refusal;
  // Counted in the row: an attempt that failed for another reason, such as storage that was away, is none of ffmpeg's.
  if ((await noteVideoDelay(db, videoId, refusal)) >= FFMPEG_TRIES && error.code === 'ffmpeg_failed') return refusal;
  throw ApplicationFailure.create({ message: error.message, type: error.code, cause: error });
}
