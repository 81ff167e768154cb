import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleSpec } from '@temporalio/client';
import { taskQueue, type Role } from '../domain/names.ts';

interface PeriodicWork {
  workflowType: string;
  role: Role;
  spec: ScheduleSpec;
}

/** All periodic work there is. */
const SCHEDULES: readonly PeriodicWork[] = [
  { workflowType: 'enforceRetention', role: 'actions', spec: { calendars: [{ hour: 4, minute: 7 }] } },
  { workflowType: 'checkLedger', role: 'social', spec: { calendars: [{ hour: 3, minute: 17 }] } },
  { workflowType: 'sweepLivestreams', role: 'actions', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepActions', role: 'actions', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepPosts', role: 'publish', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepTikTokWebhooks', role: 'publish', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepJobs', role: 'shop', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepShopWebhooks', role: 'shop', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepLabels', role: 'shop', spec: { intervals: [{ every: '30 minutes' }] } },
  { workflowType: 'sweepBroadcasts', role: 'media', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepChatRestrictions', role: 'media', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepOrders', role: 'shop', spec: { intervals: [{ every: '5 minutes' }] } },
  { workflowType: 'sweepVods', role: 'media', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepAccounts', role: 'social', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepVideos', role: 'social', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepPushes', role: 'social', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepPurchases', role: 'social', spec: { intervals: [{ every: '1 minute' }] } },
  { workflowType: 'sweepPayouts', role: 'social', spec: { intervals: [{ every: '1 minute' }] } },
];

/** Ids of all of them, for who takes them away. */
export const scheduleIds = (prefix: string): string[] => SCHEDULES.map(({ workflowType }) => `${prefix}${workflowType}`);

/** Makes the Schedules, or brings them to what the code says; safe when several workers do it at once. */
export async function ensureSchedules(client: Client, prefix: string): Promise<void> {
  for (const work of SCHEDULES) await ensure(client, prefix, work);
}

async function ensure(client: Client, prefix: string, { workflowType, role, spec }: PeriodicWork): Promise<void> {
  const scheduleId = `${prefix}${workflowType}`;
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;
  const action = {
    type: 'startWorkflow' as const,
    workflowType,
    workflowId: scheduleId,
    taskQueue: taskQueue(role, prefix),
    args: [],
    workflowExecutionTimeout: '2 hours' as const,
  };
  try {
    await client.schedule.create({ scheduleId, spec, action, policies });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update((previous) => ({ ...previous, spec, action, policies }));
  }
}
