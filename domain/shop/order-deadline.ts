import type { FulfilTimings } from '../contracts/shop-order.ts';

/** What people have been told of the deadline that stands. */
export interface Deadline {
  /** Epoch milliseconds; null: there is nothing to ship, or not by the seller. */
  ship_by_ms: number | null;
  warned: boolean;
  escalated: boolean;
}

export interface DeadlineStep {
  kind: 'warned' | 'escalated';
  at_ms: number;
}

/** Another deadline is told of anew; one that is suspended, as while an order is held back, is not. */
export function learnDeadline(deadline: Deadline, shipByMs: number | null): Deadline {
  if (shipByMs === deadline.ship_by_ms) return deadline;
  if (shipByMs === null) return { ...deadline, ship_by_ms: null };
  return { ship_by_ms: shipByMs, warned: false, escalated: false };
}

/** What people have to be told next, and when; what is late is said once, as the louder of the two. */
export function nextDeadline({ ship_by_ms, warned, escalated }: Deadline, { warn_before_ms, escalate_before_ms }: FulfilTimings, now: number): DeadlineStep | null {
  if (ship_by_ms === null || escalated) return null;
  const escalate = ship_by_ms - escalate_before_ms;
  if (warned || now >= escalate) return { kind: 'escalated', at_ms: escalate };
  return { kind: 'warned', at_ms: ship_by_ms - warn_before_ms };
}
