import type { InspectedVideo } from './inspect.ts';

/** What files are brought to so that they can follow each other: one size, one rate, and sound where any has sound. */
export interface EncodeTarget {
  width: number;
  height: number;
  /** Frames a second. */
  frame_rate: number;
  hasAudio: boolean;
}

const MAX_RATE = 60;
const even = (pixels: number): number => Math.max(2, pixels - (pixels % 2));

/** The size and rate of the first that has a picture; null: none has, and there is nothing to bring to a size. */
export function targetOf(files: readonly InspectedVideo[]): EncodeTarget | null {
  const first = files.find(({ video }) => video !== null);
  if (!first) return null;
  const { width, height, frame_rate } = first.probe;
  return {
    width: even(width ?? 1_280),
    height: even(height ?? 720),
    frame_rate: Math.min(MAX_RATE, Math.max(1, Math.round(frame_rate ?? 30))),
    hasAudio: files.some(({ audio }) => audio !== null),
  };
}

/** Everything that shows in H.264's parameter sets is fixed: files that are encoded like this have the same. */
export const H264: readonly string[] = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '21', '-profile:v', 'high', '-pix_fmt', 'yuv420p'],
  ...['-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
];
export const AAC: readonly string[] = ['-c:a', 'aac', '-b:a', '128k', '-ar', '48000', '-ac', '2'];
/** The same bytes each time: no dates, no versions. */
export const REPEATABLE: readonly string[] = ['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact', '-flags:a', '+bitexact'];

/** Options behind `-i file` that bring it to the target; a picture or sound that it lacks is black, or silence. */
export function encodeTo({ width, height, frame_rate, hasAudio }: EncodeTarget, file: InspectedVideo): string[] {
  const seconds = String((file.probe.duration_ms ?? 0) / 1_000);
  const black = file.video ? [] : ['-f', 'lavfi', '-t', seconds, '-i', `color=c=black:s=${width}x${height}:r=${frame_rate}`];
  const silence = file.audio || !hasAudio ? [] : ['-f', 'lavfi', '-t', seconds, '-i', 'anullsrc=r=48000:cl=stereo'];
  const picture = `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2,pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2,setsar=1,fps=${frame_rate},format=yuv420p`;
  return [
    ...black,
    ...silence,
    ...['-map', file.video ? '0:v:0' : '1:v:0', '-vf', picture, ...H264, '-g', String(frame_rate * 2)],
    ...(hasAudio ? ['-map', file.audio ? '0:a:0' : '1:a:0', '-af', 'aresample=async=1000', ...AAC] : ['-an']),
  ];
}
