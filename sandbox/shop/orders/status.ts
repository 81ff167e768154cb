import type { Line, LineStatus, Order, OrderStatus } from './types.ts';

const RANK: Readonly<Record<LineStatus, number>> = { UNPAID: 0, ON_HOLD: 1, AWAITING_SHIPMENT: 2, AWAITING_COLLECTION: 3, IN_TRANSIT: 4, DELIVERED: 5, COMPLETED: 6, CANCELLED: 7 };

export const isShipped = ({ status }: Line): boolean => RANK[status] >= RANK.AWAITING_COLLECTION && status !== 'CANCELLED';
export const isOpen = ({ status }: Line): boolean => RANK[status] <= RANK.AWAITING_SHIPMENT;
export const linesIn = (order: Order, status: LineStatus): Line[] => order.lines.filter((line) => line.status === status);

/** The order's status is that of its slowest living item; CANCELLED only when every item is. */
export function statusOf(lines: readonly Line[]): OrderStatus {
  const living = lines.filter(({ status }) => status !== 'CANCELLED');
  if (living.length === 0) return 'CANCELLED';
  const slowest = living.reduce((least, { status }) => (RANK[status] < RANK[least] ? status : least), living[0]?.status ?? 'UNPAID');
  return slowest === 'AWAITING_SHIPMENT' && living.some(isShipped) ? 'PARTIALLY_SHIPPING' : slowest;
}
