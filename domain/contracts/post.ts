import type { ErrorCode } from '../errors.ts';

/**
 * scheduled: waits for publish_at. waiting_quota: TikTok allows no more right now; the reason says until when.
 * preparing: creator info, media check, init. uploading: chunks. processing: TikTok works on it. in_inbox: a draft that its
 * owner must finish in the app. unconfirmed: nobody can say yet; it goes on asking. The last three are final.
 */
export const POST_STATES = [
  'scheduled',
  'waiting_quota',
  'preparing',
  'uploading',
  'processing',
  'in_inbox',
  'unconfirmed',
  'published',
  'failed',
  'cancelled',
] as const;
export type PostState = (typeof POST_STATES)[number];
export const FINAL_POST_STATES: readonly PostState[] = ['published', 'failed', 'cancelled'];

export const POST_MODES = ['direct', 'inbox'] as const;
export type PostMode = (typeof POST_MODES)[number];
export const POST_KINDS = ['video', 'photo'] as const;
export type PostKind = (typeof POST_KINDS)[number];
export const POST_SOURCES = ['file', 'url'] as const;
export type PostSource = (typeof POST_SOURCES)[number];

export const PRIVACY_LEVELS = ['PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'FOLLOWER_OF_CREATOR', 'SELF_ONLY'] as const;
export type PrivacyLevel = (typeof PRIVACY_LEVELS)[number];

/** What a person may still change before it starts; stored as it is, sent to TikTok by toInitRequest in domain/. */
export interface PostContent {
  /** Video: ≤ 2200 UTF-16 units. Photo: the title, ≤ 90. */
  caption: string;
  /** Photo only, ≤ 4000 UTF-16 units. */
  description: string;
  /** Needed for mode direct. */
  privacy_level: PrivacyLevel | null;
  disable_comment: boolean;
  disable_duet: boolean;
  disable_stitch: boolean;
  /** Video: which frame is the cover, milliseconds. */
  cover_timestamp_ms: number | null;
  /** Photo: which picture is the cover, from 0. */
  photo_cover_index: number;
  auto_add_music: boolean;
  /** Paid partnership. */
  brand_content: boolean;
  /** The creator's own business. */
  brand_organic: boolean;
  is_aigc: boolean;
}

/** Input of the `publishVideo` workflow: ids only; what it works on is the row. */
export interface PublishVideoInput {
  post_id: string;
  social_account_id: string;
  workspace_id: string;
  publish_at_ms: number | null;
  timings?: Partial<PublishTimings>;
  carried?: PublishCarried;
}

/** What a workflow that continues as new takes along; the rest is the row's. */
export interface PublishCarried {
  run: number;
  step: PublishStep;
  polls: number;
  /** Inits that came to nothing through no fault of the post. */
  dead_inits: number;
  /** Inits whose answer was lost, and that nobody can have used. */
  lost_inits: number;
  /** Turns asked for: each init takes one of its own. */
  turns: number;
  chunk_count: number;
  next_chunk: number;
  chunks_sent: number;
  /** Since when it is at this step. */
  since_ms: number;
  /** TikTok was asked to cancel, and may have. */
  cancel_sent: boolean;
  state: PostState;
  reason: string | null;
}
/** watch_ids: it is published, and TikTok has not said under which id. */
export type PublishStep = 'wait' | 'init' | 'upload' | 'poll' | 'reconcile' | 'watch_ids';

/** Milliseconds. */
export interface PublishTimings {
  poll_initial_ms: number;
  poll_max_ms: number;
  /** In processing for longer than this is unconfirmed. */
  processing_max_ms: number;
  reconcile_initial_ms: number;
  reconcile_max_ms: number;
  /** Unconfirmed for longer than this is failed, with what to look for. */
  reconcile_give_up_ms: number;
  /** A draft in the inbox is looked after for so long. */
  inbox_watch_ms: number;
  retry_initial_ms: number;
  retry_max_ms: number;
  /** A published post whose TikTok ids are not told yet is asked about for so long. */
  ids_watch_ms: number;
  /** A worker is noticed as dead when it has not been heard of for so long. */
  heartbeat_timeout_ms: number;
  /** An upload that TikTok takes no more, though it may have all of it, is looked at for so long before it counts as dead. */
  upload_doubt_ms: number;
  /** How often TikTok's init may be called for one post, the earlier ones known to be dead. */
  max_inits: number;
  /** How often the answer to init may be lost: TikTok is away, and no post can have come of any of them. */
  max_lost_inits: number;
  max_history: number;
}

export const DEFAULT_PUBLISH_TIMINGS: PublishTimings = {
  poll_initial_ms: 3_000,
  poll_max_ms: 60_000,
  processing_max_ms: 3 * 3_600_000,
  reconcile_initial_ms: 30_000,
  reconcile_max_ms: 900_000,
  reconcile_give_up_ms: 48 * 3_600_000,
  inbox_watch_ms: 7 * 86_400_000,
  retry_initial_ms: 1_000,
  retry_max_ms: 120_000,
  ids_watch_ms: 24 * 3_600_000,
  heartbeat_timeout_ms: 8_000,
  upload_doubt_ms: 120_000,
  max_inits: 3,
  max_lost_inits: 60,
  max_history: 2_000,
};

/** A fault that ends a post, for people: TikTok's own code or reason is in `reason`. */
export interface PostFault {
  code: ErrorCode;
  /** What happened, why, and what to do. */
  reason: string;
}

/** Leave to call init: 6 a minute for each account, and daily caps. */
export type QuotaAnswer = { kind: 'granted' } | { kind: 'wait'; wait_ms: number; reason: string } | { kind: 'refused'; fault: PostFault };

export type PrepareOutcome = { kind: 'ready' } | { kind: 'refused'; fault: PostFault } | { kind: 'wait'; wait_ms: number; reason: string };

export type InitOutcome =
  /** count: 0 where TikTok pulls by itself. first: the chunk to go on with. */
  | { kind: 'initialised'; chunk_count: number; first_chunk: number }
  | { kind: 'wait'; wait_ms: number; reason: string }
  | { kind: 'refused'; fault: PostFault }
  /** The answer was lost, and with it the only way to upload: no post can come of it, a new init is safe. */
  | { kind: 'lost'; reason: string }
  /** The answer was lost, and TikTok may be pulling: only time can tell. */
  | { kind: 'doubtful'; reason: string };

export type ChunkOutcome =
  | { kind: 'stored'; next_chunk: number }
  /** The last one is in. */
  | { kind: 'complete' }
  /** The upload is dead (expired, unknown): no post can come of it, a new init is safe. */
  | { kind: 'dead'; reason: string }
  | { kind: 'refused'; fault: PostFault };

export type StatusOutcome =
  | { kind: 'processing'; reason: string }
  | { kind: 'in_inbox' }
  /** ids_known: nothing is left to ask for. */
  | { kind: 'published'; ids_known: boolean }
  /** again: the fault lies with TikTok, and no post exists: a new init is safe. */
  | { kind: 'failed'; fault: PostFault; again: boolean }
  /** TikTok does not know the publish_id (any more). */
  | { kind: 'unknown'; reason: string };

export type ReconcileOutcome = { kind: 'published' } | { kind: 'not_found'; reason: string };

/** unanswered: TikTok may have heard it. */
export type CancelOutcome = { kind: 'cancelled' } | { kind: 'too_late'; reason: string } | { kind: 'unanswered'; reason: string };

/** Where a workflow takes a post up: at its beginning, or where its row stands. */
export type BeginOutcome =
  | { kind: 'begun'; run: number; step: PublishStep; state: PostState; publish_at_ms: number | null; chunk_count: number; next_chunk: number }
  /** Nothing is left to do. */
  | { kind: 'ended'; state: PostState; reason: string | null };

/** Argument of the update `edit`. Absent: unchanged. */
export interface PostEdit {
  content?: Partial<PostContent>;
  /** null: as soon as possible. */
  publish_at?: string | null;
  time_zone?: string | null;
}

/** Type of the failure with which an activity says that the post's row is gone, or on another try. */
export const POST_GONE = 'post_gone';

/** Answer of the updates `edit` and `cancel`; an expected refusal is a value. */
export type PostUpdateAnswer = { ok: true } | { ok: false; code: ErrorCode; reason: string };

/** What the timeline of a post tells. */
export const TIMELINE_KINDS = [
  'created',
  'edited',
  'scheduled',
  'waiting_quota',
  'creator_info',
  'init',
  'init_lost',
  'upload_started',
  'chunk',
  'upload_resumed',
  'uploaded',
  'token_refreshed',
  'status',
  'webhook',
  'published',
  'failed',
  'cancelled',
  'unconfirmed',
  'retried',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];
