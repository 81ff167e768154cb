/** held: until the hold time is over. awaiting_approval: an admin decides. approved: the money is on its way. returned: the coins are back. */
export const PAYOUT_STATUSES = ['held', 'awaiting_approval', 'approved', 'paid', 'returned'] as const;
export type PayoutStatus = (typeof PAYOUT_STATUSES)[number];

export const PAYOUT_DECISIONS = ['approve', 'reject', 'paid', 'failed'] as const;

/** An admin's decision. paid: the money has arrived; it may follow an approval, or stand for both. */
export interface DecidePayout {
  decision: (typeof PAYOUT_DECISIONS)[number];
  decided_by: string;
  /** Why, for the user; what the bank called it where paid. */
  reason: string | null;
  payment_reference: string | null;
}

/** Where a payout is paid to: a secret at rest. */
export type PayoutDestination =
  | { method: 'bank_transfer'; account_holder: string; iban: string; bic: string | null }
  | { method: 'bank_account'; account_holder: string; account_number: string; bank_code: string; country: string }
  | { method: 'paypal'; email: string };
export type PayoutMethod = PayoutDestination['method'];

export interface PayoutRef {
  payout_id: string;
  workspace_id: string;
}

export interface PayoutInput extends PayoutRef {
  request_id: string | null;
  timings?: Partial<PayoutTimings>;
}

/** Milliseconds. */
export interface PayoutTimings {
  /** How long one attempt of a step may take; of one whose worker died it is known only then. */
  attempt_ms: number;
}

export const DEFAULT_PAYOUT_TIMINGS: PayoutTimings = { attempt_ms: 30_000 };

export interface PayoutState {
  status: PayoutStatus;
  /** Milliseconds since 1970. */
  hold_until_ms: number;
}

export interface PayoutActivities {
  /** @returns null: it is gone */
  readPayout(input: PayoutRef): Promise<PayoutState | null>;
  /** The hold time is over: an admin may approve now. */
  releasePayout(input: PayoutRef): Promise<PayoutState | null>;
  /** Does what an admin has decided, where its status allows that; the coins go back where it is not paid. The same again changes nothing. */
  carryOutDecision(input: PayoutRef & { decision: DecidePayout }): Promise<PayoutState | null>;
}

export interface SweepPayoutsActivities {
  /** Starts what was not started. @returns how many */
  sweepPayouts(): Promise<number>;
}
