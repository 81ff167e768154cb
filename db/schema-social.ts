import type { ColumnType, Generated } from 'kysely';
import type { CoinAccountKind, MovementKind } from '../domain/contracts/coin.ts';
import type { PayoutStatus } from '../domain/contracts/payout.ts';
import type { PurchaseStatus, Store } from '../domain/contracts/purchase.ts';
import type { Json } from '../domain/contracts/rule.ts';
import type { AppNotificationKind, FollowState, Platform, PrivacySettings, PushSettings, ReportMeasure, SocialProvider } from '../domain/contracts/social.ts';
import type { SocialEventType } from '../domain/contracts/social-event.ts';
import type { VideoPrivacy, VideoStatus } from '../domain/contracts/video.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { BigIntNumber, CreatedAt, JsonOf, Timestamp } from './schema-types.ts';

export interface SocialAppTable {
  id: Generated<number>;
  workspace_id: string;
  created_at: CreatedAt;
}

export interface AppUsersTable {
  /** That of `users`. */
  id: string;
  workspace_id: string;
  username: string;
  first_name: Generated<string>;
  last_name: Generated<string>;
  email: string | null;
  bio: Generated<string>;
  gender: Generated<string>;
  website: Generated<string>;
  profile_pic: Generated<string>;
  social: SocialProvider;
  social_id: string;
  is_private: Generated<boolean>;
  is_verified: Generated<boolean>;
  followers: Generated<number>;
  following: Generated<number>;
  videos: Generated<number>;
  likes: Generated<number>;
  push: ColumnType<Partial<PushSettings>, string | undefined, string>;
  privacy: ColumnType<Partial<PrivacySettings>, string | undefined, string>;
  created_at: CreatedAt;
  updated_at: CreatedAt;
  deleted_at: Timestamp | null;
  suspended_at: Timestamp | null;
  suspension_reason: string | null;
}

export interface FollowsTable {
  follower_id: string;
  followee_id: string;
  state: FollowState;
  created_at: CreatedAt;
}

export interface BlocksTable {
  user_id: string;
  blocked_id: string;
  created_at: CreatedAt;
}

export interface AppReportsTable {
  id: string;
  workspace_id: string;
  reporter_id: string;
  subject_kind: 'user' | 'video';
  subject_id: string;
  reason: string;
  description: Generated<string>;
  state: Generated<'open' | 'dismissed' | 'upheld'>;
  measure: Generated<ReportMeasure>;
  decided_by: string | null;
  decided_at: Timestamp | null;
  created_at: CreatedAt;
}

export interface AppExportsTable {
  id: string;
  user_id: string;
  state: 'pending' | 'ready' | 'failed';
  status_code: ErrorCode | null;
  storage_key: string | null;
  created_at: CreatedAt;
  finished_at: Timestamp | null;
  expires_at: Timestamp | null;
}

export interface AccountDeletionsTable {
  user_id: string;
  workspace_id: string;
  asked_at: CreatedAt;
  finished_at: Timestamp | null;
  follows: Generated<number>;
  devices: Generated<number>;
  videos: Generated<number>;
  recordings: Generated<number>;
  likes: Generated<number>;
  comments: Generated<number>;
  messages: Generated<number>;
  coins_forfeited: BigIntNumber;
}

export interface SoundsTable {
  id: string;
  workspace_id: string;
  name: string;
  created_by: string | null;
  video_id: string | null;
  audio_key: string | null;
  duration_ms: Generated<number>;
  videos: Generated<number>;
  created_at: CreatedAt;
  deleted_at: Timestamp | null;
}

export interface VideosTable {
  id: string;
  workspace_id: string;
  user_id: string;
  description: Generated<string>;
  status: VideoStatus;
  status_code: ErrorCode | null;
  status_reason: string | null;
  /** How often ffmpeg failed at it. */
  ffmpeg_failures: Generated<number>;
  privacy: VideoPrivacy;
  allow_comments: Generated<boolean>;
  allow_duet: Generated<boolean>;
  sound_id: string | null;
  source_key: string | null;
  playlist_key: string | null;
  thumbnail_key: string | null;
  duration_ms: number | null;
  width: number | null;
  height: number | null;
  size_bytes: BigIntNumber;
  views: BigIntNumber;
  likes: Generated<number>;
  comments: Generated<number>;
  shares: Generated<number>;
  watch_ms: BigIntNumber;
  created_at: CreatedAt;
  published_at: Timestamp | null;
  deleted_at: Timestamp | null;
  /** Generated. */
  search: ColumnType<string, never, never>;
  /** Generated: half doublings, see engagementLevel of domain/social/ranking.ts. */
  engagement: ColumnType<number, never, never>;
}

