import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { driftOf, stockChangeOf } from '../../domain/shop/stock-change.ts';
import { NEW_STOCK_MEMORY, planStock, remember, SCARCE_STOCK, sellableOf, type OurStock, type StockMemory, type StockWish } from '../../domain/shop/stock-plan.ts';

const NOTHING: OurStock = { held: 0, placed_since: 0, shipped_since: 0 };
const onHand = (quantity: number, warehouse_id: string | null = null): StockWish => ({ quantity, basis: 'on_hand', warehouse_id });
const seen = (available: number, committed: number) => ({ available, committed, warehouses: [{ warehouse_id: 'w1', available, committed }] });

describe('What may be sold', () => {
  test('of a count in the house is what is neither sold nor shipped since', () => {
    expect(sellableOf(onHand(50), 12, { ...NOTHING, shipped_since: 3 })).toBe(35);
  });
  test('counts a reservation of ours that TikTok no longer counts, and none twice', () => {
    expect(sellableOf(onHand(50), 4, { ...NOTHING, held: 7 })).toBe(43);
    expect(sellableOf(onHand(50), 7, { ...NOTHING, held: 4 })).toBe(43);
  });
  test('of what is free is less by orders since it was counted, and by those that only TikTok knows', () => {
    expect(sellableOf({ quantity: 10, basis: 'available' }, 6, { held: 4, placed_since: 3, shipped_since: 0 })).toBe(5);
  });
  test('is never below zero', () => {
    expect(sellableOf(onHand(3), 9, NOTHING)).toBe(0);
  });
});

describe('The plan', () => {
  test('sends nothing where TikTok shows it already', () => {
    expect(planStock(onHand(50), seen(38, 12), NOTHING, NEW_STOCK_MEMORY)).toEqual({ kind: 'settled', quantity: 38 });
  });
  test('sets what is plenty, and zero, at once', () => {
    expect(planStock(onHand(50), seen(10, 0), NOTHING, NEW_STOCK_MEMORY)).toMatchObject({ kind: 'write', door: 'set', quantity: 50 });
    expect(planStock(onHand(0), seen(10, 0), NOTHING, NEW_STOCK_MEMORY)).toMatchObject({ door: 'set', inventory: [{ warehouse_id: 'w1', quantity: 0 }] });
  });
  test('closes the door before it sets what is scarce, and only where it is open', () => {
    expect(planStock(onHand(SCARCE_STOCK), seen(1, 0), NOTHING, NEW_STOCK_MEMORY)).toMatchObject({ door: 'close', inventory: [{ quantity: 0 }] });
    expect(planStock(onHand(SCARCE_STOCK), seen(0, 0), NOTHING, NEW_STOCK_MEMORY)).toMatchObject({ door: 'set', inventory: [{ quantity: SCARCE_STOCK }] });
    expect(planStock(onHand(5), seen(1, 0), NOTHING, { ...NEW_STOCK_MEMORY, takes_zero: false })).toMatchObject({ door: 'set', inventory: [{ quantity: 5 }] });
  });
  test('lists every warehouse, and gives the others no more than they have left', () => {
    const two = (a: number, b: number, sold: number) => ({ available: a + b, committed: sold, warehouses: [{ warehouse_id: 'w1', available: a, committed: 0 }, { warehouse_id: 'w2', available: b, committed: sold }] });
    const wish = onHand(50, 'w1');
    const memory = remember(NEW_STOCK_MEMORY, wish, two(10, 7, 0));
    expect(planStock(wish, two(10, 7, 0), NOTHING, memory)).toMatchObject({ inventory: [{ warehouse_id: 'w1', quantity: 50 }, { warehouse_id: 'w2', quantity: 7 }] });
    expect(planStock(wish, two(50, 7, 2), NOTHING, memory)).toMatchObject({ kind: 'write', inventory: [{ quantity: 50 }, { warehouse_id: 'w2', quantity: 5 }] });
    expect(planStock(wish, two(50, 5, 2), NOTHING, memory)).toEqual({ kind: 'settled', quantity: 50 });
    expect(planStock(onHand(50), two(1, 1, 0), NOTHING, NEW_STOCK_MEMORY)).toMatchObject({ kind: 'refused', code: 'shop_warehouse_refused' });
    expect(planStock(onHand(50, 'w3'), two(1, 1, 0), NOTHING, NEW_STOCK_MEMORY)).toMatchObject({ kind: 'refused', code: 'shop_warehouse_refused' });
  });
});

