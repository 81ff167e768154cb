import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatMoney, minorDigits, parseMoney } from '../../domain/shop/money.ts';

const currencies = fc.constantFrom('USD', 'EUR', 'GBP', 'IDR', 'VND', 'JPY', 'KRW', 'KWD', 'THB', 'ZZZ');

describe('Money of TikTok Shop', () => {
  test.each([
    ['15', 'USD', 1_500],
    ['15.0', 'USD', 1_500],
    ['0.29', 'USD', 29],
    ['1.15', 'EUR', 115],
    ['-3.99', 'GBP', -399],
    ['-0', 'GBP', 0],
    ['15000', 'IDR', 15_000],
    ['15000.00', 'IDR', 15_000],
    ['1500', 'JPY', 1_500],
    ['25000', 'VND', 25_000],
    ['900', 'KRW', 900],
    ['1.005', 'KWD', 1_005],
    ['007.10', 'USD', 710],
    ['90071992547409.91', 'USD', Number.MAX_SAFE_INTEGER],
  ])('%s %s is %d minor units', (decimal, currency, amount) => {
    expect(parseMoney(decimal, currency)).toEqual({ amount, currency });
  });

  test.each([
    ['0.005', 'USD'],
    ['1.5', 'JPY'],
    ['90071992547409.92', 'USD'],
    ['1e3', 'USD'],
    ['1,5', 'USD'],
    ['.5', 'USD'],
    ['5.', 'USD'],
    ['+5', 'USD'],
    ['', 'USD'],
    [' 5', 'USD'],
    ['٣', 'USD'],
    ['5', 'usd'],
    ['5', ''],
  ])('“%s” %s is refused and never rounded', (decimal, currency) => {
    expect(parseMoney(decimal, currency)).toBeNull();
  });

  test('comes back as it was, for every amount and currency', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), currencies, (amount, currency) => {
        expect(parseMoney(formatMoney({ amount, currency }), currency)).toEqual({ amount, currency });
      }),
    );
  });

  test('is exact to the digit, as arithmetic of whole numbers has it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 80_000_000_000n }), fc.bigInt({ min: 0n, max: 999n }), currencies, (whole, parts, currency) => {
        const digits = minorDigits(currency);
        const minor = digits === 0 ? 0n : parts % 10n ** BigInt(digits);
        const decimal = digits === 0 ? `${whole}` : `${whole}.${String(minor).padStart(digits, '0')}`;
        expect(parseMoney(decimal, currency)?.amount).toBe(Number(whole * 10n ** BigInt(digits) + minor));
        expect(formatMoney({ amount: Number(whole * 10n ** BigInt(digits) + minor), currency })).toBe(decimal);
      }),
    );
  });

  test('that is no integer is not written', () => {
    expect(() => formatMoney({ amount: 0.5, currency: 'USD' })).toThrow(RangeError);
    expect(() => formatMoney({ amount: 2 ** 53, currency: 'USD' })).toThrow(RangeError);
    expect(() => formatMoney({ amount: 1, currency: 'dollar' })).toThrow(RangeError);
  });
});
