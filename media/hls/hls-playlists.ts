import type { StreamLatency, StreamStatus } from '../../domain/contracts/stream.ts';
import { mediaPlaylist, type Variant } from '../../domain/streaming/hls-playlist.ts';
import type { ReloadRequest } from '../../domain/streaming/hls-reload.ts';
import type { SegmenterOptions } from '../../domain/streaming/segmenter.ts';
import { AppError } from '../../domain/errors.ts';
import type { HlsArchive } from './archive.ts';
import type { LiveWindows } from './live-windows.ts';
import { createRecent } from './recent.ts';

export interface HlsPlaylists {
  /** @throws AppError stream_not_live, not_found */
  variant(streamId: string): Promise<{ variant: Variant; latency: StreamLatency }>;
  /**
   * @param reload what must be in it
   * @throws AppError stream_not_live, not_found
   */
  media(streamId: string, query: string, reload: ReloadRequest | null, signal: AbortSignal): Promise<MediaPlaylistAnswer>;
}

export type MediaPlaylistAnswer = { kind: 'playlist'; text: string; ended: boolean } | { kind: 'too_far' | 'timeout' | 'full' };

export interface HlsPlaylistsOptions {
  windows: LiveWindows;
  archive: HlsArchive;
  cutting: SegmenterOptions;
  /** Of recorded segments of which no window is left. */
  windowSegments: number;
}

/** Statuses change seldom; each player asks several times a second. */
const FRESH_MS = 1_000;
const MAX_KEPT = 10_000;
/** The spec: three target durations. §6.2.5.2 */
const LONGEST_WAIT_TARGETS = 3;
/** Until the first segment says better. */
const ASSUMED_BANDWIDTH = 3_000_000;
/** Peaks of what comes will be a little above those of what was. */
const BANDWIDTH_MARGIN = 1.1;
const ENDED: readonly StreamStatus[] = ['ending', 'ended'];

/** Playlists of what this host publishes, and of what was recorded. */
export function createHlsPlaylists({ windows, archive, cutting, windowSegments }: HlsPlaylistsOptions): HlsPlaylists {
  const streams = createRecent<Awaited<ReturnType<HlsArchive['stream']>>>(FRESH_MS, MAX_KEPT);
  const recents = createRecent<Awaited<ReturnType<HlsArchive['recent']>>>(FRESH_MS, 1_000);
  const longestWaitMs = LONGEST_WAIT_TARGETS * 2 * cutting.target_ms;

  async function streamOf(streamId: string): Promise<{ status: StreamStatus; latency: StreamLatency }> {
    const stream = await streams(streamId, () => archive.stream(streamId));
    if (!stream) throw new AppError('not_found');
    return stream;
  }

  async function recorded(streamId: string): Promise<NonNullable<Awaited<ReturnType<HlsArchive['recent']>>>> {
    const recent = await recents(streamId, () => archive.recent(streamId, windowSegments));
    if (!recent) throw new AppError('stream_not_live');
    return recent;
  }

  const withMargin = (bandwidth: number | null): number => (bandwidth === null ? ASSUMED_BANDWIDTH : bandwidth * BANDWIDTH_MARGIN);

  return {
    async variant(streamId) {
      const { latency } = await streamOf(streamId);
      const window = windows.find(streamId)?.window;
      if (window?.run) return { variant: { ...window.run, bandwidth: withMargin(window.peakBandwidth()) }, latency };
      const { variant } = await recorded(streamId);
      return { variant: { ...variant, bandwidth: withMargin(variant.bandwidth) }, latency };
    },

    async media(streamId, query, reload, signal) {
      const { latency, status } = await streamOf(streamId);
      const common = { latency, target_ms: cutting.target_ms, part_ms: cutting.part_ms, query };
      const there = windows.find(streamId);
      if (there && (there.window.run || there.window.segments.length > 0)) {
        const { window } = there;
        // Where nobody publishes and nobody will, nothing is waited for.
        const ended = !there.live && ENDED.includes(status);
        if (reload && latency === 'low' && !ended) {
          const reached = await window.reach(reload, longestWaitMs, signal);
          if (reached !== 'ready') return { kind: reached };
        }
        return { kind: 'playlist', ended, text: mediaPlaylist({ ...common, segments: window.segments, open: window.open, next_sequence: window.nextSequence, ended }) };
      }
      const { segments } = await recorded(streamId);
      const ended = ENDED.includes(status);
      return { kind: 'playlist', ended, text: mediaPlaylist({ ...common, segments, open: null, next_sequence: segments.at(-1)!.sequence + 1, ended }) };
    },
  };
}