export interface HashtagsTable {
  id: string;
  workspace_id: string;
  name: string;
  videos: Generated<number>;
  created_at: CreatedAt;
}

export interface VideoHashtagsTable {
  video_id: string;
  hashtag_id: string;
}

export interface VideoLikesTable {
  user_id: string;
  video_id: string;
  created_at: CreatedAt;
}

export interface VideoCommentsTable {
  id: string;
  video_id: string;
  user_id: string;
  parent_id: string | null;
  comment: string;
  likes: Generated<number>;
  created_at: CreatedAt;
  deleted_at: Timestamp | null;
}

export interface CommentLikesTable {
  user_id: string;
  comment_id: string;
  created_at: CreatedAt;
}

export interface VideoViewsTable {
  video_id: string;
  view_id: string;
  user_id: string | null;
  watch_ms: number;
  told_before_ms: number | null;
  created_at: CreatedAt;
}

export interface VideoDaysTable {
  video_id: string;
  /** Read as text: a day has no time zone. */
  day: ColumnType<string, string, never>;
  views: BigIntNumber;
  watch_ms: BigIntNumber;
  likes: Generated<number>;
  comments: Generated<number>;
  shares: Generated<number>;
}

export interface CoinAccountsTable {
  id: string;
  workspace_id: string;
  kind: CoinAccountKind;
  user_id: string | null;
  balance: BigIntNumber;
}

export interface CoinMovementsTable {
  id: string;
  workspace_id: string;
  kind: MovementKind;
  request_key: string;
  created_at: CreatedAt;
}

/** Written by the function move_coins alone. */
export interface CoinTransactionsTable {
  id: ColumnType<number, never, never>;
  movement_id: string;
  account_id: string;
  amount: ColumnType<number, number, never>;
  balance_after: ColumnType<number, number, never>;
  created_at: CreatedAt;
}

