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
}
export const DEFAULT_SHOP_SYNC_TIMINGS: ShopSyncTimings = { overlap_ms: 120_000 };

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