/** TikTok's own arithmetic: it never sells more than is available. */
class Shop {
  available: number;
  committed = 0;
  shipped = 0;
  constructor(available: number) {
    this.available = available;
  }
  get promised(): number {
    return this.available + this.committed + this.shipped;
  }
  act(what: 'buy' | 'cancel' | 'ship'): void {
    if (what === 'buy') this.move(Math.min(1, this.available));
    else if (this.committed > 0 && what === 'cancel') this.move(-1);
    else if (this.committed > 0) {
      this.shipped += 1;
      this.committed -= 1;
    }
  }
  private move(units: number): void {
    this.available -= units;
    this.committed += units;
  }
}

/** Buyers act before the first read, between each read and write, and between each write and read. */
function run(shop: Shop, count: number, moves: readonly (readonly ('buy' | 'cancel' | 'ship')[])[], rounds = 60): { isSettled: boolean; doors: string[] } {
  let memory: StockMemory = NEW_STOCK_MEMORY;
  const wish = onHand(count);
  const doors: string[] = [];
  const pending = [...moves];
  for (let round = 0; round < rounds; round += 1) {
    pending.shift()?.forEach((move) => shop.act(move));
    const shown = seen(shop.available, shop.committed);
    memory = remember(memory, wish, shown);
    const step = planStock(wish, shown, { ...NOTHING, shipped_since: shop.shipped }, memory);
    if (step.kind !== 'write') return { isSettled: step.kind === 'settled', doors };
    doors.push(step.door);
    if (step.door === 'set') memory = { ...memory, sets: memory.sets + 1 };
    pending.shift()?.forEach((move) => shop.act(move));
    shop.available = step.inventory[0]!.quantity;
  }
  return { isSettled: false, doors };
}

const moves = fc.array(fc.array(fc.constantFrom('buy' as const, 'buy' as const, 'cancel' as const, 'ship' as const), { maxLength: 12 }), { maxLength: 40 });

describe('Under any buyers', () => {
  test('a scarce count is never sold beyond: the door was closed before it was set', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: SCARCE_STOCK }), fc.integer({ min: 0, max: SCARCE_STOCK }), moves, (count, before, all) => {
        const shop = new Shop(Math.min(before, count));
        let most = 0;
        const { act } = shop;
        shop.act = (what) => {
          act.call(shop, what);
          most = Math.max(most, shop.committed + shop.shipped);
        };
        const { isSettled } = run(shop, count, all);
        expect(most).toBeLessThanOrEqual(count);
        expect(isSettled).toBe(true);
        expect(shop.promised).toBeLessThanOrEqual(count);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a large count is set right before the plan is settled, whatever buyers did between its steps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), moves, (count, before, all) => {
        const shop = new Shop(before);
        const { isSettled } = run(shop, count, all);
        expect(isSettled).toBe(true);
        expect(shop.available).toBe(Math.max(0, count - shop.shipped - shop.committed));
      }),
      { numRuns: 2_000 },
    );
  });

  test('buyers who outrun two settings find the door closed', () => {
    const shop = new Shop(10);
    const { isSettled, doors } = run(shop, 100, Array.from({ length: 40 }, () => ['buy' as const]));
    expect({ isSettled, doors }).toEqual({ isSettled: true, doors: ['set', 'set', 'close', 'set'] });
  });

  test('without the closed door a scarce count could be sold beyond', () => {
    const shop = new Shop(2);
    shop.act('buy');
    const step = planStock(onHand(3), seen(shop.available, shop.committed), NOTHING, { ...NEW_STOCK_MEMORY, takes_zero: false });
    shop.act('buy');
    shop.available = step.kind === 'write' ? step.inventory[0]!.quantity : 0;
    expect(shop.promised).toBe(4);
  });
});

describe('What is told and compared', () => {
  test('a change of what is available is named', () => {
    expect([stockChangeOf(null, 3), stockChangeOf(3, 3), stockChangeOf(9, 8), stockChangeOf(6, 5), stockChangeOf(5, 4), stockChangeOf(4, 0), stockChangeOf(0, 2)]).toEqual([null, null, 'level', 'low', 'level', 'out', 'back']);
  });
  test('sales are no drift, and neither is what was shipped', () => {
    expect(driftOf(10, { available: 6, committed: 4 }, 0)).toBe('none');
    expect(driftOf(10, { available: 6, committed: 1 }, 3)).toBe('none');
    expect(driftOf(10, { available: 8, committed: 4 }, 0)).toBe('higher');
    expect(driftOf(10, { available: 2, committed: 4 }, 0)).toBe('lower');
  });
});
