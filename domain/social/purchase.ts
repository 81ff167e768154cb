import type { Coins } from '../contracts/coin.ts';
import type { PurchaseStatus, ReceiptFault, StoreAnswer } from '../contracts/purchase.ts';

export interface PurchaseState {
  status: PurchaseStatus;
  product_id: string;
  /** What was granted; null: nothing was. */
  coins: Coins | null;
  /** Of them, what refunds took back. */
  taken_back: Coins;
}

export type PurchaseDecision =
  | { kind: 'nothing' }
  | { kind: 'wait' }
  | { kind: 'refuse'; code: ReceiptFault; reason: string }
  | { kind: 'grant'; coins: Coins }
  /** taken_back: how much is to be taken back in all from now on. */
  | { kind: 'adjust'; taken_back: Coins };

/**
 * What is to be done about a purchase, by what its store says now.
 * @param packageCoins of the package that was bought; null: there is none
 * @param userIsThere false: they have deleted their account
 */
export function decidePurchase(purchase: PurchaseState, answer: StoreAnswer, packageCoins: Coins | null, userIsThere: boolean): PurchaseDecision {
  if (purchase.status === 'refused') return { kind: 'nothing' };
  if (purchase.coins !== null) return answer.kind === 'bought' ? adjusted(purchase.coins, purchase.taken_back, answer.refunded) : { kind: 'nothing' };
  if (answer.kind === 'unpaid') return { kind: 'wait' };
  if (answer.kind === 'refused') return { kind: 'refuse', code: answer.code, reason: answer.reason };
  if (answer.product_id !== purchase.product_id) return refuse('receipt_invalid', 'The receipt is for another product.');
  if (answer.refunded === 1) return refuse('receipt_unpaid', 'The store has cancelled the purchase or taken it back.');
  if (packageCoins === null) return refuse('package_unknown', `${answer.product_id} is no coin package any more.`);
  if (!userIsThere) return refuse('user_gone', 'The account was deleted.');
  return { kind: 'grant', coins: packageCoins * answer.quantity };
}

const refuse = (code: ReceiptFault, reason: string): PurchaseDecision => ({ kind: 'refuse', code, reason });

/** A refund that was reversed gives back what it took. */
function adjusted(coins: Coins, takenBack: Coins, refunded: number): PurchaseDecision {
  const due = Math.round(coins * refunded);
  return due === takenBack ? { kind: 'nothing' } : { kind: 'adjust', taken_back: due };
}

export interface Adjustment {
  /** Signed amounts of the entries, 0 where an account has none; their sum is 0. */
  wallet: Coins;
  house: Coins;
  store: Coins;
  /** What the house has borne by then. */
  shortfall: Coins;
}

/**
 * How coins go back to the store, or come again where a refund was reversed: a wallet gives what it has, the house the rest;
 * what comes again repays the house first.
 * @param change more (above 0) or fewer (below) coins taken back @param balance of the wallet; 0 where nobody has it any more
 */
export function adjustment(change: Coins, balance: Coins, shortfall: Coins): Adjustment {
  if (change > 0) {
    const taken = Math.min(change, balance);
    return { wallet: 0 - taken, house: taken - change, store: change, shortfall: shortfall + change - taken };
  }
  const repaid = Math.min(-change, shortfall);
  return { wallet: -change - repaid, house: repaid, store: change, shortfall: shortfall - repaid };
}
