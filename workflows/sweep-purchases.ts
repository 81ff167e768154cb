import { proxyActivities } from '@temporalio/workflow';
import type { SweepPurchasesActivities } from '../domain/contracts/purchase.ts';

const { sweepPurchases: sweep } = proxyActivities<SweepPurchasesActivities>({
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '5 minutes',
  retry: { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 5 },
});

/** By a Schedule. @returns how many were looked after */
export const sweepPurchases = (): Promise<number> => sweep();
