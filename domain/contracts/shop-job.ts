import type { ErrorCode } from '../errors.ts';
import type { ChannelKey } from './channel.ts';
import type { Money } from './shop-api.ts';

/** Work that a person started and looks at: GET /jobs/{id}. */
export const JOB_KINDS = ['product_sync', 'order_backfill', 'inventory_update', 'product_update'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** partly_failed: done, and some items failed; each is named in `errors`. */
export const JOB_STATES = ['queued', 'running', 'succeeded', 'partly_failed', 'failed'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Input of a job's workflow: syncProducts, backfillOrders, updateInventory, updateProducts. Its parameters stand in the row. */
export interface JobInput {
  job_id: string;
  workspace_id: string;
  /** null: of several channels. */
  channel_id: string | null;
}

/** What a job has to do, by kind; kept in its row. */
export type JobParams =
  | { kind: 'product_sync' }
  | { kind: 'order_backfill'; from_ms: number; to_ms: number }
  /** The rows of inventory_requests that name the job. */
  | { kind: 'inventory_update' }
  | { kind: 'product_update'; action: 'activate' | 'deactivate'; product_ids: string[] }
  | { kind: 'product_update'; action: 'prices'; product_id: string; skus: { sku_id: string; price: Money; sale_price?: Money }[] };

export interface JobProgress {
  /** null: not known yet. */
  total: number | null;
  done: number;
  failed: number;
  /** Calls to TikTok. */
  calls: number;
}

/** One thing that a job could not do; at most MAX_JOB_ERRORS are kept. */
export interface JobError {
  id: string | null;
  code: ErrorCode;
  reason: string;
}
export const MAX_JOB_ERRORS = 200;

/** Where a value for the stock came from. */
export const INVENTORY_SOURCES = ['http', 'rabbitmq', 'rule', 'reconcile'] as const;
export type InventorySource = (typeof INVENTORY_SOURCES)[number];

/**
 * What a quantity counts. on_hand: units in the house, those of orders that are not shipped yet among them; what TikTok may sell is that less what is
 * sold. available: units that may be sold on; orders that came since `as_of` are taken off. This is what keeps a late count from overselling.
 */
export const STOCK_BASES = ['on_hand', 'available'] as const;
export type StockBasis = (typeof STOCK_BASES)[number];

export const INVENTORY_REQUEST_STATES = ['received', 'applied', 'failed', 'superseded'] as const;
export type InventoryRequestState = (typeof INVENTORY_REQUEST_STATES)[number];

export interface NewInventoryRequest extends ChannelKey {
  source: InventorySource;
  job_id: string | null;
  /** What makes a second delivery the same request: message id and SKU, action id; null: none. */
  dedupe_key: string | null;
  product_id: string | null;
  sku_id: string | null;
  /** Where sku_id is null the SKU of the channel that the seller calls so. */
  seller_sku: string | null;
  /** null: its only one. */
  warehouse_id: string | null;
  quantity: number;
  basis: StockBasis;
  /** When it was counted; epoch milliseconds. The newest wins. */
  as_of_ms: number;
}

/** Fewest and most units that TikTok takes for a SKU; https://partner.tiktokshop.com/docv2/page/update-inventory-202309. */
export const STOCK_LIMITS = { min: 0, max: 99_999 } as const;
