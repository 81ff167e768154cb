import { settle, touchOrder } from '../orders/change.ts';
import type { Line, Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import type { OrderReturn } from './types.ts';

/** Webhook 12. */
function tell(world: World, shop: Shop, { id, order_id, type, status, create_ms, update_ms }: OrderReturn): void {
  if (world.muted > 0) return;
  const [create_time, update_time] = [Math.floor(create_ms / 1_000), Math.floor(update_ms / 1_000)];
  world.webhooks.send(12, shop, { order_id, return_id: id, return_role: 'BUYER', return_type: type, return_status: status, create_time, update_time });
}

export function requestReturn(world: World, shop: Shop, order: Order, lines: readonly Line[], type: OrderReturn['type'], reason: string): OrderReturn {
  const now = world.clock.now();
  const created: OrderReturn = {
    id: String(world.ids.next()),
    order_id: order.id,
    line_ids: lines.map(({ id }) => id),
    type,
    reason,
    status: 'RETURN_OR_REFUND_REQUEST_PENDING',
    create_ms: now,
    update_ms: now,
  };
  shop.returns.set(created.id, created);
  touchOrder(world, shop, order);
  tell(world, shop, created);
  return created;
}

/** A full refund of what is under way completes the order. @returns whether it was open */
export function settleReturn(world: World, shop: Shop, found: OrderReturn, approved: boolean): boolean {
  const order = shop.orders.get(found.order_id);
  if (found.status !== 'RETURN_OR_REFUND_REQUEST_PENDING' || !order) return false;
  found.status = approved ? 'RETURN_OR_REFUND_REQUEST_COMPLETE' : 'RETURN_OR_REFUND_REQUEST_REJECT';
  found.update_ms = world.clock.now();
  if (approved && found.type !== 'REPLACEMENT') {
    for (const line of order.lines) if (found.line_ids.includes(line.id) && line.status !== 'CANCELLED') line.status = 'COMPLETED';
  }
  settle(world, shop, order);
  tell(world, shop, found);
  return true;
}
