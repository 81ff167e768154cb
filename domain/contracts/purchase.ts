import type { ErrorCode } from '../errors.ts';

export const STORES = ['apple', 'google'] as const;
export type Store = (typeof STORES)[number];

/** pending: the store is asked. refused: no coins, and the reason. revoked: granted, and taken back after a refund. */
export const PURCHASE_STATUSES = ['pending', 'granted', 'refused', 'revoked'] as const;
export type PurchaseStatus = (typeof PURCHASE_STATUSES)[number];

/** Why there are no coins for a receipt. */
export type ReceiptFault = Extract<ErrorCode, 'receipt_invalid' | 'receipt_used' | 'receipt_unpaid' | 'package_unknown' | 'user_gone'>;

/** What a store says of a purchase now. Holds nothing secret: it passes through a workflow's history. */
export type StoreAnswer =
  /** refunded: which share of it was taken back, 0 to 1; 1 also where it was cancelled before it was paid. */
  | { kind: 'bought'; product_id: string; quantity: number; refunded: number; is_test: boolean }
  /** Such as cash that is yet to be paid at a counter. */
  | { kind: 'unpaid' }
  | { kind: 'refused'; code: ReceiptFault; reason: string };

export interface PurchaseRef {
  purchase_id: string;
  workspace_id: string;
}

/** Milliseconds. */
export interface PurchaseTimings {
  /** How long one attempt of a step may take; of one whose worker died it is known only then. */
  attempt_ms: number;
  /** First and longest pause before a store that does not answer is asked again. */
  retry_initial_ms: number;
  retry_max_ms: number;
  /** First and longest pause before what is not paid, or not acknowledged yet, is looked at again. */
  poll_ms: number;
  poll_max_ms: number;
  /** What is not paid for so long is refused. */
  unpaid_max_ms: number;
  /** How long one try to acknowledge may take, its retries included. */
  finish_max_ms: number;
}

/** Google cancels a payment that stays out within days, and refunds after three days what nobody has acknowledged. */
export const DEFAULT_PURCHASE_TIMINGS: PurchaseTimings = {
  attempt_ms: 45_000,
  retry_initial_ms: 1_000,
  retry_max_ms: 5 * 60_000,
  poll_ms: 60_000,
  poll_max_ms: 6 * 3_600_000,
  unpaid_max_ms: 14 * 86_400_000,
  finish_max_ms: 10 * 60_000,
};

/** A store may need a moment until it knows a purchase that was made just now: what it still does not know after so long is none. */
export const UNKNOWN_FOR_MS = 10 * 60_000;

export interface VerifyPurchaseInput extends PurchaseRef {
  request_id: string | null;
  timings?: Partial<PurchaseTimings>;
  /** By continue-as-new alone. */
  carried?: { since_ms: number; pause_ms: number };
}

/** finish: the store is yet to be told. wait: it is not paid. done: nothing is to be done. */
export interface SettledPurchase {
  status: PurchaseStatus;
  next: 'finish' | 'wait' | 'done';
}

export interface VerifyPurchaseActivities {
  /** @throws ApplicationFailure store_unavailable, as long as the store does not answer @returns null: the purchase is gone */
  askStore(input: PurchaseRef): Promise<StoreAnswer | null>;
  /** Grants, refuses or takes back, in one transaction; the same answer changes nothing a second time. @param isLast it is waited no longer for payment */
  settlePurchase(input: PurchaseRef & { answer: StoreAnswer; is_last: boolean }): Promise<SettledPurchase>;
  /** Tells Google that the coins are there, and that the product may be bought again. */
  finishPurchase(input: PurchaseRef): Promise<void>;
}

export interface SweepPurchasesActivities {
  /** Starts what was not started, and hands on what stores told. @returns how many */
  sweepPurchases(): Promise<number>;
}
