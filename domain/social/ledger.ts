import { MAX_COINS, type Coins, type Entry, type Movement, type MovementKind } from '../contracts/coin.ts';

/** Most of one gift that are sent at once. */
export const MAX_GIFT_COUNT = 1_000;

/**
 * Why something is no movement, in words for people; null: it is one. The database refuses the same (function move_coins), save for the bounds.
 * Each account once: its balance after an entry is then unambiguous, and locks are taken once.
 */
export function whyNoMovement({ entries, request_key }: Pick<Movement, 'entries' | 'request_key'>): string | null {
  if (request_key === '') return 'it has no request key';
  if (entries.length < 2) return 'it has fewer than two entries';
  if (new Set(entries.map(({ account_id }) => account_id)).size < entries.length) return 'it names an account twice';
  const odd = entries.find(({ amount }) => !Number.isSafeInteger(amount) || amount === 0 || Math.abs(amount) > MAX_COINS);
  if (odd) return `${odd.amount} is no amount: whole coins, not 0, at most ${MAX_COINS}`;
  // At most a few entries of at most 10^12: the sum is exact.
  const sum = entries.reduce((total, { amount }) => total + amount, 0);
  return sum === 0 ? null : `it is off by ${sum}`;
}

/** @throws RangeError for what is no movement: a fault of ours, never of a person's input */
export function movement(workspace_id: string, kind: MovementKind, request_key: string, entries: readonly Entry[]): Movement {
  const fault = whyNoMovement({ entries, request_key });
  if (fault !== null) throw new RangeError(`no movement of kind ${kind}: ${fault}`);
  return { workspace_id, kind, request_key, entries };
}

interface Transfer {
  workspace_id: string;
  from: string;
  to: string;
  coins: Coins;
}

function transfer(kind: MovementKind, request_key: string, { workspace_id, from, to, coins }: Transfer): Movement {
  return movement(workspace_id, kind, request_key, [
    { account_id: from, amount: -positive(coins) },
    { account_id: to, amount: coins },
  ]);
}

/** A transfer of minus five would take five from the receiver. */
function positive(coins: Coins): Coins {
  if (!Number.isSafeInteger(coins) || coins <= 0 || coins > MAX_COINS) throw new RangeError(`${coins} is no number of coins: whole, 1 to ${MAX_COINS}`);
  return coins;
}

type Between<From extends string, To extends string> = { workspace_id: string; coins: Coins } & Record<From | To, string>;

/** Coins that a store was paid for. @param input.purchase_id natural key: granted once */
export const purchaseMovement = ({ purchase_id, store, wallet, ...rest }: Between<'store', 'wallet'> & { purchase_id: string }): Movement =>
  transfer('purchase', `purchase:${purchase_id}`, { ...rest, from: store, to: wallet });

/** Coins that a person asked to be paid for are set aside. */
export const payoutHoldMovement = ({ payout_id, wallet, payout, ...rest }: Between<'wallet', 'payout'> & { payout_id: string }): Movement =>
  transfer('payout_hold', `payout-hold:${payout_id}`, { ...rest, from: wallet, to: payout });

/** A payout that did not come to pass: its coins go back. @param input.wallet the house's account where the user's is gone */
export const payoutReturnMovement = ({ payout_id, wallet, payout, ...rest }: Between<'wallet', 'payout'> & { payout_id: string }): Movement =>
  transfer('payout_return', `payout-return:${payout_id}`, { ...rest, from: payout, to: wallet });

/** A present of the house, such as support makes. @param input.request_id the same one gives once */
export const grantMovement = ({ request_id, house, wallet, ...rest }: Between<'house', 'wallet'> & { request_id: string }): Movement =>
  transfer('grant', `grant:${request_id}`, { ...rest, from: house, to: wallet });

/**
 * What a deleted account still has falls to the house.
 * @param input.times how often this was done for the user before: coins may come late, such as those of a payout that was returned
 */
export const forfeitMovement = ({ user_id, times, wallet, house, ...rest }: Between<'wallet', 'house'> & { user_id: string; times: number }): Movement =>
  transfer('forfeit', `forfeit:${user_id}${times === 0 ? '' : `:${times + 1}`}`, { ...rest, from: wallet, to: house });
