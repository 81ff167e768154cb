import type { ErrorCode } from '../errors.ts';
import type { ChannelKey } from './channel.ts';

export const SYNC_KINDS = ['orders', 'products', 'inventory'] as const;
export type SyncKind = (typeof SYNC_KINDS)[number];

/** Input of the `shopSync` workflow, which a Schedule runs for each channel. */
export interface ShopSyncInput extends ChannelKey {
  timings?: Partial<ShopSyncTimings>;
}

export interface ShopSyncTimings {
  /** A list begins so much before the cursor: TikTok shows new orders up to half a minute late. */
  overlap_ms: number;
  /** A change that webhooks have not told within so long counts as missed by them. */
  missed_after_ms: number;
  /** The first list of a channel begins so much before it was connected. */
  first_ms: number;
  retry_initial_ms: number;
  retry_max_ms: number;
}
export const DEFAULT_SHOP_SYNC_TIMINGS: ShopSyncTimings = {
  overlap_ms: 120_000,
  missed_after_ms: 30_000,
  first_ms: 30 * 86_400_000,
  retry_initial_ms: 1_000,
  retry_max_ms: 60_000,
};

/** What one part of a run did. */
export interface SyncCounts {
  /** Orders, products or SKUs that TikTok listed. */
  seen: number;
  /** Of these new or newer than ours. */
  changed: number;
  /** Of these told by no webhook. */
  missed: number;
  /** Calls to TikTok. */
  calls: number;
}

/** failed: nothing of it is lost; the next run goes on where this one stood. */
export type SyncPartOutcome = ({ kind: 'done' } & SyncCounts) | { kind: 'failed'; code: ErrorCode; reason: string };

/** skipped: the channel is paused, disconnected or gone. */
export type ShopSyncReport = { kind: 'skipped'; code: ErrorCode; reason: string } | ({ kind: 'ran' } & Readonly<Record<SyncKind, SyncPartOutcome>>);

/** Which stretch of time a part is asked for; from_ms null: everything, for the first time. */
export interface SyncRange {
  from_ms: number | null;
  to_ms: number;
}

/** Argument of the signal that products have changed at TikTok. */
export interface ProductsChanged {
  product_ids: string[];
}

export interface ChannelInput extends ChannelKey {
  /** Calls and waits in tests are shorter. */
  timings?: { retry_initial_ms?: number; retry_max_ms?: number; max_history?: number };
}

/** Input of the `processShopWebhook` workflow, one for each shop: it processes what came, in its order, and ends. */
export interface ShopWebhooksInput {
  shop_id: string;
}
