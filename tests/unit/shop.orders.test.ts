import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OrderLineItem, ShopOrder } from '../../domain/contracts/shop-api.ts';
import { DEFAULT_FULFIL_TIMINGS, ORDER_STATUSES } from '../../domain/contracts/shop-order.ts';
import { learnDeadline, nextDeadline } from '../../domain/shop/order-deadline.ts';
import { decideOrder } from '../../domain/shop/order-decision.ts';
import { movesForward, statusRank } from '../../domain/shop/order-status.ts';
import { shortfallOf, timelineOf } from '../../domain/shop/order-timeline.ts';
import { addNews, isAnswered } from '../../domain/shop/order-waiting.ts';
import { planReservations, type Reservation } from '../../domain/shop/reservation-plan.ts';
import { applyMoves, type HouseStock } from '../../domain/shop/reservation-stock.ts';
import { shopItem, shopOrder } from '../helpers/shop-orders.ts';

const LIVE = { is_history: false };

/** Ways that an order goes at TikTok (reference 4.3); each step a second or more after the one before. */
const ways = fc
  .constantFrom(
    ['UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING', 'AWAITING_COLLECTION', 'IN_TRANSIT', 'DELIVERED', 'COMPLETED'],
    ['UNPAID', 'AWAITING_SHIPMENT', 'IN_TRANSIT', 'DELIVERED', 'COMPLETED'],
    ['UNPAID', 'CANCELLED'],
    ['UNPAID', 'ON_HOLD', 'CANCELLED'],
    ['UNPAID', 'AWAITING_SHIPMENT', 'CANCELLED'],
    ['AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING', 'CANCELLED'],
    ['AWAITING_SHIPMENT', 'AWAITING_COLLECTION', 'CANCELLED'],
    ['AWAITING_SHIPMENT', 'AWAITING_COLLECTION', 'COMPLETED'],
    ['AWAITING_SHIPMENT', 'IN_TRANSIT', 'CANCELLED'],
  )
  .map((statuses) => statuses.map((status, index) => shopOrder({ status, update_time_ms: 1_000_000 + index * 1_000, line_items: itemsOf(status) })));

/** Two units; of an order that is shipped in part the first has left. */
const itemsOf = (status: string): OrderLineItem[] => {
  const each = status === 'PARTIALLY_SHIPPING' ? ['AWAITING_COLLECTION', 'AWAITING_SHIPMENT'] : [status, status];
  return each.map((own, index) => shopItem({ id: `item-${index}`, sku_id: `sku-${index}`, status: own }));
};

/** In any order and repetition, but each at least once. */
const arrivals = ways.chain((way) =>
  fc.tuple(fc.constant(way), fc.array(fc.nat(way.length - 1), { maxLength: 12 })).chain(([snapshots, more]) =>
    fc.tuple(fc.constant(snapshots), fc.shuffledSubarray([...snapshots.keys(), ...more], { minLength: snapshots.length + more.length })),
  ),
);

interface World {
  order: ShopOrder | null;
  statuses: string[];
  reservations: Map<string, Reservation>;
  stock: Map<string, HouseStock>;
  changes: string[];
}

function live(snapshots: readonly ShopOrder[]): World {
  const world: World = { order: null, statuses: [], reservations: new Map(), stock: new Map(), changes: [] };
  for (const snapshot of snapshots) {
    const decision = decideOrder(world.order, snapshot, LIVE);
    if (decision.kind !== 'store') continue;
    const moves = planReservations(world.order, decision.order, [...world.reservations.values()]);
    for (const move of moves) {
      const before = world.stock.get(move.sku_id) ?? { on_hand: 10, on_hand_as_of_ms: 0, reserved: 0 };
      world.stock.set(move.sku_id, { ...before, ...applyMoves(before, [move]) });
      world.reservations.set(move.line_item_id, { line_item_id: move.line_item_id, sku_id: move.sku_id, state: move.to });
    }
    world.order = decision.order;
    world.statuses.push(decision.order.status);
    world.changes.push(...decision.changes);
  }
  return world;
}

