import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { Rendition } from '../../domain/social/video.ts';
import { isMachineFault } from '../ffmpeg/machine-fault.ts';
import { describeEnd, runFfmpeg, type FfmpegEnd } from '../ffmpeg/run-ffmpeg.ts';
import { AAC, REPEATABLE } from '../vod/encode.ts';
import { inputOf, type Tools } from '../vod/ffmpeg.ts';
import { pictureFilter } from './picture-filter.ts';

export interface TranscodePlan {
  /** Best first. */
  renditions: readonly Rendition[];
  hasAudio: boolean;
  fromHdr: boolean;
  /** Where the sound alone goes, as AAC in MP4; null: nowhere. */
  soundPath: string | null;
  /** What is behind it is not read, seconds. */
  mostS: number;
}

const SEGMENT_S = 2;
const LEAST_MS = 10 * 60_000;
/** A busy machine encodes several times slower than it plays. */
const ENCODE_FACTOR = 20;

/**
 * Makes HLS of a file in one run of ffmpeg: master.m3u8, and for each rendition its playlist and one file of fragmented MP4 (CMAF), whose
 * segments are ranges of it (RFC 8216, section 4.3.2.2). The same input gives the same names and bytes.
 * https://ffmpeg.org/ffmpeg-formats.html#hls-2
 * @param folder is empty
 * @param onProgress how much of it is done, milliseconds of the video
 * @returns how long it plays, milliseconds
 * @throws AppError vod_unreadable with ffmpeg's words; ffmpeg_failed where the machine is at fault, disk_full, feature_off; the signal's reason
 */
export async function transcodeToHls(tools: Tools, source: string, plan: TranscodePlan, folder: string, onProgress: (done_ms: number) => void): Promise<number> {
  await run(tools, source, plan, folder, onProgress).catch((error: unknown) => {
    // An ffmpeg that was built without zimg shows it greyish, which is better than not at all.
    if (plan.fromHdr && error instanceof AppError && /zscale/.test(error.detail ?? '')) return run(tools, source, { ...plan, fromHdr: false }, folder, onProgress);
    throw error;
  });
  const duration_ms = await playedMs(join(folder, `${plan.renditions[0]!.name}.m3u8`));
  if (duration_ms === 0) throw new AppError('vod_unreadable', 'nothing of it can be decoded');
  return duration_ms;
}

async function run({ ffmpeg, signal }: Tools, source: string, plan: TranscodePlan, folder: string, onProgress: (done_ms: number) => void): Promise<void> {
  signal.throwIfAborted();
  const args = ['-loglevel', 'error', '-y', '-t', String(plan.mostS), ...inputOf(source), ...hlsArguments(plan, folder), ...soundArguments(plan)];
  const timeoutMs = LEAST_MS + ENCODE_FACTOR * plan.mostS * 1_000;
  const end = await runFfmpeg({ command: ffmpeg, purpose: 'vod', args, timeoutMs, signal, keepLines: 3, onProgress: ({ out_ms }) => onProgress(out_ms ?? 0) }).ended;
  signal.throwIfAborted();
  if (end.code !== 0) throw faultOf(end);
}

function hlsArguments({ renditions, hasAudio, fromHdr }: TranscodePlan, folder: string): string[] {
  const maps = renditions.flatMap(({ name }) => ['-map', `[${name}]`, ...(hasAudio ? ['-map', '0:a:0'] : [])]);
  const rates = renditions.flatMap(({ max_rate }, index) => [`-maxrate:v:${index}`, String(max_rate), `-bufsize:v:${index}`, String(max_rate * 2)]);
  const variants = renditions.map(({ name }, index) => [`v:${index}`, ...(hasAudio ? [`a:${index}`] : []), `name:${name}`].join(','));
  return [
    ...['-filter_complex', pictureFilter(renditions, fromHdr), ...maps, '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-profile:v', 'high', ...rates],
    // A segment begins with a keyframe, at the same places in each rendition.
    ...['-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_S})`, '-sc_threshold', '0'],
    ...(hasAudio ? AAC : []),
    ...REPEATABLE,
    ...['-f', 'hls', '-hls_time', String(SEGMENT_S), '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4', '-hls_flags', 'single_file+independent_segments'],
    ...['-master_pl_name', 'master.m3u8', '-var_stream_map', variants.join(' '), '-hls_segment_filename', join(folder, '%v.m4s'), join(folder, '%v.m3u8')],
  ];
}

const soundArguments = ({ hasAudio, soundPath }: TranscodePlan): string[] =>
  hasAudio && soundPath !== null ? ['-map', '0:a:0', '-vn', ...AAC, ...REPEATABLE, '-movflags', '+faststart', soundPath] : [];

/** Of setpriv and of shells: the program is not there. */
const NOT_FOUND = 127;

/** Whether it is the file's fault, or something that may be better next time. */
function faultOf(end: FfmpegEnd): AppError {
  const words = describeEnd(end).slice(0, 500);
  if (end.code === NOT_FOUND || (end.code === null && /ENOENT/.test(words))) return new AppError('feature_off', 'ffmpeg is not installed');
  if (/No space left on device/.test(words)) return new AppError('disk_full', words);
  return new AppError(isMachineFault(end) ? 'ffmpeg_failed' : 'vod_unreadable', words);
}

/** How long a playlist plays. */
async function playedMs(path: string): Promise<number> {
  const playlist = await readFile(path, 'utf8');
  const seconds = [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].reduce((sum, [, length]) => sum + Number(length), 0);
  return Math.round(seconds * 1_000);
}
