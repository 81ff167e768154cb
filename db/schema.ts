import type { Generated, Insertable, Selectable } from 'kysely';
import type { ActionStatus, AttemptResponse, ExecutionStatus, SkipReason } from '../domain/contracts/action.ts';
import type { EventType } from '../domain/contracts/live-event.ts';
import type { LivestreamStatus } from '../domain/contracts/livestream.ts';
import type { ActionType, Condition, FireOn, Json, LogicOperator, RuleAction, RuleDefinition, RuleEventType } from '../domain/contracts/rule.ts';
import type { WorkspaceRole } from '../domain/permissions.ts';
import type { PlanTier } from '../domain/plans.ts';
import type { PublishingTables } from './schema-publishing.ts';
import type { ShopTables } from './schema-shop.ts';
import type { SocialTables } from './schema-social.ts';
import type { StreamTables } from './schema-streams.ts';
import type { BigIntNumber, CreatedAt, JsonOf, Timestamp } from './schema-types.ts';

export interface UsersTable {
  id: string;
  /** Lower case; unique. */
  email: string;
  full_name: string;
  password_hash: string;
  created_at: CreatedAt;
}

export interface WorkspacesTable {
  id: string;
  name: string;
  description: string | null;
  plan_tier: PlanTier;
  is_personal: boolean;
  /** AES-256-GCM; signs outgoing webhooks. */
  webhook_secret: string;
  created_by: string;
  created_at: CreatedAt;
  updated_at: Timestamp;
}

export interface WorkspaceMembersTable {
  workspace_id: string;
  user_id: string;
  role: WorkspaceRole;
  created_at: CreatedAt;
}

export interface LivestreamsTable {
  id: string;
  workspace_id: string;
  tiktok_input: string;
  tiktok_username: string | null;
  room_id: string | null;
  title: string | null;
  status: LivestreamStatus;
  status_code: string | null;
  status_reason: string | null;
  wait_for_live: boolean;
  /** AES-256-GCM. */
  session_cookie: string | null;
  total_comments: BigIntNumber;
  total_gifts: BigIntNumber;
  total_likes: BigIntNumber;
  total_joins: BigIntNumber;
  total_follows: BigIntNumber;
  total_shares: BigIntNumber;
  total_events: BigIntNumber;
  viewer_count: Generated<number>;
  /** Fencing: each consumer takes the next number; a batch of an older one is refused. */
  consumer_epoch: BigIntNumber;
  /** Which process consumes, for a quick hand-over when it is started again. */
  consumer_owner: string | null;
  last_position: BigIntNumber;
  /** TikTok's cursor of the last stored frame. */
  cursor: string | null;
  connected_at: Timestamp | null;
  ended_at: Timestamp | null;
  last_event_at: Timestamp | null;
  created_by: string | null;
  created_at: CreatedAt;
  updated_at: Timestamp;
}

/** One row for each time that the socket stood: what lies between two of them is a gap. */
export interface LivestreamConnectionsTable {
  id: string;
  livestream_id: string;
  connected_at: Timestamp;
  disconnected_at: Timestamp | null;
  reason: string | null;
  /** TikTok's running totals at its start and end: RoomTotals. */
  totals_at_start: JsonOf<Json>;
  totals_at_end: JsonOf<Json>;
  /** Messages that could not be decoded, and frames dropped because the buffer was full. */
  decode_failures: BigIntNumber;
  dropped_events: BigIntNumber;
}

export interface EventsTable {
  id: string;
  livestream_id: string;
  position: BigIntNumber;
  type: EventType;
  msg_id: string;
  occurred_at: Timestamp;
  received_at: Timestamp;
  is_history: boolean;
  user_id: string | null;
  /** The rest of the event: user and type fields (LiveEvent without the columns above). */
  data: JsonOf<{ [key: string]: Json }>;
}

export interface GiftStreaksTable {
  livestream_id: string;
  streak_id: string;
  /** Gifts counted so far: the highest repeat_count seen. */
  counted: number;
  is_open: boolean;
  /** Last wire frame: WireEvent of the gift, from which a closing event is made. */
  last_frame: JsonOf<Json>;
  last_at: Timestamp;
}

export interface RulesTable {
  id: string;
  workspace_id: string;
  name: string;
  description: string | null;
  event_type: RuleEventType;
  livestream_id: string | null;
  logic_operator: LogicOperator;
  conditions: JsonOf<Condition[]>;
  actions: JsonOf<RuleAction[]>;
  cooldown_ms: number;
  user_cooldown_ms: number;
  max_age_ms: number | null;
  fire_on: FireOn;
  is_active: boolean;
  activated_at: Timestamp | null;
  version: number;
  created_by: string | null;
  created_at: CreatedAt;
  updated_at: Timestamp;
  /** Deleted rules stay for their executions' sake; they are inactive and in no list. */
  deleted_at: Timestamp | null;
}

/** What a rule said at a time: executions and explanations speak of the version that decided. */
export interface RuleVersionsTable {
  rule_id: string;
  version: number;
  definition: JsonOf<RuleDefinition>;
  is_active: boolean;
  valid_from: Timestamp;
}

export interface RuleCooldownsTable {
  rule_id: string;
  /** '' for the rule's own cooldown, else the viewer's id. */
  user_key: string;
  until: Timestamp;
}

