import type { Audience, Relationship } from '../contracts/social.ts';

/** A picture as it is shown: rotated, with square pixels. */
export interface ShownPicture {
  width: number;
  height: number;
  /** Frames a second. */
  frame_rate: number;
}

/** One quality in which a video is offered. */
export interface Rendition {
  name: RenditionName;
  width: number;
  height: number;
  frame_rate: number;
  /** Most bits a second of its picture. */
  max_rate: number;
}

/** high: up to 720p. low: up to 360p, for bad lines; there is none of what is that small already. */
export const RENDITIONS = ['high', 'low'] as const;
export type RenditionName = (typeof RENDITIONS)[number];

const LADDER: Readonly<Record<RenditionName, { side: number; frame_rate: number; max_rate: number }>> = {
  high: { side: 720, frame_rate: 60, max_rate: 3_000_000 },
  low: { side: 360, frame_rate: 30, max_rate: 700_000 },
};
/** The long side may be so many times the short side's limit: 21:9 keeps its size, a ribbon does not. */
const LONGEST_SHAPE = 2.4;
/** Larger pictures are no phone's: decoding one frame of them takes gigabytes. */
export const MAX_SIDE = 8_192;
const FALLBACK_RATE = 30;

/** What ffprobe says of a video track that decides how it is shown. */
export interface TrackFacts {
  width?: number;
  height?: number;
  sample_aspect_ratio?: string;
  avg_frame_rate?: string;
  side_data_list?: { rotation?: number }[];
}

/** null: it has no size. */
export function shownPicture(track: TrackFacts): ShownPicture | null {
  const { width = 0, height = 0 } = track;
  if (width <= 0 || height <= 0) return null;
  const [wide, high] = (track.sample_aspect_ratio ?? '1:1').split(':').map(Number);
  const stretch = wide! > 0 && high! > 0 ? wide! / high! : 1;
  const rotation = track.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  const [shownWidth, shownHeight] = Math.abs(Math.round(rotation / 90)) % 2 === 1 ? [height, width * stretch] : [width * stretch, height];
  const [above, below] = (track.avg_frame_rate ?? '').split('/').map(Number);
  const rate = above! / (below ?? 1);
  return { width: shownWidth, height: shownHeight, frame_rate: Number.isFinite(rate) && rate > 0 ? rate : FALLBACK_RATE };
}

/** The qualities that a picture is offered in, best first: never larger than it is, its shape kept, sides even as H.264 wants them. */
export function ladderOf(picture: ShownPicture): Rendition[] {
  const high = fitted('high', picture);
  const low = fitted('low', picture);
  return Math.min(high.width, high.height) > Math.min(low.width, low.height) ? [high, low] : [high];
}

function fitted(name: RenditionName, { width, height, frame_rate }: ShownPicture): Rendition {
  const { side, frame_rate: mostFrames, max_rate } = LADDER[name];
  const factor = Math.min(1, side / Math.min(width, height), (side * LONGEST_SHAPE) / Math.max(width, height));
  return { name, width: even(width * factor), height: even(height * factor), frame_rate: Math.max(1, Math.min(mostFrames, Math.round(frame_rate))), max_rate };
}

const even = (pixels: number): number => Math.max(2, 2 * Math.round(pixels / 2));

/** Whoever leaves it running overnight has not watched it a thousand times. */
export const MAX_LOOPS = 10;

/** What of the claimed time counts, milliseconds. */
export const countedWatch = (claimed_ms: number, duration_ms: number): number => Math.max(0, Math.min(claimed_ms, duration_ms * MAX_LOOPS));

/** Whether somebody may comment on a video. Where comments are off they are off for its author, too. */
export const mayComment = ({ allow_comments, audience, relationship }: { allow_comments: boolean; audience: Audience; relationship: Relationship }): boolean =>
  allow_comments && (relationship === 'self' || audience === 'everyone' || (audience === 'friends' && relationship === 'friends'));
