import type { Generated } from 'kysely';
import type { MediaProbe } from '../domain/contracts/media.ts';
import type { PostContent, PostKind, PostMode, PostSource, PostState, TimelineKind } from '../domain/contracts/post.ts';
import type { SocialAccountState } from '../domain/contracts/social-account.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { BigIntNumber, CreatedAt, JsonOf, Timestamp } from './schema-types.ts';

export interface SocialAccountsTable {
  id: string;
  workspace_id: string;
  open_id: string;
  union_id: string | null;
  username: string | null;
  display_name: string | null;
  avatar_url: string | null;
  profile_deep_link: string | null;
  is_verified: boolean | null;
  /** Granted, which may be fewer than asked. */
  scopes: string[];
  state: SocialAccountState;
  state_code: ErrorCode | null;
  state_reason: string | null;
  /** AES-256-GCM, both. */
  access_token: string | null;
  refresh_token: string | null;
  token_version: Generated<number>;
  token_obtained_at: Timestamp | null;
  access_expires_at: Timestamp | null;
  refresh_expires_at: Timestamp | null;
  refresh_sent_version: number | null;
  last_refreshed_at: Timestamp | null;
  last_refresh_error: string | null;
  connected_by: string | null;
  connected_at: CreatedAt;
  disconnected_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface OauthStatesTable {
  id: string;
  workspace_id: string;
  user_id: string;
  browser_hash: string;
  /** AES-256-GCM. */
  code_verifier: string;
  /** Page of ours to return to. */
  redirect_to: string;
  /** Ours at TikTok: the exchange must name the same. */
  redirect_uri: string;
  /** AES-256-GCM. */
  code: string | null;
  expires_at: Timestamp;
  used_at: Timestamp | null;
  social_account_id: string | null;
  created_at: CreatedAt;
}

export interface MediaTable {
  id: string;
  workspace_id: string;
  storage_key: string;
  file_name: string;
  content_type: string;
  size_bytes: BigIntNumber;
  sha256: string;
  storage_version: string;
  probe: JsonOf<MediaProbe> | null;
  created_by: string | null;
  created_at: CreatedAt;
}

export interface PostsTable {
  id: string;
  workspace_id: string;
  social_account_id: string;
  group_id: string;
  kind: PostKind;
  mode: PostMode;
  source: PostSource;
  media_id: string | null;
  video_url: string | null;
  photo_urls: string[] | null;
  content: JsonOf<PostContent>;
  publish_at: Timestamp | null;
  time_zone: string | null;
  state: PostState;
  state_code: ErrorCode | null;
  state_reason: string | null;
  run: Generated<number>;
  init_count: Generated<number>;
  init_sent_at: Timestamp | null;
  publish_id: string | null;
  /** AES-256-GCM: whoever has it can upload. */
  upload_url: string | null;
  chunk_size: BigIntNumber | null;
  chunk_count: number | null;
  bytes_total: BigIntNumber | null;
  bytes_uploaded: BigIntNumber;
  tiktok_post_ids: Generated<string[]>;
  permalink: string | null;
  created_by: string | null;
  created_at: CreatedAt;
  updated_at: Timestamp;
  started_at: Timestamp | null;
  published_at: Timestamp | null;
}

export interface PostRequestsTable {
  workspace_id: string;
  idempotency_key: string;
  fingerprint: string;
  group_id: string;
  created_at: CreatedAt;
}

export interface PostTimelineTable {
  id: Generated<number>;
  post_id: string;
  run: number;
  at: CreatedAt;
  kind: TimelineKind;
  detail: string | null;
  dedupe_key: string;
}

export interface InitTurnsTable {
  id: Generated<number>;
  social_account_id: string;
  post_id: string;
  turn_key: string;
  mode: PostMode;
  asked_at: CreatedAt;
  granted_at: Timestamp | null;
  voided_at: Timestamp | null;
}

export interface InitHoldsTable {
  social_account_id: string;
  mode: PostMode;
  until: Timestamp;
  code: ErrorCode;
  reason: string;
}

export interface TikTokWebhooksTable {
  id: string;
  event: string;
  user_openid: string | null;
  body: string;
  received_at: CreatedAt;
  times_received: Generated<number>;
  processed_at: Timestamp | null;
  outcome: string | null;
}

export interface AccountMetricsTable {
  social_account_id: string;
  at: Timestamp;
  follower_count: number;
  following_count: number;
  likes_count: number;
  video_count: number;
}

export interface SampledVideosTable {
  video_id: string;
  social_account_id: string;
  post_id: string;
  published_at: Timestamp;
  next_sample_at: CreatedAt;
  misses: Generated<number>;
  gone_at: Timestamp | null;
}

export interface PostMetricsTable {
  social_account_id: string;
  video_id: string;
  post_id: string;
  at: Timestamp;
  view_count: number;
  like_count: number;
  comment_count: number;
  share_count: number;
}

export interface PublishingTables {
  social_accounts: SocialAccountsTable;
  oauth_states: OauthStatesTable;
  media: MediaTable;
  posts: PostsTable;
  post_requests: PostRequestsTable;
  post_timeline: PostTimelineTable;
  init_turns: InitTurnsTable;
  init_holds: InitHoldsTable;
  tiktok_webhooks: TikTokWebhooksTable;
  account_metrics: AccountMetricsTable;
  sampled_videos: SampledVideosTable;
  post_metrics: PostMetricsTable;
}