export interface ExecutionsTable {
  id: string;
  workspace_id: string;
  rule_id: string;
  rule_version: number;
  livestream_id: string | null;
  event_id: string | null;
  is_test: Generated<boolean>;
  status: ExecutionStatus;
  reason: SkipReason | null;
  /** Words for people: the cooldown left, the first error. */
  detail: string | null;
  /** Fields that conditions named and the event did not have. */
  missing_fields: string[] | null;
  created_at: Timestamp;
  finished_at: Timestamp | null;
  duration_ms: number | null;
}

export interface ExecutionActionsTable {
  id: string;
  execution_id: string;
  workspace_id: string;
  livestream_id: string | null;
  event_id: string | null;
  rule_id: string | null;
  order: number;
  action_type: ActionType;
  target: string;
  /** The rendered RuleAction. */
  action: JsonOf<RuleAction>;
  status: ActionStatus;
  error_code: string | null;
  error: string | null;
  attempts: Generated<number>;
  expires_at: Timestamp | null;
  response: JsonOf<AttemptResponse> | null;
  created_at: Timestamp;
  finished_at: Timestamp | null;
  /** Event received → action succeeded, milliseconds. */
  latency_ms: number | null;
}

export interface ActionAttemptsTable {
  action_id: string;
  attempt: number;
  started_at: Timestamp;
  duration_ms: number;
  outcome: 'succeeded' | 'retryable' | 'failed';
  code: string | null;
  error: string | null;
  response_status: number | null;
}

export interface DevicesTable {
  id: string;
  workspace_id: string;
  name: string;
  kind: 'mqtt' | 'http';
  /** DeviceConfig of domain/contracts/device.ts; secrets in it encrypted. */
  config: JsonOf<Json>;
  is_online: boolean | null;
  last_seen_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: Timestamp;
}

/** A restore that was promised: sent when due_at has passed, whatever died in between. One for each device. */
export interface DeviceRestoresTable {
  device_id: string;
  workspace_id: string;
  command: string;
  due_at: Timestamp;
  /** Rises with each trigger that extends it. */
  generation: BigIntNumber;
  /** null until the restore workflow has taken it. */
  handed_over_at: Timestamp | null;
  action_id: string | null;
}

export interface NotificationsTable {
  id: string;
  workspace_id: string;
  action_id: string | null;
  message: string;
  created_at: CreatedAt;
}

export interface NotificationReadsTable {
  notification_id: string;
  user_id: string;
  read_at: CreatedAt;
}

/**
 * The order of everything that a workspace's stream shows. seq is taken under the row lock of workspace_feed_heads
 * as a transaction's last statement, so it is gapless and never commits out of order: a cursor over it can't skip.
 */
export interface WorkspaceFeedTable {
  workspace_id: string;
  seq: BigIntNumber;
  kind: 'events' | 'notification' | 'shop_event' | 'social_event';
  livestream_id: string | null;
  first_position: number | null;
  last_position: number | null;
  /** The notification's id, for kind notification. */
  notification_id: string | null;
  /** For kind shop_event. */
  shop_event_id: string | null;
  /** For kind social_event. */
  social_event_id: string | null;
  created_at: CreatedAt;
}

export interface WorkspaceFeedHeadsTable {
  workspace_id: string;
  seq: BigIntNumber;
}

/** One row, id 1: the sign service's allowance as last told. */
export interface SignBudgetTable {
  id: number;
  limit_per_window: number | null;
  remaining: number | null;
  reset_at: Timestamp | null;
  blocked_until: Timestamp | null;
  updated_at: Timestamp;
}

export interface SignTicketsTable {
  /** Order of arrival. */
  id: Generated<number>;
  livestream_id: string;
  created_at: CreatedAt;
  /** A waiter that has not said so for 15 s is gone and holds nobody up. */
  seen_at: Timestamp;
}

/** Fixed-window counters that all API processes share. */
export interface RateCountersTable {
  /** Hash of what is counted: neither address nor e-mail can be read here. */
  key: string;
  count: number;
  resets_at: Timestamp;
}

export interface Database extends PublishingTables, ShopTables, SocialTables, StreamTables {
  users: UsersTable;
  workspaces: WorkspacesTable;
  workspace_members: WorkspaceMembersTable;
  livestreams: LivestreamsTable;
  livestream_connections: LivestreamConnectionsTable;
  events: EventsTable;
  gift_streaks: GiftStreaksTable;
  rules: RulesTable;
  rule_versions: RuleVersionsTable;
  rule_cooldowns: RuleCooldownsTable;
  executions: ExecutionsTable;
  execution_actions: ExecutionActionsTable;
  action_attempts: ActionAttemptsTable;
  devices: DevicesTable;
  device_restores: DeviceRestoresTable;
  notifications: NotificationsTable;
  notification_reads: NotificationReadsTable;
  workspace_feed: WorkspaceFeedTable;
  workspace_feed_heads: WorkspaceFeedHeadsTable;
  sign_budget: SignBudgetTable;
  sign_tickets: SignTicketsTable;
  rate_counters: RateCountersTable;
}

export type Row<T extends keyof Database> = Selectable<Database[T]>;
export type NewRow<T extends keyof Database> = Insertable<Database[T]>;
