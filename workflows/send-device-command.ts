import { proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { ActionActivities } from '../activities/actions/action.activities.ts';
import type { AttemptResult } from '../domain/contracts/action.ts';
import type { SendDeviceCommandInput } from '../domain/contracts/device.ts';

const { sendCommand } = proxyActivities<ActionActivities>({
  startToCloseTimeout: '35 seconds',
  retry: { initialInterval: '200ms', maximumInterval: '1 second', maximumAttempts: 5 },
});

/** A person waits for the answer: a command that comes minutes late would surprise them. */
const PAUSES_MS = [250, 750];

/** Sends one command that a person gave, at most three times. @returns how the last attempt went */
export async function sendDeviceCommand(input: SendDeviceCommandInput): Promise<AttemptResult> {
  const command = { ...input, idempotency_key: input.idempotency_key ?? workflowInfo().workflowId };
  let result = await sendCommand(command);
  for (const pause of PAUSES_MS) {
    if (result.outcome !== 'retryable') return result;
    await sleep(Math.max(pause, Math.min(result.retry_after_ms ?? 0, 2_000)));
    result = await sendCommand(command);
  }
  return result;
}
