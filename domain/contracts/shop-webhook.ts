/** What every webhook of TikTok Shop says of itself; ids are strings whatever they were. */
export interface ShopWebhookBase {
  /** TikTok's number of the kind: https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview. */
  type: number;
  /** By which repeated deliveries are told apart; null: an old kind without one. */
  notification_id: string | null;
  /** null where it concerns no shop. */
  shop_id: string | null;
  timestamp_ms: number;
}

interface Updated {
  update_time_ms: number | null;
}

export type ShopWebhook = ShopWebhookBase &
  (
    | ({ kind: 'order_status'; order_id: string; status: string; is_on_hold: boolean } & Updated)
    | ({ kind: 'recipient_address'; order_id: string } & Updated)
    | ({ kind: 'package'; change: string; role: string | null; packages: { package_id: string; order_ids: string[] }[] } & Updated)
    | ({ kind: 'product_status'; product_id: string; status: string; suspended_reason: string | null } & Updated)
    | { kind: 'deauthorized'; message: string | null }
    | { kind: 'authorization_expiring'; message: string | null; expires_at_ms: number | null }
    | { kind: 'cancellation'; order_id: string; cancel_id: string; role: string | null; status: string; create_time_ms: number | null }
    | ({ kind: 'return'; order_id: string; return_id: string; role: string | null; return_type: string | null; status: string } & Updated)
    | ({ kind: 'product_changed'; product_id: string; changed_fields: string[] } & Updated)
    | ({ kind: 'product_created'; product_id: string } & Updated)
    | ({ kind: 'inventory_status'; product_id: string; sku_id: string; status: string | null; trigger: string | null } & Updated)
    | { kind: 'invoice'; package_id: string | null; order_ids: string[]; status: string | null }
    | ({ kind: 'product_audit'; product_id: string; status: string | null } & Updated)
    /** A kind that came later than this list, or one whose data is not as documented: `fault` says why. */
    | { kind: 'unknown'; data: unknown; fault: string | null }
  );

export type ShopWebhookParse = { ok: true; webhook: ShopWebhook } | { ok: false; reason: string };

/**
 * received: waits, for its turn or for its channel to be resumed; ignored: nothing here is concerned; failed: it was tried often enough, and
 * a person may have it tried again.
 */
export const SHOP_WEBHOOK_STATES = ['received', 'processed', 'ignored', 'failed'] as const;
export type ShopWebhookState = (typeof SHOP_WEBHOOK_STATES)[number];

export const SHOP_WEBHOOK_KINDS = [
  'order_status',
  'recipient_address',
  'package',
  'product_status',
  'deauthorized',
  'authorization_expiring',
  'cancellation',
  'return',
  'product_changed',
  'product_created',
  'inventory_status',
  'invoice',
  'product_audit',
  'unknown',
] as const satisfies readonly ShopWebhook['kind'][];

/** Input of the `processShopWebhook` workflow, one for each shop; '': webhooks that name no shop. Durations in milliseconds. */
export interface ProcessShopWebhooksInput {
  shop_id: string;
  timings?: Partial<ShopWebhookTimings>;
  /** Carried over continue-as-new. */
  carried?: { retry: { failures_in_a_row: number; at_ms: number } | null };
}

export interface ShopWebhookTimings {
  retry_initial_ms: number;
  retry_max_ms: number;
  /** A webhook is given up after so many attempts of its own. */
  attempts: number;
  /** Most webhooks of one pass. */
  batch: number;
  max_history: number;
}

export const DEFAULT_SHOP_WEBHOOK_TIMINGS: ShopWebhookTimings = { retry_initial_ms: 1_000, retry_max_ms: 60_000, attempts: 8, batch: 200, max_history: 4_000 };

export interface ShopWebhookPass {
  shop_id: string;
  /** false: those alone that were never tried; what failed waits for its time. */
  includes_failed: boolean;
  attempts: number;
  batch: number;
}

/** What one pass over a shop's open webhooks came to. */
export interface ShopWebhookReport {
  channel: { channel_id: string; workspace_id: string } | null;
  processed: number;
  ignored: number;
  failed: number;
  /** Untried ones are left. */
  more: boolean;
  /** Tried without success, to be tried again. */
  waiting: number;
}
