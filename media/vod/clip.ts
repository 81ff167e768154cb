import { AAC, H264, REPEATABLE } from './encode.ts';
import { convert, inputOf, type Tools } from './ffmpeg.ts';
import type { InspectedVideo } from './inspect.ts';

export interface ClipCut {
  start_ms: number;
  end_ms: number;
  /** 9:16 from this share of the width that is left over, 0 left, 1 right; null: the whole picture. */
  crop_x: number | null;
}

/** TikTok takes 360 to 4096 pixels a side and 23 to 60 frames a second: https://developers.tiktok.com/docs/en/content-posting-api-media-transfer-guide */
const LEAST_SIDE = 360;
const MOST_SIDE = 1_920;
const LEAST_HEIGHT_9_16 = 640;
const RATES = { least: 24, most: 60 };

const LEAST_MS = 5 * 60_000;
/** A busy machine encodes several times slower than it plays. */
const ENCODE_FACTOR = 20;

const even = (pixels: number): number => 2 * Math.round(pixels / 2);

/** Cuts a part out, to the frame, as an MP4 that TikTok takes. @throws AppError ffmpeg_failed */
export function cutClip(tools: Tools, source: string, inspected: InspectedVideo, { start_ms, end_ms, crop_x }: ClipCut, path: string): Promise<void> {
  const length_ms = end_ms - start_ms;
  const rate = Math.min(RATES.most, Math.max(RATES.least, Math.round(inspected.probe.frame_rate ?? 30)));
  const picture = [crop_x === null ? wholePicture(inspected) : upright(inspected, crop_x), 'setsar=1', `fps=${rate}`, 'format=yuv420p'].join(',');
  const args = [
    ...['-ss', (start_ms / 1_000).toFixed(3), ...inputOf(source), '-t', (length_ms / 1_000).toFixed(3)],
    ...['-map', '0:v:0', '-map', '0:a:0?', '-vf', picture, ...H264, ...AAC, ...REPEATABLE, '-movflags', '+faststart', path],
  ];
  return convert(tools, args, LEAST_MS + ENCODE_FACTOR * length_ms);
}

function wholePicture({ probe: { width, height } }: InspectedVideo): string {
  const [w, h] = [width ?? 1_280, height ?? 720];
  const factor = Math.min(Math.max(1, LEAST_SIDE / Math.min(w, h)), Math.max(1, MOST_SIDE / Math.max(w, h)));
  return `scale=${even(w * factor)}:${even(h * factor)}`;
}

/** The largest part of 9:16 that the picture has, brought to a size that TikTok takes. */
function upright({ probe: { width, height } }: InspectedVideo, crop_x: number): string {
  const [w, h] = [width ?? 1_280, height ?? 720];
  const crop = w * 16 > h * 9 ? { w: even((h * 9) / 16), h: even(h - 0.5) } : { w: even(w - 0.5), h: even((w * 16) / 9) };
  const target = Math.min(MOST_SIDE, Math.max(LEAST_HEIGHT_9_16, crop.h));
  // Sizes that are 9:16 to the pixel.
  const unit = 2 * Math.round(target / 32);
  return `crop=${Math.min(crop.w, w)}:${Math.min(crop.h, h)}:(iw-ow)*${crop_x}:(ih-oh)/2,scale=${unit * 9}:${unit * 16}`;
}
