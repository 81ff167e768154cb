import { proxyActivities } from '@temporalio/workflow';
import type { SweepVodsActivities } from '../domain/contracts/vod.ts';

const { sweepVods: sweep } = proxyActivities<SweepVodsActivities>({
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '5 minutes',
  retry: { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 5 },
});

/** By a Schedule. @returns how many were looked after */
export const sweepVods = (): Promise<number> => sweep();
