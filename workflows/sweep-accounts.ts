import { proxyActivities } from '@temporalio/workflow';
import type { SweepAccountsActivities } from '../domain/contracts/app-account.ts';

const { sweepAccounts: sweep } = proxyActivities<SweepAccountsActivities>({
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '5 minutes',
  retry: { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 5 },
});

/** By a Schedule. @returns how many were looked after */
export const sweepAccounts = (): Promise<number> => sweep();
