import type { Generated } from 'kysely';
import type { ChannelState, ShopAuthorizationState, ShopRead } from '../domain/contracts/channel.ts';
import type { Json } from '../domain/contracts/rule.ts';
import type { OrderCancellation, OrderReturn, ShippingDocumentType, ShopOrder, ShopPackage, ShopProduct, WarehouseStock } from '../domain/contracts/shop-api.ts';
import type { ShopEventType } from '../domain/contracts/shop-event.ts';
import type { InventoryRequestState, InventorySource, JobError, JobKind, JobParams, JobState, StockBasis } from '../domain/contracts/shop-job.ts';
import type { ShopMessage } from '../domain/contracts/shop-message.ts';
import type { OrderSource, OrderTimelineKind, ReservationState, ShipAnswer, ShipmentState, ShipRequest } from '../domain/contracts/shop-order.ts';
import type { SyncKind } from '../domain/contracts/shop-sync.ts';
import type { ShopWebhook } from '../domain/contracts/shop-webhook.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { BigIntNumber, CreatedAt, JsonOf, Timestamp } from './schema-types.ts';

export interface ShopAuthorizationsTable {
  id: string;
  workspace_id: string;
  open_id: string;
  seller_name: string | null;
  seller_base_region: string | null;
  granted_scopes: string[];
  state: ShopAuthorizationState;
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
  created_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface ChannelsTable {
  /** The channel_uid of the API. */
  id: string;
  workspace_id: string;
  authorization_id: string;
  shop_id: string;
  /** AES-256-GCM. */
  shop_cipher: string;
  name: string;
  region: string;
  seller_type: string | null;
  code: string | null;
  state: ChannelState;
  state_code: ErrorCode | null;
  state_reason: string | null;
  connected_at: CreatedAt;
  paused_at: Timestamp | null;
  disconnected_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface ShopOauthStatesTable {
  id: string;
  workspace_id: string;
  user_id: string;
  browser_hash: string | null;
  redirect_to: string | null;
  /** AES-256-GCM. */
  code: string | null;
  expires_at: Timestamp;
  used_at: Timestamp | null;
  authorization_id: string | null;
  created_at: CreatedAt;
}

export interface ShopReadsTable {
  id: string;
  workspace_id: string;
  channel_id: string;
  question: JsonOf<ShopRead>;
  answer: JsonOf<Json> | null;
  created_at: CreatedAt;
}

export interface ShopProductsTable {
  channel_id: string;
  product_id: string;
  workspace_id: string;
  title: string;
  status: string;
  data: JsonOf<ShopProduct>;
  tiktok_create_time: Timestamp | null;
  tiktok_update_time: Timestamp | null;
  fingerprint: string;
  sequence: Generated<number>;
  first_seen_at: CreatedAt;
  synced_at: CreatedAt;
  detailed_at: Timestamp | null;
  removed_at: Timestamp | null;
}

export interface ShopSkusTable {
  channel_id: string;
  sku_id: string;
  workspace_id: string;
  product_id: string;
  seller_sku: string | null;
  price_amount: BigIntNumber | null;
  price_currency: string | null;
  status: string | null;
  available: number | null;
  committed: number | null;
  warehouses: JsonOf<WarehouseStock[]>;
  stock_seen_at: Timestamp | null;
  on_hand: number | null;
  on_hand_source: 'tiktok' | 'merchant' | null;
  on_hand_as_of: Timestamp | null;
  reserved: Generated<number>;
  stock_as_of: Timestamp | null;
  removed_at: Timestamp | null;
  updated_at: CreatedAt;
}

export interface JobsTable {
  id: string;
  workspace_id: string;
  channel_id: string | null;
  kind: JobKind;
  state: JobState;
  state_code: ErrorCode | null;
  state_reason: string | null;
  params: JsonOf<JobParams>;
  total: number | null;
  done: Generated<number>;
  failed: Generated<number>;
  calls: Generated<number>;
  errors: JsonOf<JobError[]>;
  page_token: string | null;
  created_by: string | null;
  created_at: CreatedAt;
  started_at: Timestamp | null;
  finished_at: Timestamp | null;
}

export interface InventoryRequestsTable {
  id: string;
  seq: Generated<number>;
  workspace_id: string;
  channel_id: string;
  source: InventorySource;
  job_id: string | null;
  dedupe_key: string | null;
  product_id: string | null;
  sku_id: string | null;
  seller_sku: string | null;
  warehouse_id: string | null;
  quantity: number;
  basis: StockBasis;
  as_of: Timestamp;
  state: Generated<InventoryRequestState>;
  sent_quantity: number | null;
  state_code: ErrorCode | null;
  state_reason: string | null;
  attempts: Generated<number>;
  created_at: CreatedAt;
  finished_at: Timestamp | null;
}

export interface ShopOrdersTable {
  channel_id: string;
  order_id: string;
  workspace_id: string;
  /** TikTok's, never moved backwards; `data.status` is the same. */
  status: string;
  data: JsonOf<ShopOrder>;
  tiktok_create_time: Timestamp;
  tiktok_update_time: Timestamp;
  paid_time: Timestamp | null;
  ship_by: Timestamp | null;
  total_amount: BigIntNumber | null;
  total_currency: string | null;
  buyer_nickname: string | null;
  tracking_number: string | null;
  is_on_hold: Generated<boolean>;
  is_short: Generated<boolean>;
  first_source: OrderSource;
  sequence: Generated<number>;
  first_seen_at: CreatedAt;
  updated_at: CreatedAt;
}

export interface StockReservationsTable {
  channel_id: string;
  line_item_id: string;
  order_id: string;
  sku_id: string;
  state: ReservationState;
  is_short: Generated<boolean>;
  reserved_at: CreatedAt;
  ended_at: Timestamp | null;
  end_reason: string | null;
}

export interface ShopOrderTimelineTable {
  id: Generated<number>;
  channel_id: string;
  order_id: string;
  at: CreatedAt;
  kind: OrderTimelineKind;
  source: OrderSource | null;
  detail: string | null;
  dedupe_key: string;
}

export interface ShopPackagesTable {
  channel_id: string;
  package_id: string;
  order_ids: string[];
  line_item_ids: string[];
  status: string | null;
  tracking_number: string | null;
  shipping_provider_id: string | null;
  shipping_provider_name: string | null;
  data: JsonOf<ShopPackage>;
  tiktok_update_time: Timestamp | null;
  updated_at: CreatedAt;
}

export interface ShopAfterSalesTable {
  channel_id: string;
  kind: 'cancellation' | 'return';
  after_sale_id: string;
  order_id: string;
  status: string;
  line_item_ids: string[];
  data: JsonOf<OrderCancellation | OrderReturn>;
  tiktok_update_time: Timestamp | null;
  answer_due: Timestamp | null;
  updated_at: CreatedAt;
}

export interface ShopShipmentsTable {
  id: string;
  workspace_id: string;
  channel_id: string;
  order_id: string | null;
  package_id: string | null;
  request: JsonOf<ShipRequest>;
  fingerprint: string;
  idempotency_key: string | null;
  state: ShipmentState;
  answer: JsonOf<ShipAnswer> | null;
  requested_by: string | null;
  created_at: CreatedAt;
  sent_at: Timestamp | null;
  finished_at: Timestamp | null;
}

export interface ShopLabelsTable {
  id: string;
  workspace_id: string;
  channel_id: string;
  package_id: string;
  type: ShippingDocumentType;
  size: string;
  storage_key: string;
  size_bytes: number | null;
  created_at: CreatedAt;
  expires_at: Timestamp;
}

export interface ShopWebhooksTable {
  id: string;
  seq: Generated<number>;
  type: number;
  kind: ShopWebhook['kind'];
  shop_id: string | null;
  workspace_id: string | null;
  channel_id: string | null;
  /** The order, product or package that it is about. */
  subject: string | null;
  body: string;
  sent_at: Timestamp;
  received_at: CreatedAt;
  times_received: Generated<number>;
  state: Generated<'received' | 'processed' | 'ignored' | 'failed'>;
  attempts: Generated<number>;
  processed_at: Timestamp | null;
  outcome: string | null;
  replays: Generated<number>;
}

export interface ShopSyncCursorsTable {
  channel_id: string;
  kind: SyncKind;
  cursor: Timestamp | null;
  window_from: Timestamp | null;
  window_to: Timestamp | null;
  page_token: string | null;
  last_started_at: Timestamp | null;
  last_finished_at: Timestamp | null;
  last_error_code: ErrorCode | null;
  last_error: string | null;
  runs: BigIntNumber;
  calls: BigIntNumber;
  seen: BigIntNumber;
  missed: BigIntNumber;
  last_missed_at: Timestamp | null;
}

export interface ShopSetAsideTable {
  channel_id: string;
  kind: 'order' | 'product';
  entity_id: string;
  code: ErrorCode;
  reason: string;
  times: Generated<number>;
  first_at: CreatedAt;
  last_at: CreatedAt;
}

export interface ShopOutboxTable {
  seq: Generated<number>;
  message_id: string;
  workspace_id: string;
  channel_id: string;
  type: ShopMessage['type'];
  key: string;
  body: JsonOf<ShopMessage>;
  created_at: CreatedAt;
  /** -infinity: not to be sent there. */
  amqp_at: Timestamp | null;
  http_at: Timestamp | null;
  http_attempts: Generated<number>;
  http_error: string | null;
  http_next_at: Timestamp | null;
  http_gave_up_at: Timestamp | null;
}

export interface ShopDeadLettersTable {
  id: string;
  queue: string;
  message_id: string | null;
  body: string;
  code: ErrorCode;
  reason: string;
  created_at: CreatedAt;
}

export interface ShopEventsTable {
  id: string;
  workspace_id: string;
  channel_id: string;
  type: ShopEventType;
  subject: string;
  occurred_at: Timestamp;
  received_at: Timestamp;
  is_history: boolean;
  data: JsonOf<{ [key: string]: Json }>;
}

export interface ShopTables {
  shop_authorizations: ShopAuthorizationsTable;
  channels: ChannelsTable;
  shop_oauth_states: ShopOauthStatesTable;
  shop_reads: ShopReadsTable;
  shop_products: ShopProductsTable;
  shop_skus: ShopSkusTable;
  jobs: JobsTable;
  inventory_requests: InventoryRequestsTable;
  shop_orders: ShopOrdersTable;
  stock_reservations: StockReservationsTable;
  shop_order_timeline: ShopOrderTimelineTable;
  shop_packages: ShopPackagesTable;
  shop_after_sales: ShopAfterSalesTable;
  shop_shipments: ShopShipmentsTable;
  shop_labels: ShopLabelsTable;
  shop_webhooks: ShopWebhooksTable;
  shop_sync_cursors: ShopSyncCursorsTable;
  shop_set_aside: ShopSetAsideTable;
  shop_outbox: ShopOutboxTable;
  shop_dead_letters: ShopDeadLettersTable;
  shop_events: ShopEventsTable;
}
