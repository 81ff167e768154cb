import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { encodeTo, REPEATABLE, targetOf } from './encode.ts';
import { convert, inputOf, type Tools } from './ffmpeg.ts';
import { inspectVideo, type InspectedVideo } from './inspect.ts';

export interface JoinedVideo {
  path: string;
  inspected: InspectedVideo;
  /** How long each piece plays in it, milliseconds. */
  durations_ms: number[];
  /** Pieces differed, so that all were encoded anew. */
  encoded: boolean;
}

/** Copying reads and writes each byte, on a slow disk too. */
export const COPY_MS = 60 * 60_000;
const LEAST_ENCODE_MS = 10 * 60_000;
/** A busy machine encodes several times slower than it plays. */
const ENCODE_FACTOR = 10;
/** Most that encoding may take, milliseconds. */
export const encodeMs = ({ probe }: InspectedVideo): number => LEAST_ENCODE_MS + ENCODE_FACTOR * (probe.duration_ms ?? 0);

/** Rounding to frames, and the encoder's delay, for each piece. */
const TOLERANCE_MS = 500;
const TOLERANCE_PER_PIECE_MS = 150;

/**
 * Joins fragmented files, one behind the other, into one MP4 that plays while it loads. Pieces of the same parameters are copied. Where one
 * differs all are encoded, to the first's size: H.264 in MP4 has one set of parameters for the whole file.
 * @param pieces names of files in `folder`; they are used up
 * @throws AppError ffmpeg_failed, vod_unreadable
 */
export async function joinPieces(tools: Tools, folder: string, pieces: readonly string[]): Promise<JoinedVideo> {
  const inspected: InspectedVideo[] = [];
  for (const piece of pieces) inspected.push(await inspectVideo(join(folder, piece), tools.ffprobe));
  const encoded = new Set(inspected.map(({ parameters }) => parameters)).size > 1;
  const durations_ms: number[] = [];
  for (const [index, piece] of pieces.entries()) durations_ms.push(await straighten(tools, folder, piece, inspected[index]!, encoded ? targetOf(inspected) : null));
  const path = join(folder, 'joined.mp4');
  await concatenate(tools, folder, pieces, path);
  const result = await inspectVideo(path, tools.ffprobe);
  const expected = durations_ms.reduce((sum, ms) => sum + ms, 0);
  const actual = result.probe.duration_ms ?? 0;
  if (Math.abs(actual - expected) > TOLERANCE_MS + TOLERANCE_PER_PIECE_MS * pieces.length) throw new AppError('ffmpeg_failed', `the joined video lasts ${actual} ms instead of ${expected} ms`);
  return { path, inspected: result, durations_ms, encoded };
}

/** Makes a fragmented piece a plain one that begins at 0 and knows how long it is. @returns that, milliseconds */
async function straighten(tools: Tools, folder: string, piece: string, inspected: InspectedVideo, target: ReturnType<typeof targetOf>): Promise<number> {
  const path = join(folder, piece);
  const straight = `${path}.straight.mp4`;
  const how = target ? encodeTo(target, inspected) : ['-map', '0:v:0?', '-map', '0:a:0?', '-c', 'copy', '-avoid_negative_ts', 'make_zero'];
  await convert(tools, [...inputOf(path), ...how, ...REPEATABLE, '-video_track_timescale', '90000', straight], target ? encodeMs(inspected) : COPY_MS);
  await rename(straight, path);
  const { probe } = await inspectVideo(path, tools.ffprobe);
  if (probe.duration_ms === null) throw new AppError('vod_unreadable', 'a part of the recording has no duration');
  return probe.duration_ms;
}

async function concatenate(tools: Tools, folder: string, pieces: readonly string[], path: string): Promise<void> {
  const list = join(folder, 'pieces.txt');
  await writeFile(list, pieces.map((piece) => `file '${piece}'\n`).join(''));
  const read = ['-protocol_whitelist', 'file', '-format_whitelist', 'concat,mov', '-f', 'concat', '-i', `file:${list}`];
  await convert(tools, [...read, '-map', '0:v:0?', '-map', '0:a:0?', '-c', 'copy', ...REPEATABLE, '-movflags', '+faststart', path], COPY_MS);
  await Promise.all(pieces.map((piece) => rm(join(folder, piece), { force: true })));
}
