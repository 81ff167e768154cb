import type { MediaFacts, MediaFault, MediaProbe } from '../contracts/media.ts';
import type { PostKind, PostMode } from '../contracts/post.ts';
import { MAX_VIDEO_BYTES, MIB } from './chunk-plan.ts';
import { PHOTO_TYPES, VIDEO_TYPES, type MediaType } from './media-type.ts';

/** TikTok's limits: https://developers.tiktok.com/docs/en/content-posting-api-media-transfer-guide. */
export const MAX_PHOTO_BYTES = 20 * MIB;
export const MAX_INBOX_DURATION_MS = 600_000;
const MIN_FRAME_RATE = 23;
const MAX_FRAME_RATE = 60;
/** Cameras' 60 is measured as 60.02 now and then. */
const FRAME_RATE_TOLERANCE = 0.1;
const MIN_SIDE = 360;
const MAX_SIDE = 4_096;
/** TikTok's names for ffprobe's. */
const CODECS: Readonly<Record<string, string>> = { h264: 'H.264', hevc: 'H.265', vp8: 'VP8', vp9: 'VP9' };

export interface MediaCheck {
  facts: MediaFacts;
  kind: PostKind;
  mode: PostMode;
  /** What TikTok allows this creator; null: not known yet. */
  max_duration_ms: number | null;
  /** By sniffMediaType; null: nothing that TikTok takes. */
  sniffed: MediaType | null;
  /** Why the file is known to be cut short, by mp4-boxes; null: it is not. */
  truncated: string | null;
}

/** Everything that TikTok would not take about a file, each by name; what needs ffprobe is left out where there was none. */
export function checkMedia({ facts, kind, mode, max_duration_ms, sniffed, truncated }: MediaCheck): MediaFault[] {
  if (facts.size_bytes === 0) return [{ code: 'media_empty', message: 'The file has 0 bytes.' }];
  return [
    ...sizeFaults(facts.size_bytes, kind),
    ...typeFaults(sniffed, kind),
    ...(truncated === null ? [] : [{ code: 'media_truncated' as const, message: truncated }]),
    ...(kind === 'video' && facts.probe !== null ? videoFaults(facts.probe, mode, max_duration_ms) : []),
  ];
}

function sizeFaults(bytes: number, kind: PostKind): MediaFault[] {
  const max = kind === 'video' ? MAX_VIDEO_BYTES : MAX_PHOTO_BYTES;
  if (bytes <= max) return [];
  return [{ code: 'media_too_large', message: `The file has ${bytes} bytes; TikTok takes ${max} (${kind === 'video' ? '4 GB a video' : '20 MB a picture'}).` }];
}

function typeFaults(sniffed: MediaType | null, kind: PostKind): MediaFault[] {
  const taken: readonly string[] = kind === 'video' ? VIDEO_TYPES : PHOTO_TYPES;
  if (sniffed !== null && taken.includes(sniffed)) return [];
  const wanted = kind === 'video' ? 'MP4, MOV or WebM video' : 'JPEG or WebP picture';
  return [{ code: 'media_type', message: `By its first bytes the file is ${sniffed ?? 'of a type that TikTok does not take'}; wanted: a ${wanted}.` }];
}

function videoFaults(probe: MediaProbe, mode: PostMode, maxDurationMs: number | null): MediaFault[] {
  const { video_codec: codec, frame_rate: rate, width, height } = probe;
  const faults: MediaFault[] = [];
  if (codec === null) faults.push({ code: 'media_codec', message: 'The file has no video track.' });
  else if (!Object.hasOwn(CODECS, codec))
    faults.push({ code: 'media_codec', message: `The video is encoded as ${codec}; TikTok takes ${Object.values(CODECS).join(', ')}.` });
  if (rate !== null && (rate < MIN_FRAME_RATE - FRAME_RATE_TOLERANCE || rate > MAX_FRAME_RATE + FRAME_RATE_TOLERANCE))
    faults.push({ code: 'media_frame_rate', message: `The video has ${Math.round(rate * 100) / 100} frames a second; TikTok takes ${MIN_FRAME_RATE} to ${MAX_FRAME_RATE}.` });
  if (width !== null && height !== null && [width, height].some((side) => side < MIN_SIDE || side > MAX_SIDE))
    faults.push({ code: 'media_picture_size', message: `The video is ${width}×${height} pixels; TikTok takes ${MIN_SIDE} to ${MAX_SIDE} on each side.` });
  return [...faults, ...durationFaults(probe.duration_ms, mode, maxDurationMs)];
}

function durationFaults(durationMs: number | null, mode: PostMode, maxDurationMs: number | null): MediaFault[] {
  const limits = [maxDurationMs, mode === 'inbox' ? MAX_INBOX_DURATION_MS : null].filter((limit) => limit !== null);
  const max = Math.min(...limits);
  if (durationMs === null || durationMs <= max) return [];
  return [{ code: 'media_too_long', message: `The video lasts ${durationMs / 1_000} s; TikTok takes ${max / 1_000} s ${mode === 'inbox' ? 'for a draft' : 'from this creator'}.` }];
}
