import { proxyActivities } from '@temporalio/workflow';
import type { SweepPayoutsActivities } from '../domain/contracts/payout.ts';

const { sweepPayouts: sweep } = proxyActivities<SweepPayoutsActivities>({
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '5 minutes',
  retry: { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 5 },
});

/** By a Schedule. @returns how many were looked after */
export const sweepPayouts = (): Promise<number> => sweep();
