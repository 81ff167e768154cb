import type { ShopSettings } from '../state/settings.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import { complete, deliver, pay, release, scan, shipByItself } from './steps.ts';
import type { Order, OrderStatus } from './types.ts';

type Step = (world: World, shop: Shop, order: Order) => void;
type Wait = keyof Omit<ShopSettings['life'], 'cancel_answer_ms' | 'ship_within_ms'>;

/** What happens to an order in a state if nobody does anything, and after how long. */
const NEXT: Readonly<Partial<Record<OrderStatus, readonly [Wait, Step]>>> = {
  UNPAID: ['unpaid_ms', pay],
  ON_HOLD: ['hold_ms', release],
  AWAITING_SHIPMENT: ['awaiting_shipment_ms', shipByItself],
  PARTIALLY_SHIPPING: ['collection_ms', scan],
  AWAITING_COLLECTION: ['collection_ms', scan],
  IN_TRANSIT: ['transit_ms', deliver],
  DELIVERED: ['delivered_ms', complete],
};

export function scheduleNextStep(world: World, shop: Shop, order: Order): void {
  order.unschedule();
  order.unschedule = () => undefined;
  const next = NEXT[order.status];
  if (!order.moves || !next) return;
  const wait = world.settings.current.life[next[0]];
  if (wait === null) return;
  order.unschedule = world.clock.at(world.clock.now() + wait, () => next[1](world, shop, order));
}