export interface GiftsTable {
  id: string;
  workspace_id: string;
  name: string;
  coins: number;
  image: Generated<string>;
  is_active: Generated<boolean>;
  created_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface CoinPackagesTable {
  id: string;
  workspace_id: string;
  name: string;
  coins: number;
  price_minor: number;
  currency: string;
  apple_product_id: string | null;
  google_product_id: string | null;
  is_active: Generated<boolean>;
  created_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface GiftTransactionsTable {
  /** That of its movement. */
  id: string;
  workspace_id: string;
  request_id: string;
  sender_id: string;
  receiver_id: string;
  gift_id: string;
  gift_name: string;
  gift_count: number;
  coins: BigIntNumber;
  stream_id: string | null;
  video_id: string | null;
  created_at: CreatedAt;
  evaluated_at: Timestamp | null;
}

/** Coins of the house that somebody gave away. */
export interface CoinGrantsTable {
  /** That of its movement. */
  id: string;
  workspace_id: string;
  request_id: string;
  user_id: string;
  coins: BigIntNumber;
  reason: string;
  granted_by: string | null;
  created_at: CreatedAt;
}

export interface SocialEventsTable {
  id: string;
  workspace_id: string;
  type: SocialEventType;
  occurred_at: Timestamp;
  received_at: Timestamp;
  data: JsonOf<{ [key: string]: Json }>;
}

export interface LiveCallsTable {
  stream_id: string;
  workspace_id: string;
  user_id: string;
  created_at: CreatedAt;
  told_until: string | null;
  told: Generated<number>;
  done_at: Timestamp | null;
}

export interface PurchasesTable {
  id: string;
  workspace_id: string;
  user_id: string;
  store: Store;
  store_transaction_id: string;
  receipt: string | null;
  product_id: string;
  package_id: string | null;
  coins: number | null;
  status: PurchaseStatus;
  status_code: ErrorCode | null;
  status_reason: string | null;
  is_test: Generated<boolean>;
  taken_back: BigIntNumber;
  adjustments: Generated<number>;
  shortfall: BigIntNumber;
  created_at: CreatedAt;
  updated_at: CreatedAt;
  granted_at: Timestamp | null;
  revoked_at: Timestamp | null;
}

export interface StoreNotificationsTable {
  store: Store;
  notification_id: string;
  kind: string;
  store_transaction_id: string | null;
  received_at: CreatedAt;
  handled_at: Timestamp | null;
  outcome: string | null;
}

export interface PayoutsTable {
  id: string;
  workspace_id: string;
  user_id: string;
  request_id: string;
  coins: BigIntNumber;
  amount_minor: BigIntNumber;
  currency: string;
  destination: string;
  destination_hint: string;
  status: PayoutStatus;
  status_reason: string | null;
  hold_until: Timestamp;
  decided_by: string | null;
  decided_at: Timestamp | null;
  payment_reference: string | null;
  created_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface LedgerChecksTable {
  id: string;
  checked_at: CreatedAt;
  is_sound: boolean;
  accounts: number;
  movements: BigIntNumber;
  /** LedgerFault[] of domain/contracts/coin.ts. */
  faults: JsonOf<unknown[]>;
}

export interface AppDevicesTable {
  id: string;
  user_id: string;
  platform: Platform;
  device_token: string;
  app_version: Generated<string>;
  created_at: CreatedAt;
  seen_at: CreatedAt;
  gone_at: Timestamp | null;
}

export interface AppNotificationsTable {
  id: string;
  workspace_id: string;
  user_id: string;
  sender_id: string | null;
  kind: AppNotificationKind;
  text: string;
  video_id: string | null;
  subject_id: string | null;
  dedupe_key: string | null;
  read_at: Timestamp | null;
  created_at: CreatedAt;
  push_state: Generated<'pending' | 'sent' | 'not_needed' | 'failed'>;
  push_reason: string | null;
  push_at: Timestamp | null;
  push_attempts: Generated<number>;
  push_next_at: CreatedAt;
  pushed_to: Generated<string[]>;
}

export interface ConversationsTable {
  id: string;
  workspace_id: string;
  low_id: string;
  high_id: string;
  last_position: BigIntNumber;
  low_read: BigIntNumber;
  high_read: BigIntNumber;
  last_message_at: CreatedAt;
  created_at: CreatedAt;
}

export interface DirectMessagesTable {
  id: string;
  conversation_id: string;
  position: BigIntNumber;
  sender_id: string;
  request_id: string;
  message: string;
  created_at: CreatedAt;
  deleted_at: Timestamp | null;
}

export interface RankedListsTable {
  key: string;
  id: string;
  ids: string[];
  expires_at: Timestamp;
}

export interface ListPlacesTable {
  key: string;
  page: number;
  place: string | null;
  expires_at: Timestamp;
}

export interface SocialTables {
  social_app: SocialAppTable;
  app_users: AppUsersTable;
  follows: FollowsTable;
  blocks: BlocksTable;
  app_reports: AppReportsTable;
  app_exports: AppExportsTable;
  account_deletions: AccountDeletionsTable;
  sounds: SoundsTable;
  videos: VideosTable;
  hashtags: HashtagsTable;
  video_hashtags: VideoHashtagsTable;
  video_likes: VideoLikesTable;
  video_comments: VideoCommentsTable;
  comment_likes: CommentLikesTable;
  video_views: VideoViewsTable;
  video_days: VideoDaysTable;
  coin_accounts: CoinAccountsTable;
  coin_movements: CoinMovementsTable;
  coin_transactions: CoinTransactionsTable;
  gifts: GiftsTable;
  coin_packages: CoinPackagesTable;
  gift_transactions: GiftTransactionsTable;
  coin_grants: CoinGrantsTable;
  social_events: SocialEventsTable;
  live_calls: LiveCallsTable;
  purchases: PurchasesTable;
  store_notifications: StoreNotificationsTable;
  payouts: PayoutsTable;
  ledger_checks: LedgerChecksTable;
  app_devices: AppDevicesTable;
  app_notifications: AppNotificationsTable;
  conversations: ConversationsTable;
  direct_messages: DirectMessagesTable;
  ranked_lists: RankedListsTable;
  list_places: ListPlacesTable;
}
