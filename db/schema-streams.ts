import type { ColumnType, Generated } from 'kysely';
import type { RestrictionKind } from '../domain/contracts/chat.ts';
import type { MediaProbe } from '../domain/contracts/media.ts';
import type { SegmentState } from '../domain/contracts/recording.ts';
import type { PublishKind, SessionEndReason, StreamLatency, StreamStatus, StreamVisibility } from '../domain/contracts/stream.ts';
import type { ClipPosts, ClipState, VodGap, VodSource, VodStatus, VodStretch } from '../domain/contracts/vod.ts';
import type { Json } from '../domain/contracts/rule.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { BigIntNumber, CreatedAt, JsonOf, Timestamp } from './schema-types.ts';

export interface MediaHostsTable {
  id: string;
  public_url: string;
  rtmp_url: string | null;
  task_queue: string;
  features: string[];
  sessions: Generated<number>;
  viewers: Generated<number>;
  started_at: CreatedAt;
  seen_at: CreatedAt;
}

export interface StreamsTable {
  id: string;
  workspace_id: string;
  user_id: string;
  title: string;
  description: string | null;
  thumbnail: string | null;
  thumbnail_taken_at: Timestamp | null;
  status: StreamStatus;
  status_code: ErrorCode | null;
  status_reason: string | null;
  visibility: StreamVisibility;
  featured: Generated<boolean>;
  record: boolean;
  latency: StreamLatency;
  scheduled_for: Timestamp | null;
  start_time: Timestamp | null;
  end_time: Timestamp | null;
  viewer_count: Generated<number>;
  peak_viewers: Generated<number>;
  stream_key_hash: string;
  /** The key's last four characters, by which a person knows it. */
  stream_key_hint: string;
  key_version: Generated<number>;
  session_epoch: Generated<number>;
  media_host_id: string | null;
  last_segment: Generated<number>;
  last_run: Generated<number>;
  created_at: CreatedAt;
  updated_at: CreatedAt;
  deleted_at: Timestamp | null;
}

export interface StreamSessionsTable {
  id: string;
  stream_id: string;
  epoch: number;
  kind: PublishKind;
  host_id: string;
  key_version: number | null;
  remote_address: string | null;
  user_agent: string | null;
  request_id: string | null;
  started_at: CreatedAt;
  last_media_at: CreatedAt;
  ended_at: Timestamp | null;
  end_reason: SessionEndReason | null;
  end_detail: string | null;
}

export interface StreamViewerSamplesTable {
  stream_id: string;
  at: Timestamp;
  viewers: number;
}

export interface StreamHostViewersTable {
  stream_id: string;
  host_id: string;
  viewers: number;
  seen_at: CreatedAt;
}

export interface StreamEventsTable {
  id: string;
  event: 'on_publish' | 'on_done' | 'on_play' | 'other';
  stream_id: string | null;
  media_server: string | null;
  client_id: string | null;
  remote_address: string | null;
  body: JsonOf<Json>;
  outcome: string;
  times_received: Generated<number>;
  received_at: CreatedAt;
}

export interface RecordingRunsTable {
  id: string;
  stream_id: string;
  session_id: string;
  host_id: string;
  number: number;
  started_at: Timestamp;
  codecs: string | null;
  width: number | null;
  height: number | null;
  init_state: SegmentState;
  init_sha256: string | null;
  ended_at: Timestamp | null;
  end_reason: string | null;
}

export interface RecordingSegmentsTable {
  stream_id: string;
  sequence: number;
  run_id: string;
  state: SegmentState;
  started_at: Timestamp;
  duration_ms: Generated<number>;
  size_bytes: BigIntNumber;
  sha256: string | null;
  reason: string | null;
  updated_at: CreatedAt;
}

export interface VodsTable {
  id: string;
  workspace_id: string;
  user_id: string | null;
  stream_id: string | null;
  title: string;
  description: string | null;
  visibility: StreamVisibility;
  source: VodSource;
  source_url: string | null;
  status: VodStatus;
  status_code: ErrorCode | null;
  status_reason: string | null;
  /** How often ffmpeg failed at it. */
  ffmpeg_failures: Generated<number>;
  storage_key: string | null;
  poster_key: string | null;
  content_type: string | null;
  size_bytes: BigIntNumber | null;
  sha256: string | null;
  duration_ms: number | null;
  width: number | null;
  height: number | null;
  probe: JsonOf<MediaProbe> | null;
  stretches: ColumnType<VodStretch[], string | undefined, string>;
  gaps: ColumnType<VodGap[], string | undefined, string>;
  segments_total: Generated<number>;
  segments_lost: Generated<number>;
  recorded_from: Timestamp | null;
  created_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface VodClipsTable {
  id: string;
  workspace_id: string;
  vod_id: string;
  start_ms: number;
  end_ms: number;
  crop_x: number | null;
  request: JsonOf<ClipPosts>;
  state: ClipState;
  state_code: ErrorCode | null;
  state_reason: string | null;
  media_id: string | null;
  group_id: string | null;
  created_by: string;
  created_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface ChatRoomsTable {
  stream_id: string;
  last_position: BigIntNumber;
  slow_mode_s: Generated<number>;
  links_allowed: Generated<boolean>;
  blocked_words: Generated<string[]>;
  updated_at: CreatedAt;
}

export interface ChatMessagesTable {
  id: string;
  stream_id: string;
  position: BigIntNumber;
  user_id: string;
  user_name: string;
  message: string;
  reply_to: string | null;
  client_id: string | null;
  sent_at: CreatedAt;
  deleted_at: Timestamp | null;
  deleted_by: string | null;
}

export interface ChatModeratorsTable {
  workspace_id: string;
  user_id: string;
  added_by: string | null;
  created_at: CreatedAt;
}

export interface ChatRestrictionsTable {
  id: string;
  workspace_id: string;
  /** null: all streams of the workspace. */
  stream_id: string | null;
  user_id: string;
  kind: RestrictionKind;
  reason: string | null;
  until: Timestamp | null;
  created_by: string | null;
  created_at: CreatedAt;
  lifted_at: Timestamp | null;
  lifted_by: string | null;
  timer_started_at: Timestamp | null;
}

export interface StreamTables {
  media_hosts: MediaHostsTable;
  streams: StreamsTable;
  stream_sessions: StreamSessionsTable;
  stream_viewer_samples: StreamViewerSamplesTable;
  stream_host_viewers: StreamHostViewersTable;
  stream_events: StreamEventsTable;
  recording_runs: RecordingRunsTable;
  recording_segments: RecordingSegmentsTable;
  vods: VodsTable;
  vod_clips: VodClipsTable;
  chat_rooms: ChatRoomsTable;
  chat_messages: ChatMessagesTable;
  chat_moderators: ChatModeratorsTable;
  chat_restrictions: ChatRestrictionsTable;
}
