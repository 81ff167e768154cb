import type { SegmentState } from '../../domain/contracts/recording.ts';
import type { PlaylistSegment, Variant } from '../../domain/streaming/hls-playlist.ts';
import type { StreamLatency, StreamStatus } from '../../domain/contracts/stream.ts';

/** What the database knows of a stream for players: of ended streams, and of what was recorded before this process. */
export interface HlsArchive {
  stream(streamId: string): Promise<{ status: StreamStatus; latency: StreamLatency; record: boolean } | null>;
  /** The newest recorded segments, in order. */
  recent(streamId: string, limit: number): Promise<{ segments: PlaylistSegment[]; variant: Omit<Variant, 'bandwidth'> & { bandwidth: number | null } } | null>;
  segment(streamId: string, runId: string, sequence: number): Promise<{ state: SegmentState; size_bytes: number } | null>;
}
