import { proxyActivities } from '@temporalio/workflow';
import type { LedgerActivities } from '../domain/contracts/ledger-check.ts';
import { MOST_FAULTS } from '../domain/social/ledger-check.ts';

const retry = { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 10 } as const;
const { openLedgerCheck, checkLedgerSums, recordLedgerCheck } = proxyActivities<LedgerActivities>({ startToCloseTimeout: '1 minute', retry });
const { checkLedgerAccounts, checkLedgerMovements } = proxyActivities<LedgerActivities>({ startToCloseTimeout: '1 hour', heartbeatTimeout: '1 minute', retry });

/** Nightly, by a Schedule: proves that no coin came from nowhere and none is lost. @returns whether it is so */
export async function checkLedger(): Promise<boolean> {
  const { check_id } = await openLedgerCheck();
  const sums = await checkLedgerSums();
  const accounts = await checkLedgerAccounts();
  const movements = await checkLedgerMovements();
  const faults = [...sums.faults, ...accounts.faults, ...movements.faults].slice(0, MOST_FAULTS);
  await recordLedgerCheck({ check_id, accounts: accounts.checked, movements: movements.checked, faults });
  return faults.length === 0;
}
