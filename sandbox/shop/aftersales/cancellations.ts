import { cancelLines, touchOrder } from '../orders/change.ts';
import type { Line, Order, Role } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import type { Cancellation, CancelStatus } from './types.ts';

/** Webhook 11, with its misspelt role; it says CANCELLED where the API says CANCEL. */
function tell(world: World, shop: Shop, cancellation: Cancellation): void {
  if (world.muted > 0) return;
  world.webhooks.send(11, shop, {
    order_id: cancellation.order_id,
    cancel_id: cancellation.id,
    cancellations_role: cancellation.role,
    cancel_status: cancellation.status === 'CANCELLATION_REQUEST_CANCEL' ? 'CANCELLATION_REQUEST_CANCELLED' : cancellation.status,
    create_time: Math.floor(cancellation.create_ms / 1_000),
  });
}

function create(world: World, shop: Shop, order: Order, lines: readonly Line[], role: Role, reason: string, status: CancelStatus): Cancellation {
  const now = world.clock.now();
  const cancellation: Cancellation = {
    id: String(world.ids.next()),
    order_id: order.id,
    line_ids: lines.map(({ id }) => id),
    role,
    reason,
    status,
    create_ms: now,
    update_ms: now,
    answer_due_ms: null,
    unschedule: () => undefined,
  };
  shop.cancellations.set(cancellation.id, cancellation);
  shop.version += 1;
  return cancellation;
}

/** At once: the seller, the system, or a buyer within the remorse period. */
export function cancelNow(world: World, shop: Shop, order: Order, lines: readonly Line[], role: Role, reason: string): Cancellation {
  const cancellation = create(world, shop, order, lines, role, reason, 'CANCELLATION_REQUEST_SUCCESS');
  cancelLines(world, shop, order, lines, role, reason);
  tell(world, shop, cancellation);
  return cancellation;
}

/** A buyer asks for it; the seller has to answer, and saying nothing is a yes. */
export function requestCancellation(world: World, shop: Shop, order: Order, lines: readonly Line[], reason: string): Cancellation {
  const cancellation = create(world, shop, order, lines, 'BUYER', reason, 'CANCELLATION_REQUEST_PENDING');
  order.cancel_requested_ms = world.clock.now();
  touchOrder(world, shop, order);
  tell(world, shop, cancellation);
  const { cancel_answer_ms } = world.settings.current.life;
  if (cancel_answer_ms !== null) {
    cancellation.answer_due_ms = world.clock.now() + cancel_answer_ms;
    cancellation.unschedule = world.clock.at(cancellation.answer_due_ms, () => void answerCancellation(world, shop, cancellation, true));
  }
  return cancellation;
}

/** @returns whether it was waiting for an answer */
export function answerCancellation(world: World, shop: Shop, cancellation: Cancellation, approved: boolean): boolean {
  const order = shop.orders.get(cancellation.order_id);
  if (cancellation.status !== 'CANCELLATION_REQUEST_PENDING' || !order) return false;
  cancellation.unschedule();
  cancellation.answer_due_ms = null;
  cancellation.status = approved ? 'CANCELLATION_REQUEST_SUCCESS' : 'CANCELLATION_REQUEST_CANCEL';
  cancellation.update_ms = world.clock.now();
  if (approved) cancelLines(world, shop, order, order.lines.filter(({ id }) => cancellation.line_ids.includes(id)), 'BUYER', cancellation.reason);
  else {
    order.cancel_requested_ms = null;
    touchOrder(world, shop, order);
  }
  tell(world, shop, cancellation);
  return true;
}

export const pendingOf = (shop: Shop, order: Order): Cancellation | undefined =>
  [...shop.cancellations.values()].find(({ order_id, status }) => order_id === order.id && status === 'CANCELLATION_REQUEST_PENDING');
