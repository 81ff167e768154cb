import { AppError } from '../../domain/errors.ts';
import { FfmpegError } from '../ffmpeg/machine-fault.ts';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';

/** What works on files needs. */
export interface Tools {
  /** FFMPEG_PATH. */
  ffmpeg: string;
  /** FFPROBE_PATH. */
  ffprobe: string;
  signal: AbortSignal;
}

/** Of setpriv and of shells: the program is not there. */
const NOT_FOUND = 127;

/**
 * Has ffmpeg turn files into a file. @param timeoutMs after so long it is killed
 * @throws FfmpegError with its last words; AppError feature_off where it is not installed; the signal's reason where it was aborted
 */
export async function convert({ ffmpeg, signal }: Tools, args: readonly string[], timeoutMs: number): Promise<void> {
  signal.throwIfAborted();
  const end = await runFfmpeg({ command: ffmpeg, purpose: 'vod', args: ['-loglevel', 'error', '-y', ...args], timeoutMs, signal, keepLines: 3 }).ended;
  signal.throwIfAborted();
  if (end.code === NOT_FOUND || (end.code === null && /ENOENT/.test(end.reason ?? ''))) throw new AppError('feature_off', 'ffmpeg is not installed');
  if (end.code !== 0) throw new FfmpegError(end);
}

/** Containers that are read: none that names other files or addresses, as playlists do. https://ffmpeg.org/ffmpeg-formats.html */
const CONTAINERS = 'mov,matroska,flv,mpegts,mpeg,avi,asf';
export const READ_OPTIONS: readonly string[] = ['-protocol_whitelist', 'file', '-format_whitelist', CONTAINERS];

/** A file that somebody may have made to do harm, as ffmpeg's input. */
export const inputOf = (path: string): string[] => [...READ_OPTIONS, '-i', `file:${path}`];
