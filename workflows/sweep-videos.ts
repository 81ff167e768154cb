import { proxyActivities } from '@temporalio/workflow';
import type { SweepVideosActivities } from '../domain/contracts/video.ts';

const { sweepVideos: sweep } = proxyActivities<SweepVideosActivities>({
  startToCloseTimeout: '20 minutes',
  heartbeatTimeout: '5 minutes',
  retry: { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 5 },
});

/** By a Schedule. @returns how many were looked after */
export const sweepVideos = (): Promise<number> => sweep();
