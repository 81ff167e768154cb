import type { RecordingRun, RecordingSegment } from '../domain/contracts/recording.ts';

/** A run is told of once its init segment is on disk. */
export interface NewRun {
  /** Made by who records, so that recording needs no database to begin. */
  id: string;
  stream_id: string;
  session_id: string;
  started_at: Date;
  init_sha256: string;
  codecs: string;
  width: number | null;
  height: number | null;
}

export interface OpenedSegment {
  stream_id: string;
  run_id: string;
  /** The one that its files and players know it by. */
  sequence: number;
  started_at: Date;
}

export interface ClosedSegment {
  stream_id: string;
  sequence: number;
  duration_ms: number;
  size_bytes: number;
  sha256: string;
}

export interface Unsettled {
  segments: RecordingSegment[];
  /** Of runs whose init segment is not in storage yet. */
  inits: (Pick<RecordingRun, 'id' | 'stream_id' | 'number'> & { init_sha256: string | null })[];
}

/** What the recording is made of, kept in the database: written by the host that holds the files. Every call may be repeated. */
export interface RecordingLedger {
  /** The stream's last sequence; 0: none was taken. */
  lastSequence(streamId: string): Promise<number>;
  beginRun(run: NewRun): Promise<void>;
  initStored(runId: string): Promise<void>;
  loseInit(runId: string): Promise<void>;
  endRun(runId: string, reason: string): Promise<void>;
  /** @returns its sequence: another one than asked for where that was taken by another host meanwhile */
  openSegment(segment: OpenedSegment): Promise<number>;
  closeSegment(segment: ClosedSegment): Promise<void>;
  segmentStored(streamId: string, sequence: number): Promise<void>;
  /** `duration_ms`: where it is known what is missing. */
  loseSegment(streamId: string, sequence: number, reason: string, duration_ms?: number): Promise<void>;
  /** What this host has begun and not brought into storage: looked at when it starts again, and while storage is away. */
  unsettled(limit: number): Promise<Unsettled>;
  /** Which of these runs the table has, and the states of their segments. */
  knownRuns(runIds: readonly string[]): Promise<Map<string, { init_settled: boolean; segments: Map<number, RecordingSegment['state']> }>>;
  /** Tells the people of the stream's workspace, once for each key. */
  notify(streamId: string, key: string, message: string): Promise<void>;
  thumbnailTaken(streamId: string, at: Date): Promise<void>;
}
