import type { ErrorCode } from '../errors.ts';
import type { PrivacyLevel } from './post.ts';

/** A pair of tokens as TikTok gave it; lifetimes are what the response said. Never logged, never in a history. */
export interface TokenGrant {
  open_id: string;
  scopes: string[];
  access_token: string;
  access_expires_in_s: number;
  refresh_token: string;
  refresh_expires_in_s: number;
}

export interface TikTokUser {
  open_id: string;
  union_id: string | null;
  display_name: string | null;
  avatar_url: string | null;
  /** user.info.profile */
  username: string | null;
  profile_deep_link: string | null;
  is_verified: boolean | null;
  /** user.info.stats */
  follower_count: number | null;
  following_count: number | null;
  likes_count: number | null;
  video_count: number | null;
}

/** What TikTok allows this creator right now. */
export interface CreatorInfo {
  nickname: string;
  username: string;
  avatar_url: string;
  privacy_level_options: PrivacyLevel[];
  comment_disabled: boolean;
  duet_disabled: boolean;
  stitch_disabled: boolean;
  max_video_post_duration_s: number;
}

/** Bytes of one file upload: total_chunk_count = floor(size / chunk_size), the last chunk takes the remainder. */
export interface ChunkPlan {
  video_size: number;
  chunk_size: number;
  total_chunk_count: number;
}

/** What init is called with; made by toInitRequest in domain/publishing/. Which of TikTok's three routes it takes is in `route`. */
export type InitRequest =
  | { route: 'direct_video' | 'inbox_video'; post_info: { [key: string]: unknown } | null; source: { kind: 'file'; plan: ChunkPlan } | { kind: 'url'; url: string } }
  | { route: 'photo'; body: { [key: string]: unknown } };

export interface InitAnswer {
  publish_id: string;
  /** Only where we upload; a secret: whoever has it can upload. Good for one hour. */
  upload_url: string | null;
}

export interface PublishStatus {
  /** PROCESSING_UPLOAD, PROCESSING_DOWNLOAD, SEND_TO_USER_INBOX, PUBLISH_COMPLETE, FAILED, or one we don't know yet. */
  status: string;
  fail_reason: string | null;
  /** 19 digits, as strings from the first byte on. */
  post_ids: string[];
  uploaded_bytes: number | null;
  downloaded_bytes: number | null;
}

export interface TikTokVideo {
  id: string;
  /** Seconds. */
  create_time: number;
  title: string;
  video_description: string;
  share_url: string | null;
  cover_image_url: string | null;
  view_count: number;
  like_count: number;
  comment_count: number;
  share_count: number;
}

/** Answer of one PUT of a chunk. */
export type ChunkAnswer =
  | { kind: 'stored' }
  | { kind: 'complete' }
  /** 416: TikTok has this many bytes (or this last index: within one of it). null: it did not say. */
  | { kind: 'mismatch'; uploaded_bytes: number | null }
  /** 403 or 404. */
  | { kind: 'dead'; reason: string };

/**
 * Why a call failed. `definite`: TikTok refused, or was never reached, so it is known that nothing happened; otherwise (no answer,
 * half an answer, 5xx) nobody knows.
 */
export interface OpenApiFailure {
  ok: false;
  code: ErrorCode;
  /** TikTok's own code, message and log_id, for people. */
  reason: string;
  /** TikTok's `error.code` unchanged, or null where no answer came. */
  tiktok_code: string | null;
  definite: boolean;
  /** Whether the same call may succeed later. */
  retryable: boolean;
  retry_after_ms: number | null;
}
export type OpenApiResult<T> = { ok: true; value: T } | OpenApiFailure;
