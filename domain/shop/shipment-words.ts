import type { ShipAnswer, ShipRequest } from '../contracts/shop-order.ts';
import { ERRORS } from '../errors.ts';

const ASKED: Readonly<Record<ShipRequest['kind'], string>> = { mark_shipped: 'Marked as shipped', ship: 'Shipped', update: 'Tracking number changed' };
const WANTED: Readonly<Record<ShipRequest['kind'], string>> = { mark_shipped: 'Marking as shipped', ship: 'Shipping', update: 'Changing the tracking number' };

/** What came of a shipment, in a sentence of an order's timeline. */
export function describeShipment(request: ShipRequest, answer: ShipAnswer): string {
  const tracking = request.kind === 'ship' ? request.self_shipment?.tracking_number : request.tracking_number;
  const of = [tracking && `tracking number ${tracking}`, answer.ok && answer.package_id && `package ${answer.package_id}`].filter(Boolean).join(', ');
  const what = of === '' ? '' : ` (${of})`;
  if (answer.ok) return `${ASKED[request.kind]}${what}.${answer.warning ? ` ${answer.warning}` : ''}`;
  const isOpen = answer.code === 'shop_shipment_unconfirmed';
  return `${WANTED[request.kind]}${what} ${isOpen ? 'is not confirmed' : 'failed'}: ${isOpen ? ERRORS[answer.code].message : answer.reason}`;
}
