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
