import type { ErrorCode } from '../errors.ts';
import type { ChannelKey } from './channel.ts';

/** TikTok's order statuses, in the order in which an order goes through them; https://partner.tiktokshop.com/docv2/page/order-api-overview. */
export const ORDER_STATUSES = [
  'UNPAID',
  'ON_HOLD',
  'AWAITING_SHIPMENT',
  'PARTIALLY_SHIPPING',
  'AWAITING_COLLECTION',
  'IN_TRANSIT',
  'DELIVERED',
  'COMPLETED',
  'CANCELLED',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** How we came to know: TikTok's webhook, our poll, a backfill, or a person who asked. */
export const ORDER_SOURCES = ['webhook', 'poll', 'backfill', 'person'] as const;
export type OrderSource = (typeof ORDER_SOURCES)[number];

export interface OrderKey extends ChannelKey {
  /** TikTok's. */
  order_id: string;
}

/** What may be new: which of TikTok's answers the workflow has to ask for. */
export type OrderNews = 'order' | 'package' | 'cancellation' | 'return';

/** Argument of the signal `changed`. */
export interface OrderChanged {
  source: OrderSource;
  news: OrderNews;
  /** TikTok's, of the change; null: it was not said. A row that is as new needs no call. */
  update_time_ms: number | null;
  /** The order was read from TikTok and stored after this was heard: its row tells all of it. */
  is_read?: true;
}

/** Durations in milliseconds. */
export interface FulfilTimings {
  /** Before TikTok's ship-by: people are warned. */
  warn_before_ms: number;
  /** And once more, louder. */
  escalate_before_ms: number;
  /** How long a paused channel is left alone before it is looked at again. */
  paused_look_ms: number;
  /** How long an order is looked for that TikTok does not show yet. */
  missing_for_ms: number;
  /** A return or cancellation that waits is looked at so often, whatever webhooks say. */
  after_sale_look_ms: number;
  retry_initial_ms: number;
  retry_max_ms: number;
  max_history: number;
}

export const DEFAULT_FULFIL_TIMINGS: FulfilTimings = {
  warn_before_ms: 12 * 3_600_000,
  escalate_before_ms: 3 * 3_600_000,
  paused_look_ms: 15 * 60_000,
  missing_for_ms: 180_000,
  after_sale_look_ms: 6 * 3_600_000,
  retry_initial_ms: 1_000,
  retry_max_ms: 300_000,
  max_history: 2_000,
};

/** Input of the `fulfilOrder` workflow, one for each order that is not over. */
export interface FulfilOrderInput extends OrderKey {
  timings?: Partial<FulfilTimings>;
  /** What continue-as-new hands on. */
  carried?: { changes: OrderChanged[]; ship_by_ms: number | null; warned: boolean; escalated: boolean };
}

/** What the workflow has to know of an order. */
export interface OrderLife {
  status: string;
  is_final: boolean;
  /** Epoch milliseconds; null: the seller has nothing to ship (any more). */
  ship_by_ms: number | null;
  is_short: boolean;
  /** Cancellations and returns that wait for an answer or a parcel. */
  open_after_sales: number;
}

/** What came of following news. Each but known has TikTok's or PostgreSQL's reason. */
export type FollowedOrder =
  | { kind: 'known'; life: OrderLife }
  /** TikTok does not show it; life: as it was stored, if it was. */
  | { kind: 'missing'; life: OrderLife | null }
  /** It can't be stored or read and stands among what was set aside. */
  | { kind: 'set_aside'; life: OrderLife | null; reason: string }
  /** Nothing can be asked for this channel until people have done something. */
  | { kind: 'paused'; life: OrderLife | null; reason: string }
  | { kind: 'later'; life: OrderLife | null; reason: string; retry_after_ms: number | null }
  | { kind: 'disconnected' };

/** A person ships: by the seller's own carrier (mark_shipped), by TikTok's (ship), or corrects the tracking number (update). */
export type ShipRequest =
  | { kind: 'mark_shipped'; tracking_number: string; shipping_provider_id: string; order_line_item_ids: string[] | null }
  | {
      kind: 'ship';
      package_id: string;
      handover_method: 'PICKUP' | 'DROP_OFF' | null;
      pickup_slot: { start_ms: number; end_ms: number } | null;
      /** The seller's own carrier, in the markets that ship so. */
      self_shipment: { tracking_number: string; shipping_provider_id: string } | null;
    }
  | { kind: 'update'; package_id: string | null; tracking_number: string; shipping_provider_id: string };

/** Argument of the update `ship`; the request itself stands in the row of shop_shipments. */
export interface ShipInput {
  shipment_id: string;
}

export type ShipAnswer =
  | { ok: true; package_id: string | null; order_status: string; warning: string | null }
  | { ok: false; code: ErrorCode; reason: string; order_status: string | null };

export const SHIPMENT_STATES = ['requested', 'sent', 'done', 'failed', 'unconfirmed'] as const;
export type ShipmentState = (typeof SHIPMENT_STATES)[number];

export const ORDER_TIMELINE_KINDS = [
  'seen',
  'status',
  'late',
  'reserved',
  'short',
  'released',
  'package',
  'shipment',
  'cancellation',
  'return',
  'address',
  'warned',
  'escalated',
  'set_aside',
  'recovered',
  'published',
] as const;
export type OrderTimelineKind = (typeof ORDER_TIMELINE_KINDS)[number];

/** held: sold and not shipped. shipped: left the house. released: cancelled, and to be sold again. */
export const RESERVATION_STATES = ['held', 'shipped', 'released'] as const;
export type ReservationState = (typeof RESERVATION_STATES)[number];
