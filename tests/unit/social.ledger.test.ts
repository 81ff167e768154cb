import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_COINS, type Movement } from '../../domain/contracts/coin.ts';
import {
  forfeitMovement,
  grantMovement,
  movement,
  payoutHoldMovement,
  payoutReturnMovement,
  purchaseMovement,
  whyNoMovement,
} from '../../domain/social/ledger.ts';

const coins = fc.integer({ min: 1, max: MAX_COINS });
const workspace_id = 'w';

/** Every kind of movement there is, made of any number of coins. */
const MAKERS: Record<string, (coins: number) => Movement> = {
  purchase: (n) => purchaseMovement({ workspace_id, purchase_id: 'p', store: 's', wallet: 'a', coins: n }),
  payout_hold: (n) => payoutHoldMovement({ workspace_id, payout_id: 'o', wallet: 'a', payout: 'o', coins: n }),
  payout_return: (n) => payoutReturnMovement({ workspace_id, payout_id: 'o', wallet: 'a', payout: 'o', coins: n }),
  grant: (n) => grantMovement({ workspace_id, request_id: 'r', house: 'h', wallet: 'a', coins: n }),
  forfeit: (n) => forfeitMovement({ workspace_id, user_id: 'u', times: 0, wallet: 'a', house: 'h', coins: n }),
};

describe.each(Object.entries(MAKERS))('a movement of kind %s', (kind, make) => {
  test('adds up to zero, names no account twice, and has whole amounts within bounds', () => {
    fc.assert(
      fc.property(coins, (n) => {
        const { entries, ...made } = make(n);
        expect(made).toMatchObject({ kind, workspace_id });
        expect(entries.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(0n);
        expect(new Set(entries.map(({ account_id }) => account_id)).size).toBe(entries.length);
        for (const { amount } of entries) expect(Number.isSafeInteger(amount) && amount !== 0 && Math.abs(amount) <= MAX_COINS).toBe(true);
      }),
    );
  });

  test('is made of a whole, positive number of coins within bounds alone', () => {
    const bad = fc.oneof(fc.integer({ max: 0 }), fc.integer({ min: MAX_COINS + 1, max: Number.MAX_SAFE_INTEGER }), fc.double().filter((n) => !Number.isInteger(n)), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0));
    fc.assert(fc.property(bad, (n) => void expect(() => make(n)).toThrow(RangeError)));
  });
});

test('nobody pays themselves', () => {
  expect(() => grantMovement({ workspace_id, request_id: 'r', house: 'a', wallet: 'a', coins: 5 })).toThrow('account twice');
});

test('a wallet pays for what is taken from it, and for nothing else', () => {
  fc.assert(
    fc.property(coins, (n) => {
      const toWallet = Object.fromEntries(Object.entries(MAKERS).map(([kind, make]) => [kind, make(n).entries.find(({ account_id }) => account_id === 'a')!.amount]));
      expect(toWallet).toEqual({ purchase: n, payout_hold: -n, payout_return: n, grant: n, forfeit: -n });
    }),
  );
});

test('a natural key tells each from every other, and is the same for the same', () => {
  const keys = Object.values(MAKERS).map((make) => make(5).request_key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(Object.values(MAKERS).map((make) => make(7).request_key)).toEqual(keys);
  expect([0, 1, 2].map((times) => forfeitMovement({ workspace_id, user_id: 'u', times, wallet: 'a', house: 'h', coins: 1 }).request_key)).toEqual(['forfeit:u', 'forfeit:u:2', 'forfeit:u:3']);
});

test('what is held for a payout and what comes back cancel each other', () => {
  fc.assert(
    fc.property(coins, (n) => {
      const parts = { workspace_id, payout_id: 'x', wallet: 'a', payout: 'o', coins: n };
      const amounts = (made: Movement) => Object.fromEntries(made.entries.map(({ account_id, amount }) => [account_id, amount]));
      const [held, back] = [amounts(payoutHoldMovement(parts)), amounts(payoutReturnMovement(parts))];
      for (const account of ['a', 'o']) expect(held[account]! + back[account]!).toBe(0);
    }),
  );
});

describe('whatever entries somebody makes', () => {
  const entries = fc.array(fc.record({ account_id: fc.constantFrom('a', 'b', 'c', 'd'), amount: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.double(), fc.integer()) }), { maxLength: 5 });

  test('are a movement only where they balance, once for each account, of whole coins', () => {
    fc.assert(
      fc.property(entries, (made) => {
        const fault = whyNoMovement({ request_key: 'k', entries: made });
        const isOne =
          made.length >= 2 &&
          new Set(made.map(({ account_id }) => account_id)).size === made.length &&
          made.every(({ amount }) => Number.isSafeInteger(amount) && amount !== 0 && Math.abs(amount) <= MAX_COINS) &&
          made.reduce((sum, { amount }) => sum + BigInt(amount), 0n) === 0n;
        expect(fault === null).toBe(isOne);
      }),
    );
  });

  test('that are no movement are a fault of ours', () => {
    expect(() => movement('w', 'grant', 'k', [{ account_id: 'a', amount: 5 }])).toThrow('fewer than two');
    expect(() => movement('w', 'grant', '', [{ account_id: 'a', amount: 5 }])).toThrow('no request key');
  });
});
