import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StoreAnswer } from '../../domain/contracts/purchase.ts';
import { adjustment, decidePurchase, type PurchaseState } from '../../domain/social/purchase.ts';
import { mayChangePurchase } from '../../domain/social/store-notification.ts';

const PENDING: PurchaseState = { status: 'pending', product_id: 'coins_100', coins: null, taken_back: 0 };
const BOUGHT: StoreAnswer = { kind: 'bought', product_id: 'coins_100', quantity: 1, refunded: 0, is_test: false };

describe('What is decided about a purchase', () => {
  test.each<[string, PurchaseState, StoreAnswer, number | null, boolean, object]>([
    ['granted', PENDING, BOUGHT, 100, true, { kind: 'grant', coins: 100 }],
    ['granted so often as it was bought', PENDING, { ...BOUGHT, quantity: 3 }, 100, true, { kind: 'grant', coins: 300 }],
    ['granted where a part was refunded already', PENDING, { ...BOUGHT, refunded: 0.5 }, 100, true, { kind: 'grant', coins: 100 }],
    ['refunded before', PENDING, { ...BOUGHT, refunded: 1 }, 100, true, { kind: 'refuse', code: 'receipt_unpaid' }],
    ['another product', PENDING, { ...BOUGHT, product_id: 'coins_6500' }, 100, true, { kind: 'refuse', code: 'receipt_invalid' }],
    ['no package', PENDING, BOUGHT, null, true, { kind: 'refuse', code: 'package_unknown' }],
    ['nobody there', PENDING, BOUGHT, 100, false, { kind: 'refuse', code: 'user_gone' }],
    ['not paid', PENDING, { kind: 'unpaid' }, 100, true, { kind: 'wait' }],
    ['refused by the store', PENDING, { kind: 'refused', code: 'receipt_used', reason: 'r' }, 100, true, { kind: 'refuse', code: 'receipt_used', reason: 'r' }],
    ['refused before', { ...PENDING, status: 'refused' }, BOUGHT, 100, true, { kind: 'nothing' }],
    ['granted before', { ...PENDING, status: 'granted', coins: 100 }, BOUGHT, 100, true, { kind: 'nothing' }],
    ['granted before, and the store knows it no more', { ...PENDING, status: 'granted', coins: 100 }, { kind: 'refused', code: 'receipt_invalid', reason: 'r' }, 100, true, { kind: 'nothing' }],
    ['refunded', { ...PENDING, status: 'granted', coins: 100 }, { ...BOUGHT, refunded: 1 }, null, false, { kind: 'adjust', taken_back: 100 }],
    ['refunded twice', { ...PENDING, status: 'revoked', coins: 100, taken_back: 100 }, { ...BOUGHT, refunded: 1 }, 100, true, { kind: 'nothing' }],
    ['a third refunded, as Apple rounds it', { ...PENDING, status: 'granted', coins: 300 }, { ...BOUGHT, refunded: 0.33333 }, 100, true, { kind: 'adjust', taken_back: 100 }],
    ['reversed', { ...PENDING, status: 'revoked', coins: 100, taken_back: 100 }, BOUGHT, 100, true, { kind: 'adjust', taken_back: 0 }],
  ])('%s', (_, state, answer, coins, isThere, decision) => {
    expect(decidePurchase(state, answer, coins, isThere)).toMatchObject(decision);
  });

  test('whatever a store says again, a purchase is granted once, and never more is taken back than was granted', () => {
    const answers = fc.array(fc.oneof(fc.record({ kind: fc.constant('bought' as const), product_id: fc.constant('coins_100'), quantity: fc.constant(2), refunded: fc.double({ min: 0, max: 1, noNaN: true }), is_test: fc.boolean() }), fc.constant({ kind: 'unpaid' as const })), { maxLength: 20 });
    fc.assert(
      fc.property(answers, (said) => {
        let state = PENDING;
        let grants = 0;
        for (const answer of said) {
          const decision = decidePurchase(state, answer, 100, true);
          if (decision.kind === 'grant') [grants, state] = [grants + 1, { ...state, status: 'granted', coins: decision.coins }];
          if (decision.kind === 'refuse') state = { ...state, status: 'refused' };
          if (decision.kind === 'adjust') state = { ...state, taken_back: decision.taken_back };
          expect(state.taken_back).toBeGreaterThanOrEqual(0);
          expect(state.taken_back).toBeLessThanOrEqual(state.coins ?? 0);
        }
        expect(grants).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test('Coins that go back and forth balance, never overdraw a wallet, and leave the house as it was', () => {
  const coins = 1_000;
  const steps = fc.array(fc.record({ taken: fc.integer({ min: 0, max: coins }), spent: fc.nat(coins) }), { maxLength: 20 });
  fc.assert(
    fc.property(steps, (changes) => {
      let [wallet, house, store, shortfall, taken, spent] = [coins, 0, -coins, 0, 0, 0];
      for (const step of [...changes, { taken: 0, spent: 0 }]) {
        const paid = Math.min(step.spent, wallet);
        wallet -= paid;
        spent += paid;
        const parts = adjustment(step.taken - taken, wallet, shortfall);
        expect(parts.wallet + parts.house + parts.store).toBe(0);
        [wallet, house, store, shortfall, taken] = [wallet + parts.wallet, house + parts.house, store + parts.store, parts.shortfall, step.taken];
        expect(wallet).toBeGreaterThanOrEqual(0);
        expect([shortfall, shortfall <= taken]).toEqual([-house + 0, true]);
      }
      expect([wallet, house, store]).toEqual([coins - spent, 0, -coins]);
    }),
  );
});

test.each([
  ['apple', 'REFUND', true],
  ['apple', 'REFUND_REVERSED', true],
  ['apple', 'REVOKE', true],
  ['apple', 'REFUND_DECLINED', false],
  ['apple', 'CONSUMPTION_REQUEST', false],
  ['apple', 'TEST', false],
  ['google', 'voided.1', true],
  ['google', 'one_time_product.1', true],
  ['google', 'test', false],
  ['google', 'other_app', false],
] as const)('A notification of %s that says %s may change a purchase: %p', (store, kind, may) => {
  expect(mayChangePurchase(store, kind)).toBe(may);
});
