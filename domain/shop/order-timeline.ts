import type { OrderSource, OrderTimelineKind } from '../contracts/shop-order.ts';
import type { OrderDecision } from './order-decision.ts';
import type { Reservation, ReservationMove } from './reservation-plan.ts';

export interface TimelineStep {
  order_id: string;
  kind: OrderTimelineKind;
  source: OrderSource | null;
  detail: string | null;
  dedupe_key: string;
}

export interface Shortfall {
  sku_id: string;
  units: number;
}

/** Units of an order that are sold and not there, by SKU, after these moves. */
export function shortfallOf(existing: readonly (Reservation & { is_short: boolean })[], moves: readonly ReservationMove[], short: ReadonlySet<string>): Shortfall[] {
  const moved = new Set(moves.map(({ line_item_id }) => line_item_id));
  const missing = [
    ...existing.filter(({ line_item_id, state, is_short }) => is_short && state === 'held' && !moved.has(line_item_id)),
    ...moves.filter(({ line_item_id, to }) => to === 'held' && short.has(line_item_id)),
  ];
  const units = new Map<string, number>();
  for (const { sku_id } of missing) units.set(sku_id, (units.get(sku_id) ?? 0) + 1);
  return [...units].sort(([a], [b]) => (a < b ? -1 : 1)).map(([sku_id, count]) => ({ sku_id, units: count }));
}

/** “SKU 1: 2 units, SKU 2: 1 unit” */
export const describeUnits = (units: readonly Shortfall[]): string => units.map(({ sku_id, units: count }) => `SKU ${sku_id}: ${count} ${count === 1 ? 'unit' : 'units'}`).join(', ');

export interface StoredChange {
  decision: Extract<OrderDecision, { kind: 'store' }>;
  moves: readonly ReservationMove[];
  isNew: boolean;
  wasShort: boolean;
  shortfall: readonly Shortfall[];
  source: OrderSource;
}

/** What people read of a change; each step has the key that it has on every repeat. */
export function timelineOf({ decision, moves, isNew, wasShort, shortfall, source }: StoredChange): TimelineStep[] {
  const { order, previous_status, refused_status } = decision;
  const steps: TimelineStep[] = [];
  const step = (kind: OrderTimelineKind, detail: string | null, key: string): void => void steps.push({ order_id: order.id, kind, source, detail, dedupe_key: `${kind}:${key}` });
  const at = order.update_time_ms;
  if (isNew) step('seen', null, '');
  if (order.status !== previous_status) step('status', previous_status === null ? order.status : `${previous_status} → ${order.status}`, order.status);
  if (refused_status !== null) step('late', `TikTok says ${refused_status}; the order stays ${order.status}, as an order never goes back.`, `${at}:${refused_status}`);
  const held = moves.filter(({ to }) => to === 'held');
  if (held.length > 0) step('reserved', describeUnits(bySku(held)), String(at));
  // What was never held frees nothing.
  const released = moves.filter(({ from, to }) => to === 'released' && from !== null);
  if (released.length > 0) step('released', describeReleased(released), String(at));
  if (shortfall.length > 0 && (!wasShort || held.length > 0)) step('short', `There are too few: ${describeUnits(shortfall)}.`, String(at));
  return steps;
}

/** Units have come for what an order held without them; each is found once. */
export function foundStep(order_id: string, found: readonly Pick<Reservation, 'line_item_id' | 'sku_id'>[]): TimelineStep {
  const [first] = found.map(({ line_item_id }) => line_item_id).sort();
  return { order_id, kind: 'reserved', source: null, detail: `There are units now for what was short: ${describeUnits(bySku(found))}.`, dedupe_key: `found:${first}` };
}

function describeReleased(released: readonly ReservationMove[]): string {
  const away = released.filter(({ from, on_hand }) => from === 'shipped' && on_hand === 0);
  const units = describeUnits(bySku(released));
  return away.length === 0 ? units : `${units}. Of these the carrier has ${describeUnits(bySku(away))}: they are not back in the stock until somebody counts them in.`;
}

function bySku(moves: readonly Pick<Reservation, 'sku_id'>[]): Shortfall[] {
  const units = new Map<string, number>();
  for (const { sku_id } of moves) units.set(sku_id, (units.get(sku_id) ?? 0) + 1);
  return [...units].map(([sku_id, count]) => ({ sku_id, units: count }));
}
