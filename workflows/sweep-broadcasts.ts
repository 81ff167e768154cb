import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { BroadcastTableActivities } from '../activities/streaming/broadcast.activities.ts';

const { sweepBroadcasts: sweep } = proxyActivities<Pick<BroadcastTableActivities, 'sweepBroadcasts'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 5 },
});

/** Every minute, by a Schedule: each goes on where the one before stopped. */
export async function sweepBroadcasts(): Promise<string | null> {
  return sweep((workflowInfo().lastResult as string | null | undefined) ?? null);
}
