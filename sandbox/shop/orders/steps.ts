import { createPackage } from '../fulfilment/create-package.ts';
import { arrangeShipment } from '../fulfilment/arrange.ts';
import { hasRemorsePeriod, packageFromPayment } from '../fulfilment/markets.ts';
import { providersOf } from '../state/warehouses.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import { packagesOf, settle } from './change.ts';
import { linesIn } from './status.ts';
import type { LineStatus, Order } from './types.ts';

/** Each step takes an order's items on where they stand before it, and does nothing to others. Says whether there were any. */
function move(world: World, shop: Shop, order: Order, from: LineStatus, to: LineStatus): boolean {
  const lines = linesIn(order, from);
  for (const line of lines) line.status = to;
  if (lines.length === 0) return false;
  if (to === 'AWAITING_SHIPMENT' && packageFromPayment(shop, order)) createPackage(world, shop, [order], lines, 'DEFAULT');
  settle(world, shop, order);
  return true;
}

export function pay(world: World, shop: Shop, order: Order): boolean {
  if (linesIn(order, 'UNPAID').length === 0) return false;
  order.paid_ms = world.clock.now();
  order.ship_due_ms = world.clock.now() + world.settings.current.life.ship_within_ms;
  return move(world, shop, order, 'UNPAID', hasRemorsePeriod(shop) ? 'ON_HOLD' : 'AWAITING_SHIPMENT');
}

export function release(world: World, shop: Shop, order: Order): boolean {
  return move(world, shop, order, 'ON_HOLD', 'AWAITING_SHIPMENT');
}

/** Back into the remorse period, or a pre-order. */
export function hold(world: World, shop: Shop, order: Order): boolean {
  if (order.status === 'UNPAID') order.paid_ms = world.clock.now();
  for (const pkg of packagesOf(shop, order)) if (pkg.status === 'TO_FULFILL') pkg.status = 'CANCELLED';
  for (const line of linesIn(order, 'AWAITING_SHIPMENT')) line.package_id = null;
  const before = [...linesIn(order, 'UNPAID'), ...linesIn(order, 'AWAITING_SHIPMENT')];
  for (const line of before) line.status = 'ON_HOLD';
  if (before.length > 0) settle(world, shop, order);
  return before.length > 0;
}

/** As the seller would have shipped all that is left of it. */
export function shipByItself(world: World, shop: Shop, order: Order): boolean {
  const lines = linesIn(order, 'AWAITING_SHIPMENT');
  if (lines.length === 0) return false;
  const [provider = null] = providersOf(shop.region);
  const unpacked = lines.filter(({ package_id }) => package_id === null);
  if (unpacked.length > 0) createPackage(world, shop, [order], unpacked, 'DEFAULT');
  for (const pkg of packagesOf(shop, order)) {
    if (pkg.status === 'TO_FULFILL') arrangeShipment(world, shop, pkg, order.shipping_type === 'SELLER' ? { provider, tracking_number: `SB${pkg.id.slice(-10)}` } : null);
  }
  return true;
}

/** The carrier has it. */
export function scan(world: World, shop: Shop, order: Order): boolean {
  const moved = linesIn(order, 'AWAITING_COLLECTION').length > 0;
  order.collected_ms ??= moved ? world.clock.now() : null;
  if (moved) track(world, order, 'Your package has been collected by the carrier.');
  return carry(world, shop, order, 'AWAITING_COLLECTION', 'IN_TRANSIT', 'FULFILLING');
}

export function deliver(world: World, shop: Shop, order: Order): boolean {
  const moved = linesIn(order, 'IN_TRANSIT').length > 0;
  if (moved) order.delivered_ms = world.clock.now();
  if (moved) track(world, order, 'Your package has been delivered.');
  return carry(world, shop, order, 'IN_TRANSIT', 'DELIVERED', 'COMPLETED');
}

export function complete(world: World, shop: Shop, order: Order): boolean {
  return move(world, shop, order, 'DELIVERED', 'COMPLETED');
}

function carry(world: World, shop: Shop, order: Order, from: LineStatus, to: LineStatus, pkgStatus: 'FULFILLING' | 'COMPLETED'): boolean {
  const moving = new Set(linesIn(order, from).map(({ id }) => id));
  for (const pkg of packagesOf(shop, order)) {
    if (!pkg.line_ids.some((id) => moving.has(id))) continue;
    pkg.status = pkgStatus;
    pkg.update_ms = world.clock.now();
  }
  return move(world, shop, order, from, to);
}

export function track(world: World, order: Order, description: string): void {
  order.tracking.push({ description, at_ms: world.clock.now() });
}
