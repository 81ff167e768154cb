/** Whole coins; never fractions. */
export type Coins = number;

/** user: a wallet. house: ours. store: what Apple and Google were paid for. payout: held for, or paid to, people. */
export const COIN_ACCOUNT_KINDS = ['user', 'house', 'store', 'payout'] as const;
export type CoinAccountKind = (typeof COIN_ACCOUNT_KINDS)[number];

export const MOVEMENT_KINDS = ['gift', 'purchase', 'refund', 'payout_hold', 'payout_return', 'grant', 'forfeit'] as const;
export type MovementKind = (typeof MOVEMENT_KINDS)[number];

/** One side of a movement. */
export interface Entry {
  account_id: string;
  /** Not 0; negative: taken from the account. */
  amount: Coins;
}

/** What moves coins, all of it or nothing. */
export interface Movement {
  workspace_id: string;
  kind: MovementKind;
  /** Natural key: the same one moves nothing a second time. */
  request_key: string;
  /** Sum 0; each account once. */
  entries: readonly Entry[];
}

/** What the nightly check found that does not add up. */
export interface LedgerFault {
  /** gift_differs: a gift without its movement, or with one that moved something else. */
  kind: 'movement_unbalanced' | 'balance_differs' | 'sum_not_zero' | 'count_differs' | 'gift_differs';
  /** The movement, account, or row. */
  id: string | null;
  expected: number;
  found: number;
}

/** More than any wallet will hold, and far below 2^53. */
export const MAX_COINS: Coins = 1_000_000_000_000;
