import { cancelNow } from '../aftersales/cancellations.ts';
import { arrangeShipment } from '../fulfilment/arrange.ts';
import { createPackage } from '../fulfilment/create-package.ts';
import { providersOf } from '../state/warehouses.ts';
import type { Shop } from '../state/shops.ts';
import { quietly, type World } from '../world.ts';
import { scheduleNextStep } from './by-itself.ts';
import { tellStatus } from './change.ts';
import { linesIn } from './status.ts';
import { complete, deliver, hold, pay, release, scan, shipByItself } from './steps.ts';
import type { Order, OrderStatus } from './types.ts';

type Step = (world: World, shop: Shop, order: Order) => unknown;

const shipOne: Step = (world, shop, order) => {
  const [line] = linesIn(order, 'AWAITING_SHIPMENT');
  if (!line) return;
  const [provider = null] = providersOf(shop.region);
  const old = line.package_id === null ? undefined : shop.packages.get(line.package_id);
  if (old) old.line_ids = old.line_ids.filter((id) => id !== line.id);
  const pkg = createPackage(world, shop, [order], [line], 'SPLIT');
  arrangeShipment(world, shop, pkg, order.shipping_type === 'SELLER' ? { provider, tracking_number: `SB${pkg.id.slice(-10)}` } : null);
};
const cancel: Step = (world, shop, order) => cancelNow(world, shop, order, order.lines, 'BUYER', 'buyer_changed_mind');

const READY: readonly Step[] = [pay, release];
/** The way to each state. */
const WAYS: Readonly<Record<OrderStatus, readonly Step[]>> = {
  UNPAID: [],
  ON_HOLD: [hold],
  AWAITING_SHIPMENT: READY,
  PARTIALLY_SHIPPING: [...READY, shipOne],
  AWAITING_COLLECTION: [...READY, shipByItself],
  IN_TRANSIT: [...READY, shipByItself, scan],
  DELIVERED: [...READY, shipByItself, scan, deliver],
  COMPLETED: [...READY, shipByItself, scan, deliver, complete],
  CANCELLED: [cancel],
};

/** Takes a new order there without a word; then one webhook tells where it is. */
export function bringTo(world: World, shop: Shop, order: Order, status: OrderStatus): void {
  const { moves } = order;
  order.moves = false;
  quietly(world, () => WAYS[status].forEach((step) => step(world, shop, order)));
  order.moves = moves;
  tellStatus(world, shop, order);
  scheduleNextStep(world, shop, order);
}
