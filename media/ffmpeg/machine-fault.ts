import { AppError } from '../../domain/errors.ts';
import { describeEnd, type FfmpegEnd } from './run-ffmpeg.ts';

/** ffmpeg and ffprobe, stopped by SIGINT or SIGTERM, catch it and end with this code. */
const STOPPED = 255;
/** Shells end with 128 and the number of the signal that killed what they ran; signals that kill have numbers below 32. */
const KILLED = { above: 128, below: 160 };
const WORDS = /Cannot allocate memory|No space left on device|Resource temporarily unavailable|Too many open files/;

/**
 * Whether ffmpeg or ffprobe failed for something of the machine, which may be better next time: it was killed, was too slow, could not be
 * started, or lacked memory, room or threads. Otherwise the file is at fault. A code above 128 alone does not tell: since FFmpeg 6.1 ffmpeg
 * ends with the low byte of its error, which is 183 for "Invalid data found when processing input".
 */
export function isMachineFault({ code, signal, timed_out, reason }: Pick<FfmpegEnd, 'code' | 'signal' | 'timed_out' | 'reason'>): boolean {
  if (code === null || signal !== null || timed_out) return true;
  return code === STOPPED || (code > KILLED.above && code < KILLED.below) || WORDS.test(reason ?? '');
}

/** ffmpeg_failed, by an ffmpeg that turns files into files: who catches it can tell whether the file is at fault. */
export class FfmpegError extends AppError {
  readonly isMachineFault: boolean;

  constructor(end: FfmpegEnd) {
    super('ffmpeg_failed', describeEnd(end).slice(0, 500));
    this.isMachineFault = isMachineFault(end);
  }
}
