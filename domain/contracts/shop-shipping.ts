import type { ErrorCode } from '../errors.ts';
import type { ChannelKey } from './channel.ts';
import type { ShippingDocumentType } from './shop-api.ts';
import type { OrderKey, ShipAnswer } from './shop-order.ts';

/** Durations in milliseconds. */
export interface ShipTimings {
  retry_initial_ms: number;
  retry_max_ms: number;
  /** How long TikTok is asked for; what it has not said by then is unconfirmed. */
  give_up_ms: number;
  /** How soon the death of a worker is noticed. */
  heartbeat_timeout_ms: number;
}

export const DEFAULT_SHIP_TIMINGS: ShipTimings = { retry_initial_ms: 500, retry_max_ms: 15_000, give_up_ms: 300_000, heartbeat_timeout_ms: 15_000 };

/** Input of the activity `shipOrder`: the row of shop_shipments says what is asked. */
export interface ShipOrderInput extends OrderKey {
  shipment_id: string;
  /** Nobody tries again: what is not known then is unconfirmed. */
  is_last: boolean;
}

/** later: not before after_ms, where TikTok says so. */
export type ShipStep = { kind: 'answered'; answer: ShipAnswer } | { kind: 'later'; after_ms: number | null; code: ErrorCode; reason: string };

/** Input of the workflow `fetchLabel`, for a person who waits. */
export interface FetchLabelInput extends ChannelKey {
  package_id: string;
  type: ShippingDocumentType;
  /** A6, A5 …; null: as TikTok makes it. */
  size: string | null;
  timings?: Partial<LabelTimings>;
}

/** Durations in milliseconds. */
export interface LabelTimings {
  retry_initial_ms: number;
  retry_max_ms: number;
  give_up_ms: number;
}

export const DEFAULT_LABEL_TIMINGS: LabelTimings = { retry_initial_ms: 500, retry_max_ms: 5_000, give_up_ms: 40_000 };

/** The document's bytes lie in storage, under the row of shop_labels. */
export type LabelOutcome = { kind: 'stored'; label_id: string } | { kind: 'refused'; code: ErrorCode; reason: string };
export type LabelStep = LabelOutcome | { kind: 'later'; after_ms: number | null; code: ErrorCode; reason: string };
