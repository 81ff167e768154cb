import type { StreamLatency } from '../contracts/stream.ts';

export interface PlaylistPart {
  duration_ms: number;
  independent: boolean;
}

export interface PlaylistSegment {
  sequence: number;
  run_id: string;
  /** Wall clock of its first sample, milliseconds. */
  started_at_ms: number;
  duration_ms: number;
  /** Empty: known as a whole only. */
  parts: readonly PlaylistPart[];
  /** Rises by one where the init segment changes: at each run that has segments. */
  discontinuity: number;
  /** It is known to have been, and can not be had. */
  gap: boolean;
}

export interface PlaylistState {
  /** Their sequences rise by one. */
  segments: readonly PlaylistSegment[];
  /** The one that still grows. */
  open: PlaylistSegment | null;
  /** Of the next segment, where none is open. */
  next_sequence: number;
  ended: boolean;
  latency: StreamLatency;
  target_ms: number;
  part_ms: number;
  /** Goes behind every address: '' or such as '?token=…'. */
  query: string;
}

/** RFC 8216bis: https://datatracker.ietf.org/doc/html/draft-ietf-hls-rfc8216bis (parts, blocking reload and hints need version 9). */
const VERSION = { low: 9, normal: 7 } as const;
/** Parts are listed for so many target durations at the live edge, and not before: §6.2.2. */
const PARTS_FOR_TARGETS = 3;

export const initUri = (runId: string): string => `${runId}/init.mp4`;
export const segmentUri = (runId: string, sequence: number): string => `${runId}/${sequence}.m4s`;
export const partUri = (runId: string, sequence: number, part: number): string => `${runId}/${sequence}.${part}.m4s`;

/** The media playlist of a stream; addresses are relative to /hls/{stream_id}/. */
export function mediaPlaylist(state: PlaylistState): string {
  const { segments, open, ended, query } = state;
  const low = state.latency === 'low' && !ended;
  const listed = low && open ? [...segments, open] : segments;
  const target = targetDuration(state);
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${VERSION[state.latency]}`, `#EXT-X-TARGETDURATION:${target}`];
  if (low) lines.push(...lowLatencyHeader(state.part_ms));
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${listed[0]?.sequence ?? state.next_sequence}`, `#EXT-X-DISCONTINUITY-SEQUENCE:${listed[0]?.discontinuity ?? 0}`);
  const partsFrom = low ? edgeStart(listed, target * 1_000 * PARTS_FOR_TARGETS) : listed.length;
  let run: string | null = null;
  for (const [index, segment] of listed.entries()) {
    if (run !== null && run !== segment.run_id) lines.push('#EXT-X-DISCONTINUITY');
    if (run !== segment.run_id) lines.push(`#EXT-X-MAP:URI="${initUri(segment.run_id)}${query}"`);
    run = segment.run_id;
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.started_at_ms).toISOString()}`);
    if (index >= partsFrom) lines.push(...partLines(segment, query));
    if (segment !== open) lines.push(...segmentLines(segment, query));
  }
  if (low && run !== null) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${nextPart(state, run)}${query}"`);
  if (ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

const lowLatencyHeader = (partMs: number): string[] => [
  `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(3 * partMs)}`,
  `#EXT-X-PART-INF:PART-TARGET=${seconds(partMs)}`,
];

function partLines({ run_id, sequence, parts, gap }: PlaylistSegment, query: string): string[] {
  if (gap) return [];
  return parts.map(
    ({ duration_ms, independent }, index) =>
      `#EXT-X-PART:DURATION=${seconds(duration_ms)},URI="${partUri(run_id, sequence, index)}${query}"${independent ? ',INDEPENDENT=YES' : ''}`,
  );
}

const segmentLines = ({ run_id, sequence, duration_ms, gap }: PlaylistSegment, query: string): string[] => [
  ...(gap ? ['#EXT-X-GAP'] : []),
  `#EXTINF:${seconds(duration_ms)},`,
  `${segmentUri(run_id, sequence)}${query}`,
];

const nextPart = ({ open, next_sequence }: PlaylistState, run: string): string =>
  open ? partUri(open.run_id, open.sequence, open.parts.length) : partUri(run, next_sequence, 0);

/**
 * Seconds, whole. It must not change while the playlist lives, and no segment may be longer: the longest that is cut without a
 * keyframe is twice the target. Only a single fragment that is longer (no frame for seconds) raises it.
 */
const targetDuration = ({ segments, target_ms }: PlaylistState): number =>
  Math.max(Math.ceil((2 * target_ms) / 1_000), ...segments.map(({ duration_ms }) => Math.round(duration_ms / 1_000)));

/** Index of the first segment of the last `ms` of the playlist. */
function edgeStart(listed: readonly PlaylistSegment[], ms: number): number {
  let index = listed.length;
  for (let total = 0; index > 0 && total < ms; index--) total += listed[index - 1]!.duration_ms;
  return index;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(5);

export interface Variant {
  codecs: string;
  width: number | null;
  height: number | null;
  /** Peak of all segments, bits a second. */
  bandwidth: number;
}

/** The playlist that names the one variant that there is. @param uri of its media playlist */
export function multivariantPlaylist({ codecs, width, height, bandwidth }: Variant, latency: StreamLatency, uri: string): string {
  const resolution = width !== null && height !== null ? `,RESOLUTION=${width}x${height}` : '';
  return `#EXTM3U\n#EXT-X-VERSION:${VERSION[latency]}\n#EXT-X-STREAM-INF:BANDWIDTH=${Math.ceil(bandwidth)},CODECS="${codecs}"${resolution}\n${uri}\n`;
}
