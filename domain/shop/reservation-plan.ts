import type { OrderLineItem, ShopOrder } from '../contracts/shop-api.ts';
import type { ReservationState } from '../contracts/shop-order.ts';
import { isShipped, isSold, statusRank } from './order-status.ts';

export interface Reservation {
  line_item_id: string;
  sku_id: string;
  state: ReservationState;
}

export type MoveReason = 'sold' | 'shipped' | 'cancelled' | 'taken off the order';

export interface ReservationMove {
  line_item_id: string;
  sku_id: string;
  from: ReservationState | null;
  to: ReservationState;
  reason: MoveReason;
  /** What it does to the units in the house: one leaves, or is still there after all. */
  on_hand: -1 | 0 | 1;
  /** A count of the house that is newer than this has it in already; epoch milliseconds. */
  counted_before_ms: number;
}

/**
 * What an order's units do: each is held once it is sold, leaves with its shipment, and is free again when it is cancelled. Released is for good.
 * TikTok's own warehouses hold no unit of ours.
 * @param before the order as it was stored; null: new
 */
export function planReservations(before: ShopOrder | null, order: ShopOrder, existing: readonly Reservation[]): ReservationMove[] {
  const known = new Map(existing.map((reservation) => [reservation.line_item_id, reservation]));
  const moves: ReservationMove[] = [];
  for (const item of order.line_items) {
    const from = known.get(item.id)?.state ?? null;
    known.delete(item.id);
    if (from === null && isShippedByTikTok(order)) continue;
    const to = stateOf(item, order);
    if (to !== null && advances(from, to)) {
      const wasWithCarrier = from === 'shipped' && hasCarrier(before?.line_items.find(({ id }) => id === item.id), before);
      moves.push(move(item.id, item.sku_id, from, to, to === 'held' ? 'sold' : to === 'shipped' ? 'shipped' : 'cancelled', order, wasWithCarrier));
    }
  }
  for (const { line_item_id, sku_id, state } of known.values()) {
    if (state === 'held') moves.push(move(line_item_id, sku_id, state, 'released', 'taken off the order', order, false));
  }
  return moves;
}

export const isShippedByTikTok = ({ fulfillment_type }: ShopOrder): boolean => fulfillment_type === 'FULFILLMENT_BY_TIKTOK';

/** null: not sold yet. */
function stateOf(item: OrderLineItem, order: ShopOrder): ReservationState | null {
  const status = order.status === 'CANCELLED' ? 'CANCELLED' : item.status !== null && statusRank(item.status) !== null ? item.status : order.status;
  if (status === 'CANCELLED') return 'released';
  if (isShipped(status)) return 'shipped';
  if (order.status === 'PARTIALLY_SHIPPING' && LEFT.has(item.package_status ?? '')) return 'shipped';
  return isSold(status) || isSold(order.status) ? 'held' : null;
}

/** Statuses of a package whose shipment is arranged. */
const LEFT: ReadonlySet<string> = new Set(['PROCESSING', 'FULFILLING', 'COMPLETED']);
const ORDER: Readonly<Record<ReservationState, number>> = { held: 0, shipped: 1, released: 2 };
const advances = (from: ReservationState | null, to: ReservationState): boolean => from === null || ORDER[to] > ORDER[from];

/** The carrier had it: cancelled then, it is on its way back at best, and somebody has to count it in. */
const hasCarrier = (item: OrderLineItem | undefined, order: ShopOrder | null): boolean => {
  const status = item?.status ?? order?.status ?? '';
  return isShipped(status) && status !== 'AWAITING_COLLECTION';
};

function move(line_item_id: string, sku_id: string, from: ReservationState | null, to: ReservationState, reason: MoveReason, order: ShopOrder, wasWithCarrier: boolean): ReservationMove {
  const on_hand = to === 'shipped' ? -1 : to === 'released' && from === 'shipped' && !wasWithCarrier ? 1 : 0;
  // Of an order that was never held here it is not known when it left: a count since it was placed is believed.
  const counted_before_ms = from === null ? order.create_time_ms : order.update_time_ms;
  return { line_item_id, sku_id, from, to, reason, on_hand, counted_before_ms };
}
