import { proxyActivities } from '@temporalio/workflow';
import type { ActionActivities } from '../activities/actions/action.activities.ts';

const { sweepActions: sweep } = proxyActivities<ActionActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { maximumAttempts: 3 },
});

/** Every minute, by a Schedule. */
export async function sweepActions(): Promise<void> {
  await sweep();
}
