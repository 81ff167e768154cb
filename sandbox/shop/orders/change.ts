import { giveBackUnit, shipUnit } from '../catalogue/stock.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import { scheduleNextStep } from './by-itself.ts';
import { isOpen, statusOf } from './status.ts';
import type { Line, Order, Role } from './types.ts';

export const secondsOf = (ms: number): number => Math.floor(ms / 1_000);

/** After any change of its lines: the order's own status, its time, webhook 1 where the status is another, and its next step by itself. */
export function settle(world: World, shop: Shop, order: Order): void {
  const before = order.status;
  order.status = statusOf(order.lines);
  touchOrder(world, shop, order);
  if (order.status !== before) tellStatus(world, shop, order);
  scheduleNextStep(world, shop, order);
}

export function touchOrder(world: World, shop: Shop, order: Order): void {
  order.update_ms = Math.max(world.clock.now(), order.update_ms);
  shop.version += 1;
}

/** Webhook 1. Its documentation says CANCEL where the API says CANCELLED. */
export function tellStatus(world: World, shop: Shop, order: Order): void {
  const { cancel_spelling, partial } = world.settings.current.webhooks;
  if (world.muted > 0 || (order.status === 'PARTIALLY_SHIPPING' && !partial)) return;
  world.webhooks.send(1, shop, {
    order_id: order.id,
    order_status: order.status === 'CANCELLED' ? cancel_spelling : order.status,
    is_on_hold_order: order.status === 'ON_HOLD',
    update_time: secondsOf(order.update_ms),
  });
}

/** Items that are not shipped give their units back. */
export function cancelLines(world: World, shop: Shop, order: Order, lines: readonly Line[], role: Role, reason: string): void {
  for (const line of lines) {
    if (line.status === 'CANCELLED') continue;
    const sku = shop.skus.get(line.sku_id);
    if (isOpen(line) && sku) giveBackUnit(sku, line.warehouse_id);
    line.status = 'CANCELLED';
    line.cancel_user = role;
    line.cancel_reason = reason;
  }
  order.cancel = { role, reason, at_ms: world.clock.now() };
  order.cancel_requested_ms = null;
  emptyPackages(world, shop, order);
  settle(world, shop, order);
}

function emptyPackages(world: World, shop: Shop, order: Order): void {
  const cancelled = new Set(order.lines.filter(({ status }) => status === 'CANCELLED').map(({ id }) => id));
  for (const pkg of packagesOf(shop, order)) {
    const left = pkg.line_ids.filter((id) => !cancelled.has(id));
    if (left.length === pkg.line_ids.length) continue;
    if (left.length === 0) pkg.status = 'CANCELLED';
    else pkg.line_ids = left;
    pkg.update_ms = world.clock.now();
  }
}

export const packagesOf = (shop: Shop, order: Order) => {
  const ids = new Set(order.lines.flatMap(({ package_id }) => (package_id === null ? [] : [package_id])));
  return [...ids].flatMap((id) => shop.packages.get(id) ?? []);
};

/** The units leave the stock. */
export function markLinesShipped(world: World, shop: Shop, lines: readonly Line[], status: 'AWAITING_COLLECTION' | 'IN_TRANSIT'): void {
  for (const line of lines) {
    const sku = shop.skus.get(line.sku_id);
    if (sku) shipUnit(sku, line.warehouse_id);
    line.status = status;
    line.shipped_ms = world.clock.now();
  }
}
