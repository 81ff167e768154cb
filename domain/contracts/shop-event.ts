import type { OrderChange } from './shop-message.ts';

/** What happens in a shop, beside what happens in a LIVE: rules wait for it, and the workspace's stream shows it. */
export const SHOP_EVENT_TYPES = ['order', 'inventory'] as const;
export type ShopEventType = (typeof SHOP_EVENT_TYPES)[number];

interface ShopEventBase {
  /** UUIDv7. */
  id: string;
  workspace_id: string;
  channel_id: string;
  /** ISO 8601 UTC; TikTok's own time where it says one. */
  occurred_at: string;
  received_at: string;
  /** Older than the channel, or fetched by a backfill: fires no rule. */
  is_history: boolean;
}

export interface OrderEvent extends ShopEventBase {
  type: 'order';
  change: OrderChange;
  order_id: string;
  status: string;
  previous_status: string | null;
  /** In major units, for conditions such as total >= 50; null: TikTok did not say. */
  total: number | null;
  currency: string | null;
  /** Units. */
  item_count: number;
  /** Names of the products, each once. */
  items: string[];
  seller_skus: string[];
  buyer_nickname: string | null;
  buyer_note: string | null;
  /** What user cooldowns count by. */
  user_id: string | null;
  shop_name: string;
}

export interface InventoryEvent extends ShopEventBase {
  type: 'inventory';
  /** level: another quantity; low: at or below LOW_STOCK; out: nothing left; back: there is some again. */
  change: 'level' | 'low' | 'out' | 'back';
  product_id: string;
  product_name: string | null;
  sku_id: string;
  seller_sku: string | null;
  available: number;
  previous_available: number | null;
  shop_name: string;
}

export type ShopEvent = OrderEvent | InventoryEvent;

/** At or below this many units stock is called low. */
export const LOW_STOCK = 5;
