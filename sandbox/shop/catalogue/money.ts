/** These have no minor unit on TikTok's wire. */
const WHOLE = new Set(['IDR', 'VND', 'JPY']);
export const digitsOf = (currency: string): number => (WHOLE.has(currency) ? 0 : 2);

/** 1990 GBP → "19.90"; 1990 IDR → "1990". */
export function amountText(minor: number, currency: string): string {
  const digits = digitsOf(currency);
  const sign = minor < 0 ? '-' : '';
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  return sign + (digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`);
}

/** null: not an amount of this currency. */
export function minorOf(text: string, currency: string): number | null {
  const digits = digitsOf(currency);
  const match = /^(\d{1,11})(?:\.(\d{1,4}))?$/.exec(text);
  if (!match) return null;
  const [, whole = '', fraction = ''] = match;
  if (fraction.length > digits) return null;
  return Number(whole + fraction.padEnd(digits, '0'));
}
