import { touchOrder } from '../orders/change.ts';
import { linesIn } from '../orders/status.ts';
import type { Line, Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import { ordersOf } from './arrange.ts';
import { createPackage } from './create-package.ts';
import { splitsByUnit } from './markets.ts';
import type { Package } from './types.ts';

/** null: it may be split; else why not. */
export function splitFault(shop: Shop, order: Order): string | null {
  if (order.status !== 'AWAITING_SHIPMENT') return `The order is ${order.status}.`;
  if (order.fulfillment_type !== 'FULFILLMENT_BY_SELLER') return 'The order is fulfilled by the platform.';
  const lines = linesIn(order, 'AWAITING_SHIPMENT');
  const parts = splitsByUnit(shop) ? lines.length : new Set(lines.map(({ sku_id }) => sku_id)).size;
  if (parts < 2) return 'The order has only one item to ship.';
  if (lines.some(({ package_id }) => (package_id === null ? undefined : shop.packages.get(package_id))?.tag === 'COMBINE')) return 'The order is combined with others.';
  return null;
}

/** Webhook 4. */
function tell(world: World, shop: Shop, sc_type: 'SPLIT' | 'COMBINE' | 'CANCEL_COMBINE', packages: readonly Package[]): void {
  if (world.muted > 0) return;
  const package_list = packages.map(({ id, order_ids }) => ({ package_id: id, order_id_list: order_ids }));
  world.webhooks.send(4, shop, { sc_type, role_type: 'ROLE_SELLER', package_list, update_time: Math.floor(world.clock.now() / 1_000) });
}

function dissolve(world: World, shop: Shop, lines: readonly Line[]): void {
  for (const packageId of new Set(lines.map(({ package_id }) => package_id))) {
    const pkg = packageId === null ? undefined : shop.packages.get(packageId);
    if (pkg) Object.assign(pkg, { status: 'CANCELLED', update_ms: world.clock.now() });
  }
}

/** @param groups of all lines that wait for shipment */
export function splitOrder(world: World, shop: Shop, order: Order, groups: readonly (readonly Line[])[]): Package[] {
  dissolve(world, shop, groups.flat());
  const packages = groups.map((lines) => createPackage(world, shop, [order], lines, 'SPLIT'));
  touchOrder(world, shop, order);
  tell(world, shop, 'SPLIT', packages);
  return packages;
}

/** Orders of one buyer, whole and not shipped, that could go as one. */
export function combinable(shop: Shop): { id: string; orders: Order[] }[] {
  const byBuyer = new Map<string, Order[]>();
  for (const order of shop.orders.values()) {
    const [pkg, ...others] = new Set(order.lines.flatMap(({ package_id }) => shop.packages.get(package_id ?? '') ?? []));
    if (order.status !== 'AWAITING_SHIPMENT' || order.cancel_requested_ms !== null || !pkg || others.length > 0 || pkg.tag !== 'DEFAULT') continue;
    const key = `${order.buyer.user_id}|${order.shipping_type}`;
    byBuyer.set(key, [...(byBuyer.get(key) ?? []), order]);
  }
  // The group's id is that of its oldest package: it stays while the group does.
  return [...byBuyer.values()].filter((orders) => orders.length > 1).map((orders) => ({ id: orders[0]?.lines[0]?.package_id ?? '', orders }));
}

export function combineOrders(world: World, shop: Shop, orders: readonly Order[]): Package {
  const lines = orders.flatMap((order) => linesIn(order, 'AWAITING_SHIPMENT'));
  dissolve(world, shop, lines);
  const pkg = createPackage(world, shop, orders, lines, 'COMBINE');
  for (const order of orders) touchOrder(world, shop, order);
  tell(world, shop, 'COMBINE', [pkg]);
  return pkg;
}

/** The orders leave the package for one of their own; what stays keeps it. */
export function uncombine(world: World, shop: Shop, pkg: Package, leaving: readonly Order[]): Package[] {
  const staying = ordersOf(shop, pkg).filter((order) => !leaving.includes(order));
  const parting = staying.length < 2 ? ordersOf(shop, pkg) : leaving;
  const packages = parting.map((order) => createPackage(world, shop, [order], order.lines.filter(({ package_id }) => package_id === pkg.id), 'DEFAULT'));
  const gone = new Set(packages.flatMap(({ line_ids }) => line_ids));
  pkg.line_ids = pkg.line_ids.filter((id) => !gone.has(id));
  pkg.order_ids = pkg.order_ids.filter((id) => !parting.some((order) => order.id === id));
  if (pkg.line_ids.length === 0) pkg.status = 'CANCELLED';
  pkg.update_ms = world.clock.now();
  for (const order of parting) touchOrder(world, shop, order);
  tell(world, shop, 'CANCEL_COMBINE', packages);
  return packages;
}
