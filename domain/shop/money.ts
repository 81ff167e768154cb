import type { Money } from '../contracts/shop-api.ts';

/**
 * Digits after the point, where they are not two: ISO 4217. IDR is none of them there, but has no smaller coin in use, and TikTok Shop writes
 * its prices without a point (https://partner.tiktokshop.com/docv2/page/product-pricing).
 */
const EXPONENTS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['BIF', 'CLP', 'DJF', 'GNF', 'IDR', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'].map((currency) => [currency, 0]),
  ),
  ...Object.fromEntries(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((currency) => [currency, 3])),
};
const CURRENCY = /^[A-Z]{3}$/;
const DECIMAL = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?$/;

/** Digits after the point in sums of this currency. */
export const minorDigits = (currency: string): number => (Object.hasOwn(EXPONENTS, currency) ? EXPONENTS[currency]! : 2);

/**
 * TikTok's decimal string as minor units; null where it is none, or where it can't be told exactly: parts of the smallest coin, or more than an
 * integer holds.
 */
export function parseMoney(decimal: string, currency: string): Money | null {
  const match = DECIMAL.exec(decimal);
  if (match === null || !CURRENCY.test(currency)) return null;
  const [, sign, whole, fraction = ''] = match;
  const digits = minorDigits(currency);
  if (/[1-9]/.test(fraction.slice(digits))) return null;
  const amount = Number(`${whole}${fraction.slice(0, digits).padEnd(digits, '0')}`);
  if (!Number.isSafeInteger(amount)) return null;
  return { amount: sign === '-' && amount !== 0 ? -amount : amount, currency };
}

/** As TikTok takes it: a decimal string in major units, with all of the currency's digits. @throws RangeError where amount is not an integer */
export function formatMoney({ amount, currency }: Money): string {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${amount} is no whole number of minor units.`);
  if (!CURRENCY.test(currency)) throw new RangeError(`“${currency}” is no currency.`);
  const digits = minorDigits(currency);
  const text = String(Math.abs(amount)).padStart(digits + 1, '0');
  const point = text.length - digits;
  return `${amount < 0 ? '-' : ''}${text.slice(0, point)}${digits > 0 ? `.${text.slice(point)}` : ''}`;
}
