import { ORDER_STATUSES, type OrderStatus } from '../contracts/shop-order.ts';

/** Where a status stands on an order's way; null: TikTok has invented it since. */
export function statusRank(status: string): number | null {
  const rank = (ORDER_STATUSES as readonly string[]).indexOf(status);
  return rank < 0 ? null : rank;
}

const RANK = Object.fromEntries(ORDER_STATUSES.map((status, rank) => [status, rank])) as Record<OrderStatus, number>;

/** Nothing comes after it but returns, and neither of the two replaces the other. */
export const isFinalStatus = (status: string): boolean => status === 'COMPLETED' || status === 'CANCELLED';

/** The buyer has paid, or pays at the door, and the order is not cancelled. */
export const isSold = (status: string): boolean => isBetween(status, 'ON_HOLD', 'COMPLETED');

/** Its shipment is arranged, or further. */
export const isShipped = (status: string): boolean => isBetween(status, 'AWAITING_COLLECTION', 'COMPLETED');

/** The seller has something to ship. */
export const isToShip = (status: string): boolean => status === 'AWAITING_SHIPMENT' || status === 'PARTIALLY_SHIPPING';

/** Whether TikTok's newer word moves the order on. A status that we don't know replaces none that we do. */
export function movesForward(from: string, to: string): boolean {
  if (isFinalStatus(from)) return false;
  const [before, after] = [statusRank(from), statusRank(to)];
  return after !== null && (before === null || after > before);
}

function isBetween(status: string, first: OrderStatus, last: OrderStatus): boolean {
  const rank = statusRank(status);
  return rank !== null && rank >= RANK[first] && rank <= RANK[last];
}
