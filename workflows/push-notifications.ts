import { continueAsNew, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import { DEFAULT_PUSH_TIMINGS, type PushActivities, type PushNotificationsInput, type PushTimings } from '../domain/contracts/push.ts';

const { ensurePushing } = proxyActivities<PushActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1s', maximumInterval: '10 seconds', maximumAttempts: 5 },
});

/** More than what is under way may take when a run ends, milliseconds. */
const GRACE_MS = 120_000;

/** Pushes notifications for as long as there is an app. What waits is in the table; this keeps one worker at it, whichever lives. */
export async function pushNotifications(input: PushNotificationsInput): Promise<void> {
  const timings: PushTimings = { ...DEFAULT_PUSH_TIMINGS, ...input.timings };
  // PostgreSQL being gone is waited for; the push service being gone is the activity's own matter.
  const { deliverPushes } = proxyActivities<PushActivities>({
    startToCloseTimeout: timings.run_ms + GRACE_MS,
    heartbeatTimeout: timings.heartbeat_timeout_ms,
    retry: { initialInterval: '500ms', maximumInterval: '10 seconds' },
    summary: 'pushes what waits, and what comes',
  });
  let settled = 0;
  for (let run = 0; run < timings.runs; run += 1) {
    settled += await deliverPushes(timings);
    setCurrentDetails(`${settled} notifications were settled in ${run + 1} runs.`);
  }
  await continueAsNew<typeof pushNotifications>(input);
}

/** By a Schedule: has the workflow run that pushes. */
export const sweepPushes = (): Promise<void> => ensurePushing();
