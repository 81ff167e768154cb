import {
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ActionActivities } from '../activities/actions/action.activities.ts';
import { backoffMs, DEFAULT_DELIVERY_TIMINGS, type DeliveryTimings, type RestoreDeviceInput } from '../domain/contracts/delivery.ts';
import { extendSignal } from './restore-device.messages.ts';

const { keepRestore } = proxyActivities<ActionActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500ms', maximumInterval: '10 seconds' },
});

const LOOKS = 500;
const MAX_HISTORY = 4_000;
/** A device that should be restored is tried this often at least. */
const LONGEST_BACKOFF_MS = 15_000;

/**
 * Keeps the promise to restore a device: sleeps until it is due, looks whether it was extended meanwhile, and sends it until
 * it succeeds. The promise itself is a row, so that making it longer costs no signal.
 */
export async function restoreDevice(input: RestoreDeviceInput): Promise<void> {
  const timings: DeliveryTimings = { ...DEFAULT_DELIVERY_TIMINGS, backoff_max_ms: LONGEST_BACKOFF_MS, ...input.timings };
  let failures = input.carried?.failures_in_a_row ?? 0;
  let extended = false;
  setHandler(extendSignal, () => {
    extended = true;
  });
  upsertSearchAttributes({ WorkspaceId: [input.workspace_id] });

  for (let look = 0; look < LOOKS && workflowInfo().historyLength < MAX_HISTORY; look += 1) {
    extended = false;
    const report = await keepRestore({
      device_id: input.device_id,
      workspace_id: input.workspace_id,
      give_up_after_ms: timings.give_up_after_ms,
    });
    if (report.kind === 'waiting') {
      failures = 0;
      setCurrentDetails('Waits until the restore is due.');
      await sleep(report.due_in_ms);
    } else if (report.kind === 'failed') {
      failures += 1;
      setCurrentDetails(`The restore failed ${failures} times in a row: ${report.error}`);
      await sleep(Math.max(backoffMs(failures, timings, Math.random()), report.retry_after_ms ?? 0));
    } else if (!extended) {
      return;
    }
  }
  await continueAsNew<typeof restoreDevice>({ ...input, carried: { failures_in_a_row: failures } });
}
