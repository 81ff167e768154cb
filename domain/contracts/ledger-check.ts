import type { LedgerFault } from './coin.ts';

export interface CheckedPart {
  checked: number;
  faults: LedgerFault[];
}

/** Activities of `checkLedger`. Those that look at many rows heartbeat, and go on where the attempt before ended. */
export interface LedgerActivities {
  /** @returns the id of a new check */
  openLedgerCheck(): Promise<{ check_id: string }>;
  /** All balances of an app add up to zero. */
  checkLedgerSums(): Promise<CheckedPart>;
  /** Each balance is the sum of its entries. */
  checkLedgerAccounts(): Promise<CheckedPart>;
  /** Each movement adds up to zero, and each gift has its own with two entries. */
  checkLedgerMovements(): Promise<CheckedPart>;
  /** Writes what was found, and raises the alarm where it is not sound. The same again changes nothing. */
  recordLedgerCheck(input: { check_id: string; accounts: number; movements: number; faults: LedgerFault[] }): Promise<void>;
}
