import { open } from 'node:fs/promises';
import type { MediaProbe } from '../../domain/contracts/media.ts';
import { AppError } from '../../domain/errors.ts';
import { beginBoxWalk, feed, nextRead, truncation } from '../../domain/publishing/mp4-boxes.ts';
import { askFfprobe, isPicture, toProbe, type ProbedStream } from '../probe.ts';
import { READ_OPTIONS } from './ffmpeg.ts';

/** A file by what decides how it is joined, cut and played. */
export interface InspectedVideo {
  probe: MediaProbe;
  video: ProbedStream | null;
  audio: ProbedStream | null;
  /** Tracks with the same text may follow each other in one file as they are. */
  parameters: string;
}

/** Asks ffprobe. @throws AppError vod_unreadable with its words, ffmpeg_failed where the machine is at fault, feature_off where it is not installed */
export async function inspectVideo(path: string, ffprobe: string): Promise<InspectedVideo> {
  const answer = await askFfprobe(path, ffprobe, [...READ_OPTIONS, '-show_data_hash', 'md5']);
  if (answer.kind === 'not_installed') throw new AppError('feature_off', 'ffprobe is not installed');
  if (answer.kind !== 'answered') throw new AppError(answer.kind === 'unreadable' ? 'vod_unreadable' : 'ffmpeg_failed', answer.reason);
  const { streams = [] } = answer.output;
  const video = streams.find((stream) => stream.codec_type === 'video' && !isPicture(stream)) ?? null;
  const audio = streams.find(({ codec_type }) => codec_type === 'audio') ?? null;
  return { probe: toProbe(answer.output), video, audio, parameters: JSON.stringify([parametersOf(video), parametersOf(audio)]) };
}

const parametersOf = (stream: ProbedStream | null): unknown =>
  stream && [stream.codec_name, stream.profile, stream.width, stream.height, stream.pix_fmt, stream.sample_rate, stream.channels, stream.extradata_hash];

/** H.264 with 8 bits and AAC or MP3 in MP4: what every browser plays, and TikTok takes. */
export function playsEverywhere({ video, audio }: InspectedVideo): boolean {
  return video?.codec_name === 'h264' && ['yuv420p', 'yuvj420p'].includes(video.pix_fmt ?? '') && (audio === null || ['aac', 'mp3'].includes(audio.codec_name ?? ''));
}

const HEADER_BYTES = 16;

/** The index before the bytes, so that players begin before they have all of it. @throws AppError vod_unreadable where the file ends too early */
export async function isFaststart(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    let moovFirst: boolean | null = null;
    let walk = beginBoxWalk((await file.stat()).size);
    for (let next = nextRead(walk); next; next = nextRead(walk)) {
      const bytes = Buffer.alloc(Math.min(HEADER_BYTES, next.length));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, next.offset);
      const type = bytes.toString('latin1', 4, 8);
      if (moovFirst === null && (type === 'moov' || type === 'mdat')) moovFirst = type === 'moov';
      // Fragmented: the index is in pieces all over the file.
      if (type === 'moof') moovFirst = false;
      walk = feed(walk, bytes.subarray(0, bytesRead));
    }
    const fault = truncation(walk);
    if (fault !== null) throw new AppError('vod_unreadable', fault);
    return moovFirst ?? false;
  } finally {
    await file.close();
  }
}
