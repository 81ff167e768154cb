import type { ErrorCode } from '../errors.ts';
import type { PostContent, PostMode } from './post.ts';

/**
 * receiving: bytes come in. processing: it is joined or checked. ready: whole. incomplete: it plays, and segments are known to be
 * missing; the reason says which. failed: there is no video; the reason says why.
 */
export const VOD_STATUSES = ['receiving', 'processing', 'ready', 'incomplete', 'failed'] as const;
export type VodStatus = (typeof VOD_STATUSES)[number];
export const PLAYABLE_VODS: readonly VodStatus[] = ['ready', 'incomplete'];

export const VOD_SOURCES = ['recording', 'upload', 'fetch'] as const;
export type VodSource = (typeof VOD_SOURCES)[number];

/** A stretch of wall clock of which the video shows nothing: it is cut out, and marked where it was. */
export interface VodGap {
  /** Place in the video, milliseconds. */
  at_ms: number;
  from: string;
  to: string;
  reason: string;
}

/** Where a stretch of the video comes from in time: chat and gaps are laid out by it. */
export interface VodStretch {
  /** Place in the video, milliseconds. */
  at_ms: number;
  duration_ms: number;
  /** Wall clock of its first sample. */
  from: string;
}

/** Input of the `ingestVod` workflow, for each source the id of the row alone. */
export interface IngestVodInput {
  vod_id: string;
  workspace_id: string;
  source: VodSource;
  /** For recordings. */
  stream_id: string | null;
  request_id: string | null;
  timings?: Partial<IngestTimings>;
}

/** Milliseconds. */
export interface IngestTimings {
  /** How often it looks whether all segments are accounted for. */
  settle_poll_ms: number;
  /** A host that does not come back with its open segments for so long has lost them. */
  settle_max_ms: number;
  heartbeat_timeout_ms: number;
}
export const DEFAULT_INGEST_TIMINGS: IngestTimings = { settle_poll_ms: 2_000, settle_max_ms: 30 * 60_000, heartbeat_timeout_ms: 30_000 };

export interface LedgerState {
  /** Segments that are still open or only on a host's disk, and runs of which more may come. */
  unsettled: number;
  total: number;
  lost: number;
}

export type IngestOutcome = { ok: true; status: 'ready' | 'incomplete' } | { ok: false; code: ErrorCode; reason: string };

export interface IngestVodActivities {
  /** Makes the recording's row where it is not there yet. @returns the id of the row that is there; null: the stream is gone */
  openRecordingVod(input: { vod_id: string; stream_id: string; workspace_id: string }): Promise<string | null>;
  readLedger(input: { stream_id: string }): Promise<LedgerState>;
  /** Gives up on what no host has brought in: marked lost, with the reason. */
  giveUpSegments(input: { stream_id: string; reason: string }): Promise<number>;
  /** Joins a recording; heartbeats. Idempotent: the same bytes under the same key. */
  joinRecording(input: { vod_id: string; stream_id: string }): Promise<IngestOutcome>;
  /** Fetches what path_or_url names; heartbeats. */
  fetchVod(input: { vod_id: string }): Promise<IngestOutcome>;
  /** Checks an uploaded or fetched file with ffprobe, makes it faststart where it is not, and a poster. */
  processVod(input: { vod_id: string }): Promise<IngestOutcome>;
  finishVod(input: { vod_id: string; outcome: IngestOutcome }): Promise<void>;
}

export const vodKey = (vodId: string): string => `vods/${vodId}/video.mp4`;
export const vodSourceKey = (vodId: string): string => `vods/${vodId}/source`;
export const posterKey = (vodId: string): string => `vods/${vodId}/poster.jpg`;

/** making: the clip is cut, and posts made of it. published: its posts are there, and have lives of their own. */
export const CLIP_STATES = ['making', 'published', 'failed'] as const;
export type ClipState = (typeof CLIP_STATES)[number];

/** The posts that a clip is made for; they were checked when they were asked for. */
export interface ClipPosts {
  social_account_ids: string[];
  mode: PostMode;
  content: PostContent;
  /** ISO 8601; null: as soon as possible. */
  publish_at: string | null;
  time_zone: string | null;
}

/** Input of the `publishClip` workflow. */
export interface PublishClipInput {
  clip_id: string;
  vod_id: string;
  workspace_id: string;
  request_id: string | null;
}

export type ClipOutcome = { ok: true } | { ok: false; code: ErrorCode; reason: string };

export interface PublishClipActivities {
  /** Cuts the clip and stores it as a file of the workspace; heartbeats. The same again finds the file. */
  makeClip(input: { clip_id: string }): Promise<ClipOutcome>;
  /** Makes its posts and starts their workflows; once. */
  postClip(input: { clip_id: string }): Promise<ClipOutcome>;
  failClip(input: { clip_id: string; code: ErrorCode; reason: string }): Promise<void>;
}

export interface SweepVodsActivities {
  /** Starts workflows that Temporal was not told of, and removes what unfinished work and uploads left behind. @returns how many were looked after */
  sweepVods(): Promise<number>;
}
