/**
 * A run is one life of the process that writes segments: what has the same init segment. Several may follow each other in one
 * session, and several sessions in one stream; the recording is all of them.
 */
export interface RecordingRun {
  id: string;
  stream_id: string;
  session_id: string;
  host_id: string;
  /** Rises within the stream. */
  number: number;
  started_at: Date;
  /** RFC 6381, both in one: avc1.42e01f,mp4a.40.2 */
  codecs: string | null;
  width: number | null;
  height: number | null;
  ended_at: Date | null;
  end_reason: string | null;
}

/**
 * open: the file grows. closed: on the host's disk, whole. stored: also in object storage. lost: it is known to have been
 * and is gone; the reason says why.
 */
export const SEGMENT_STATES = ['open', 'closed', 'stored', 'lost'] as const;
export type SegmentState = (typeof SEGMENT_STATES)[number];

/** One line of the ledger. */
export interface RecordingSegment {
  stream_id: string;
  run_id: string;
  /** Rises by one within the stream, over all of its runs. Also the media sequence number of HLS. */
  sequence: number;
  state: SegmentState;
  /** Wall clock of its first sample. */
  started_at: Date;
  duration_ms: number;
  size_bytes: number;
  sha256: string | null;
  reason: string | null;
}

export const segmentKey = (streamId: string, runId: string, sequence: number): string => `streams/${streamId}/${runId}/${sequence}.m4s`;
export const initKey = (streamId: string, runId: string): string => `streams/${streamId}/${runId}/init.mp4`;
export const thumbnailKey = (streamId: string): string => `streams/${streamId}/thumbnail.jpg`;

/** A moof with its mdat, and what is in it. Times are in the media's own time, milliseconds; a new ffmpeg begins at 0. */
export interface Fragment {
  bytes: Uint8Array;
  start_ms: number;
  duration_ms: number;
  /** Begins with a sync sample of the video (or the run has no video): players may start here. */
  independent: boolean;
}
