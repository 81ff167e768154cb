import { proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities } from '../activities/maintenance/maintenance.activities.ts';

const { enforceRetention: retain, sweepLivestreams: sweep } = proxyActivities<MaintenanceActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 5 },
});

/** Nightly, by a Schedule. */
export async function enforceRetention(): Promise<number> {
  return retain();
}

/** Every minute, by a Schedule. */
export async function sweepLivestreams(): Promise<number> {
  return sweep();
}
