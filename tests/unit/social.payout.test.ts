import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_COINS } from '../../domain/contracts/coin.ts';
import { PAYOUT_DECISIONS, PAYOUT_STATUSES } from '../../domain/contracts/payout.ts';
import { decidePayout, hintOf, isIban, isOpenPayout, payoutAmount, statusAfter } from '../../domain/social/payout.ts';

describe('What coins are worth', () => {
  test.each([
    [2_000, 50, 1_000],
    [199, 50, 99],
    [1, 50, null],
    [MAX_COINS, 1_000_000, null],
    [MAX_COINS, 50, 500_000_000_000],
  ])('%p coins at %p: %p', (coins, coinMinor, amount) => expect(payoutAmount(coins, coinMinor)).toBe(amount));

  test('is never more than their share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_COINS }), fc.integer({ min: 1, max: 10_000 }), (coins, coinMinor) => {
        const amount = payoutAmount(coins, coinMinor);
        if (amount === null) return;
        const exact = BigInt(coins) * BigInt(coinMinor);
        expect(BigInt(amount) * 100n <= exact && exact - BigInt(amount) * 100n < 100n).toBe(true);
      }),
    );
  });
});

describe('Decisions', () => {
  test('lead to the status that they mean, once, and to nothing once it is over', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PAYOUT_STATUSES), fc.array(fc.constantFrom(...PAYOUT_DECISIONS), { maxLength: 10 }), (first, decisions) => {
        let [status, ends] = [first, isOpenPayout(first) ? 0 : 1];
        for (const decision of decisions) {
          const verdict = decidePayout(status, decision);
          if (!verdict.ok) continue;
          expect([verdict.status, isOpenPayout(status)]).toEqual([statusAfter(decision), true]);
          status = verdict.status;
          if (!isOpenPayout(status)) ends += 1;
        }
        expect(ends).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('of one that is held can only be to reject', () => {
    expect(PAYOUT_DECISIONS.map((decision) => decidePayout('held', decision))).toEqual([{ ok: false, code: 'payout_held' }, { ok: true, status: 'returned' }, { ok: false, code: 'payout_held' }, { ok: false, code: 'payout_held' }]);
  });
});

test.each([
  ['DE89370400440532013000', true],
  ['GB82WEST12345698765432', true],
  ['NO9386011117947', true],
  ['MT84MALT011000012345MTLCAST001S', true],
  ['DE89370400440532013001', false],
  ['DE98370400440532013000', false],
  ['DE89 3704 0044 0532 0130 00', false],
  ['XX', false],
  ['', false],
])('%s is an IBAN: %p', (iban, is) => expect(isIban(iban)).toBe(is));

test('A hint tells which destination it is, and not where', () => {
  expect([
    hintOf({ method: 'bank_transfer', account_holder: 'Ada', iban: 'DE89370400440532013000', bic: null }),
    hintOf({ method: 'bank_account', account_holder: 'Ada', account_number: '0123456789', bank_code: '021000021', country: 'US' }),
    hintOf({ method: 'paypal', email: 'ada@example.com' }),
  ]).toEqual(['IBAN DE…3000', 'US account …6789', 'PayPal a…@example.com']);
});