describe('Snapshots of an order in any order and repetition', () => {
  test('end as the newest of them', () => {
    fc.assert(fc.property(arrivals, ([way, order]) => expect(live(order.map((index) => way[index]!)).order).toEqual(way.at(-1))));
  });

  test('never move the status backwards, whatever TikTok says', () => {
    const any = fc.array(fc.record({ status: fc.constantFrom(...ORDER_STATUSES, 'SOMETHING_NEW'), update_time_ms: fc.integer({ min: 1, max: 5 }).map((seconds) => seconds * 1_000) }), { maxLength: 20 });
    fc.assert(
      fc.property(any, (heads) => {
        const { statuses } = live(heads.map((head) => shopOrder({ ...head, line_items: itemsOf(head.status) })));
        for (let index = 1; index < statuses.length; index += 1) {
          expect(statuses[index] === statuses[index - 1] || movesForward(statuses[index - 1]!, statuses[index]!)).toBe(true);
          if (statuses[index - 1] === 'COMPLETED' || statuses[index - 1] === 'CANCELLED') expect(statuses[index]).toBe(statuses[index - 1]);
        }
      }),
    );
  });

  test('leave the same units held, shipped and released', () => {
    fc.assert(
      fc.property(arrivals, ([way, order]) => {
        const [mixed, straight] = [live(order.map((index) => way[index]!)), live(way)];
        expect([...mixed.reservations.values()].sort(byId)).toEqual([...straight.reservations.values()].sort(byId));
        for (const [sku, { reserved }] of straight.stock) expect(mixed.stock.get(sku)?.reserved).toBe(reserved);
      }),
    );
  });

  test('hold exactly the units that are sold and not shipped, and never fewer than none', () => {
    fc.assert(
      fc.property(arrivals, ([way, order]) => {
        const { reservations, stock } = live(order.map((index) => way[index]!));
        for (const [sku, { reserved }] of stock) expect(reserved).toBe([...reservations.values()].filter(({ sku_id, state }) => sku_id === sku && state === 'held').length);
      }),
    );
  });

  test('tell of each step once, and of no sale without its payment', () => {
    fc.assert(
      fc.property(arrivals, ([way, order]) => {
        const { changes } = live(order.map((index) => way[index]!));
        for (const change of ['placed', 'paid', 'shipped', 'delivered', 'completed', 'cancelled']) expect(changes.filter((one) => one === change).length).toBeLessThanOrEqual(1);
        if (changes.includes('shipped')) expect(changes.indexOf('paid')).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

const byId = (a: Reservation, b: Reservation): number => (a.line_item_id < b.line_item_id ? -1 : 1);

describe('A decision', () => {
  test('takes the fields of a newer snapshot whose status would lead backwards, and says so', () => {
    const stored = shopOrder({ status: 'IN_TRANSIT', update_time_ms: 5_000 });
    const decision = decideOrder(stored, shopOrder({ status: 'AWAITING_SHIPMENT', update_time_ms: 6_000, buyer_message: 'new' }), LIVE);
    expect(decision).toMatchObject({ kind: 'store', refused_status: 'AWAITING_SHIPMENT', order: { status: 'IN_TRANSIT', buyer_message: 'new' }, changes: ['updated'] });
    if (decision.kind === 'store') expect(timelineOf({ decision, moves: [], isNew: false, wasShort: false, shortfall: [], source: 'poll' })).toMatchObject([{ kind: 'late' }]);
  });

  test('of the same second is for the snapshot that is further', () => {
    const stored = shopOrder({ status: 'UNPAID', update_time_ms: 5_000 });
    const paid = shopOrder({ status: 'AWAITING_SHIPMENT', update_time_ms: 5_000 });
    expect(decideOrder(stored, paid, LIVE)).toMatchObject({ kind: 'store', changes: ['paid'] });
    expect(decideOrder(paid, stored, LIVE)).toEqual({ kind: 'unchanged' });
    expect(decideOrder(paid, { ...paid, line_items: [shopItem({ status: 'CANCELLED' })] }, LIVE).kind).toBe('store');
  });

  test('of the same second is for the packages that are newer', () => {
    const packed = shopOrder({ package_ids: ['1152900000000000009'], update_time_ms: 5_000 });
    const combined = { ...packed, package_ids: ['1152900000000000010'] };
    expect(decideOrder(packed, combined, LIVE)).toMatchObject({ kind: 'store', changes: ['updated'] });
    expect(decideOrder(combined, packed, LIVE)).toEqual({ kind: 'unchanged' });
    expect(decideOrder(packed, { ...packed, package_ids: ['unknown'] }, LIVE)).toEqual({ kind: 'unchanged' });
  });

  test('tells nobody where only the time is newer, even when the fields come in another order', () => {
    const stored = shopOrder({ update_time_ms: 5_000 });
    const turned = Object.fromEntries(Object.entries({ ...stored, update_time_ms: 6_000 }).reverse()) as unknown as ShopOrder;
    expect(decideOrder(stored, turned, LIVE)).toMatchObject({ kind: 'store', changes: [] });
  });

  test('tells of history once', () => {
    expect(decideOrder(null, shopOrder({ status: 'DELIVERED' }), { is_history: true })).toMatchObject({ changes: ['placed'] });
    expect(decideOrder(null, shopOrder({ status: 'DELIVERED' }), LIVE)).toMatchObject({ changes: ['placed', 'paid', 'shipped', 'delivered'] });
    expect(decideOrder(null, shopOrder({ status: 'CANCELLED' }), LIVE)).toMatchObject({ changes: ['placed', 'cancelled'] });
  });

  test('does not let a status that is not known replace one that is', () => {
    expect(movesForward('UNPAID', 'SOMETHING_NEW')).toBe(false);
    expect(movesForward('SOMETHING_NEW', 'UNPAID')).toBe(true);
    expect(statusRank('SOMETHING_NEW')).toBeNull();
  });
});

describe('Units of an order', () => {
  const held = (id: string): Reservation => ({ line_item_id: id, sku_id: 'sku', state: 'held' });
  const item = (id: string, over: Partial<OrderLineItem> = {}) => shopItem({ id, sku_id: 'sku', ...over });

  test('are held once it is on hold or to be shipped, not while it is unpaid', () => {
    for (const [status, states] of [['UNPAID', []], ['ON_HOLD', ['held']], ['AWAITING_SHIPMENT', ['held']], ['AWAITING_COLLECTION', ['shipped']], ['CANCELLED', ['released']]] as const)
      expect(planReservations(null, shopOrder({ status, line_items: [item('1', { status })] }), []).map(({ to }) => to)).toEqual(states);
  });

  test('of a partial cancellation are released alone', () => {
    const order = shopOrder({ status: 'AWAITING_SHIPMENT', line_items: [item('1', { status: 'CANCELLED' }), item('2')] });
    expect(planReservations(order, order, [held('1'), held('2')])).toMatchObject([{ line_item_id: '1', from: 'held', to: 'released', reason: 'cancelled' }]);
  });

  test('of an order that is shipped in part leave with their package', () => {
    const order = shopOrder({ status: 'PARTIALLY_SHIPPING', line_items: [item('1', { status: null, package_status: 'FULFILLING' }), item('2', { status: null, package_status: 'TO_FULFILL' }), item('3', { status: null })] });
    expect(planReservations(order, order, [held('1'), held('2'), held('3')])).toMatchObject([{ line_item_id: '1', to: 'shipped', on_hand: -1 }]);
  });

  test('that the carrier did not have yet are in the house again when they are cancelled, others are not', () => {
    const shipped = [{ ...held('1'), state: 'shipped' as const }];
    const cancelled = shopOrder({ status: 'CANCELLED', line_items: [item('1', { status: 'CANCELLED' })] });
    for (const [status, on_hand] of [['AWAITING_COLLECTION', 1], ['IN_TRANSIT', 0]] as const)
      expect(planReservations(shopOrder({ status, line_items: [item('1', { status })] }), cancelled, shipped)).toMatchObject([{ to: 'released', on_hand }]);
  });

  test('in TikTok’s own warehouses are none of ours', () => {
    expect(planReservations(null, shopOrder({ fulfillment_type: 'FULFILLMENT_BY_TIKTOK' }), [])).toEqual([]);
  });

  test('that nobody sells any more are free', () => {
    expect(planReservations(null, shopOrder({ line_items: [item('2')] }), [held('1'), held('2')])).toMatchObject([{ line_item_id: '1', to: 'released', reason: 'taken off the order' }]);
  });

  test('beyond what is in the house are short, the latest of them', () => {
    const moves = planReservations(null, shopOrder({ line_items: ['1', '2', '3'].map((id) => item(id)) }), []);
    const { short } = applyMoves({ on_hand: 4, on_hand_as_of_ms: 0, reserved: 2 }, moves);
    expect(short).toEqual(['3']);
    expect(shortfallOf([{ ...held('9'), is_short: true }], moves, new Set(short))).toEqual([{ sku_id: 'sku', units: 2 }]);
    expect(applyMoves({ on_hand: null, on_hand_as_of_ms: null, reserved: 2 }, moves).short).toEqual([]);
  });

  test('that a later count of the house has left out already are not taken off again', () => {
    const order = shopOrder({ status: 'IN_TRANSIT', update_time_ms: 5_000, line_items: [item('1', { status: 'IN_TRANSIT' })] });
    const moves = planReservations(order, order, [held('1')]);
    expect(applyMoves({ on_hand: 4, on_hand_as_of_ms: 4_000, reserved: 1 }, moves)).toMatchObject({ on_hand: 3, reserved: 0 });
    expect(applyMoves({ on_hand: 4, on_hand_as_of_ms: 6_000, reserved: 1 }, moves)).toMatchObject({ on_hand: 4, reserved: 0 });
  });
});

describe('Deadlines', () => {
  const HOUR = 3_600_000;
  const at = (hours: number, deadline = learnDeadline({ ship_by_ms: null, warned: false, escalated: false }, 100 * HOUR)) => nextDeadline(deadline, DEFAULT_FULFIL_TIMINGS, hours * HOUR);

  test('warn, then escalate, then are silent', () => {
    expect(at(0)).toEqual({ kind: 'warned', at_ms: 88 * HOUR });
    expect(at(89, { ship_by_ms: 100 * HOUR, warned: true, escalated: false })).toEqual({ kind: 'escalated', at_ms: 97 * HOUR });
    expect(at(98, { ship_by_ms: 100 * HOUR, warned: true, escalated: true })).toBeNull();
  });
  test('that are nearly over are said once, loudly', () => expect(at(98)).toEqual({ kind: 'escalated', at_ms: 97 * HOUR }));
  test('that are moved are told of anew, and only then', () => {
    const told = { ship_by_ms: 1, warned: true, escalated: true };
    expect(learnDeadline(told, 1)).toBe(told);
    expect(learnDeadline(told, null)).toEqual({ ...told, ship_by_ms: null });
    expect(learnDeadline(told, 2)).toEqual({ ship_by_ms: 2, warned: false, escalated: false });
  });
});

describe('News that wait', () => {
  const news = (update_time_ms: number | null, kind: 'order' | 'package' = 'order') => ({ source: 'webhook' as const, news: kind, update_time_ms });

  test('are one of each kind, the newest', () => {
    expect([news(1_000), news(3_000), news(2_000), news(null, 'package')].reduce(addNews, [] as ReturnType<typeof news>[])).toEqual([news(3_000), news(null, 'package')]);
    expect(addNews([news(1_000)], news(null))).toEqual([news(null)]);
  });
  test('are answered by a newer row, and by one of the same second only when that second is long over', () => {
    const row = (update_time_ms: number, written_ms: number) => ({ update_time_ms, written_ms });
    expect(isAnswered([news(5_000)], row(6_000, 6_001))).toBe(true);
    expect(isAnswered([news(5_000)], row(5_000, 5_400))).toBe(false);
    expect(isAnswered([news(5_000)], row(5_000, 9_000))).toBe(true);
    // It was read after the news came; an answer of TikTok's from before the change answers nothing.
    expect(isAnswered([{ ...news(5_000), is_read: true }], row(5_000, 5_400))).toBe(true);
    expect(isAnswered([{ ...news(5_000), is_read: true }], row(4_000, 5_400))).toBe(false);
    expect(isAnswered(addNews([{ ...news(5_000), is_read: true }], news(5_000)), row(5_000, 5_400))).toBe(false);
    expect(isAnswered([news(5_000)], row(4_000, 9_000))).toBe(false);
    expect(isAnswered([news(null)], row(6_000, 9_000))).toBe(false);
    expect(isAnswered([news(5_000, 'package')], row(6_000, 9_000))).toBe(false);
    expect(isAnswered([], row(6_000, 9_000))).toBe(true);
  });
});
