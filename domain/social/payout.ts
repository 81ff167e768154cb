import type { Coins } from '../contracts/coin.ts';
import type { DecidePayout, PayoutDestination, PayoutStatus } from '../contracts/payout.ts';
import type { ErrorCode } from '../errors.ts';

/**
 * What coins are worth when they are paid out, in minor units, rounded down.
 * @param coinMinor of 100 coins @returns null: it is nothing, or more than can be paid
 */
export function payoutAmount(coins: Coins, coinMinor: number): number | null {
  const amount = (BigInt(coins) * BigInt(coinMinor)) / 100n;
  return amount > 0n && amount <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(amount) : null;
}

type Decision = DecidePayout['decision'];
export type PayoutVerdict = { ok: true; status: PayoutStatus } | { ok: false; code: Extract<ErrorCode, 'payout_decided' | 'payout_held'> };

/** What a decision leads to, by the status that it meets. */
const DECISIONS: Readonly<Record<'held' | 'awaiting_approval' | 'approved', Partial<Record<Decision, PayoutStatus>>>> = {
  held: { reject: 'returned' },
  awaiting_approval: { approve: 'approved', reject: 'returned', paid: 'paid', failed: 'returned' },
  approved: { paid: 'paid', failed: 'returned' },
};

export const isOpenPayout = (status: PayoutStatus): status is keyof typeof DECISIONS => Object.hasOwn(DECISIONS, status);

/** Whether a decision may be taken of a payout with this status, and which status it gets. */
export function decidePayout(status: PayoutStatus, decision: Decision): PayoutVerdict {
  const next = isOpenPayout(status) ? DECISIONS[status][decision] : undefined;
  if (next !== undefined) return { ok: true, status: next };
  return { ok: false, code: status === 'held' ? 'payout_held' : 'payout_decided' };
}

/** The status after a decision, whichever it met. */
export const statusAfter = (decision: Decision): PayoutStatus => ({ approve: 'approved', reject: 'returned', paid: 'paid', failed: 'returned' })[decision] as PayoutStatus;

/** What a list shows of a destination. */
export function hintOf(destination: PayoutDestination): string {
  switch (destination.method) {
    case 'bank_transfer':
      return `IBAN ${destination.iban.slice(0, 2)}…${destination.iban.slice(-4)}`;
    case 'bank_account':
      return `${destination.country} account …${destination.account_number.slice(-4)}`;
    case 'paypal':
      return `PayPal ${destination.email.slice(0, 1)}…@${destination.email.slice(destination.email.lastIndexOf('@') + 1)}`;
  }
}

const IBAN = /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/;

/** ISO 13616: letters are numbers from 10, the first four characters come last, and the whole leaves 1 of 97. @param iban without spaces, upper case */
export function isIban(iban: string): boolean {
  if (!IBAN.test(iban)) return false;
  const digits = `${iban.slice(4)}${iban.slice(0, 4)}`.replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(digits) % 97n === 1n;
}
