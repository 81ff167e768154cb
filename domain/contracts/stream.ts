import type { ErrorCode } from '../errors.ts';

/**
 * waiting: nobody publishes yet. reconnecting: the encoder is gone and may come back within the grace time. ending: the last
 * segments are put away. ended is final.
 */
export const STREAM_STATUSES = ['waiting', 'live', 'reconnecting', 'ending', 'ended'] as const;
export type StreamStatus = (typeof STREAM_STATUSES)[number];

/** What people ask lists for; each covers some of the statuses. */
export const STREAM_FILTERS = { upcoming: ['waiting'], live: ['live', 'reconnecting'], ended: ['ending', 'ended'] } as const satisfies Record<string, readonly StreamStatus[]>;
export type StreamFilter = keyof typeof STREAM_FILTERS;

/** public: whoever has the link may watch, every signed-in user may chat. private: members, and holders of a signed play URL. */
export const STREAM_VISIBILITIES = ['public', 'private'] as const;
export type StreamVisibility = (typeof STREAM_VISIBILITIES)[number];

/** low: low-latency HLS with parts. normal: whole segments only, which every player and CDN takes. WebRTC is there with both. */
export const STREAM_LATENCIES = ['low', 'normal'] as const;
export type StreamLatency = (typeof STREAM_LATENCIES)[number];

/** Behind /hls/<stream id>/ on a media host. */
export const HLS_PLAYLIST = 'index.m3u8';

/** How an encoder comes in. rtmp_pull: from another media server that announced it; stage: mediasoup's signalling. */
export const PUBLISH_KINDS = ['whip', 'rtmp', 'rtmp_pull', 'stage'] as const;
export type PublishKind = (typeof PUBLISH_KINDS)[number];

/** Why an encoder's session is over; `detail` of SessionEnd has the words. */
export const SESSION_END_REASONS = [
  /** The encoder said goodbye: DELETE, unpublish. */
  'closed',
  /** Its connection broke. */
  'connection_lost',
  /** No media for longer than the limit, without a goodbye. */
  'silent',
  'key_revoked',
  /** A person ended or deleted the stream. */
  'stream_ended',
  /** A newer session of the same key took over from one that was already dead. */
  'taken_over',
  'media_worker_died',
  'media_host_died',
  'bridge_failed',
  'shutdown',
] as const;
export type SessionEndReason = (typeof SESSION_END_REASONS)[number];

export interface SessionEnd {
  reason: SessionEndReason;
  detail: string | null;
  at_ms: number;
}

/** Input of the `broadcast` workflow: ids and decisions; keys never enter it. */
export interface BroadcastInput {
  stream_id: string;
  workspace_id: string;
  record: boolean;
  scheduled_for_ms: number | null;
  /** Id of the request that made the stream: log lines of its workflow and media carry it. */
  request_id: string | null;
  timings?: Partial<BroadcastTimings>;
  carried?: BroadcastCarried;
}

/** Milliseconds. */
export interface BroadcastTimings {
  /** How long an encoder that is gone may take to come back. */
  grace_ms: number;
  /** A stream to which nobody ever published ends so long after its time (or its making). */
  unused_ms: number;
  /** A media host is taken for dead when it has not been heard of for so long. */
  heartbeat_timeout_ms: number;
  max_history: number;
}

export const DEFAULT_BROADCAST_TIMINGS: BroadcastTimings = {
  grace_ms: 60_000,
  unused_ms: 7 * 24 * 3_600_000,
  heartbeat_timeout_ms: 5_000,
  max_history: 5_000,
};

/** Where a broadcast stands: decided by domain/streaming/broadcast-state.ts, taken along by a workflow that continues as new. */
export interface BroadcastState {
  status: StreamStatus;
  /** Why it is so: a code where there is a fault, and words for people. */
  code: ErrorCode | null;
  reason: string | null;
  session: SessionStarted | null;
  /** Highest that was heard of. */
  epoch: number;
  /** Sessions that show an older key are refused. */
  key_version: number;
  started_at_ms: number | null;
  /** Deadline of the grace or the waiting time. */
  deadline_ms: number | null;
  /** Sessions that came and went. */
  sessions: number;
}

/** What a workflow that continues as new takes along. */
export interface BroadcastCarried extends BroadcastState {
  /** The last announcements that were heard. */
  announcements: string[];
}

/** Signal: an encoder publishes. */
export interface SessionStarted {
  session_id: string;
  /** Rises with each session of a stream: an older one that is heard of late changes nothing. */
  epoch: number;
  kind: PublishKind;
  /** Version of the key that was shown; null: a signed-in person. */
  key_version: number | null;
  /** Task queue of the host that holds the sockets. */
  host_task_queue: string;
  at_ms: number;
  request_id: string | null;
}

/** Signal: a media server of somebody else's has a publisher; we fetch it from there. */
export interface PublishAnnounced {
  /** What of the announcements this is: repeats change nothing. */
  announcement_id: string;
  at_ms: number;
  request_id: string | null;
  /** Of the key that its encoder was let in by; absent: it was announced before this was told. */
  key_version?: number;
}

/** Signal: a person (or DELETE) ends the stream. */
export interface EndBroadcast {
  user_id: string | null;
  request_id: string | null;
}

/** Signal: sessions that use a key older than this are over. */
export interface KeyRotated {
  key_version: number;
}

/** Query. */
export interface BroadcastView {
  status: StreamStatus;
  session_id: string | null;
  sessions: number;
  started_at_ms: number | null;
  deadline_ms: number | null;
}

export interface StatusChange {
  stream_id: string;
  workspace_id: string;
  status: StreamStatus;
  /** Words for people: why it is so. */
  reason: string | null;
  code: ErrorCode | null;
  at_ms: number;
}

/** What the tables say of a stream whose workflow begins, for the first time or again. */
export interface BroadcastFacts {
  status: StreamStatus;
  is_deleted: boolean;
  started_at_ms: number | null;
  scheduled_for_ms: number | null;
  key_version: number;
  /** Whose media flows already. */
  session: SessionStarted | null;
}

/** Activities of `broadcast` on the role's own task queue. */
export interface BroadcastActivities {
  /** null: there is no such stream. */
  readBroadcast(input: { stream_id: string }): Promise<BroadcastFacts | null>;
  /** Writes the stream's row and tells the workspace; the same change again is no change. */
  setStreamStatus(change: StatusChange): Promise<void>;
  /** Has a media host fetch the stream from the announcing server; its session then says that it has started. Permanent faults are not retried. */
  pullStream(input: { stream_id: string; announcement_id: string; request_id: string | null; key_version?: number }): Promise<void>;
  /** Ends the row of a session whose host does not answer. @returns how it ended; null: it has media right now, so it lives */
  closeDeadSession(input: { stream_id: string; session_id: string; end: SessionEnd }): Promise<SessionEnd | null>;
  /** @returns the id of the video that the recording becomes; null: nothing was recorded */
  prepareRecording(input: { stream_id: string }): Promise<{ vod_id: string } | null>;
}

/** Activities on the task queue of the host that holds the session. */
export interface BroadcastHostActivities {
  /** Lasts as long as the session; heartbeats. A host that does not (any more) hold it says media_host_died at once. */
  carrySession(input: { stream_id: string; session_id: string }): Promise<SessionEnd>;
  /** Ends it; what is not there is no fault. */
  closeSession(input: { session_id: string; reason: SessionEndReason }): Promise<void>;
}
