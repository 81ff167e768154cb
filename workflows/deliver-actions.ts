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
import { backoffMs, DEFAULT_DELIVERY_TIMINGS, type DeliverActionsInput, type DeliveryTimings } from '../domain/contracts/delivery.ts';
import { deliveryQuery, wakeSignal, type DeliveryView } from './deliver-actions.messages.ts';

// PostgreSQL being gone is waited for; what the target does is in the report.
const { deliverBatch } = proxyActivities<ActionActivities>({
  startToCloseTimeout: '3 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '500ms', maximumInterval: '30 seconds' },
});

const PASSES = 200;
const MAX_HISTORY = 4_000;

/** Delivers what waits for one target until nothing does; while the target is down it is probed ever more rarely. */
export async function deliverActions(input: DeliverActionsInput): Promise<void> {
  const timings: DeliveryTimings = { ...DEFAULT_DELIVERY_TIMINGS, ...input.timings };
  const view: DeliveryView = { is_down: false, failures_in_a_row: input.carried?.failures_in_a_row ?? 0, remaining: 0 };
  let woken = false;
  setHandler(wakeSignal, () => {
    woken = true;
  });
  setHandler(deliveryQuery, () => view);
  upsertSearchAttributes({ Target: [input.target], WorkspaceId: [input.workspace_id] });

  for (let pass = 0; pass < PASSES && workflowInfo().historyLength < MAX_HISTORY; pass += 1) {
    woken = false;
    const report = await deliverBatch({ target: input.target, give_up_after_ms: timings.give_up_after_ms });
    view.is_down = report.is_down;
    view.remaining = report.remaining;
    view.failures_in_a_row = report.is_down ? (report.delivered > 0 ? 1 : view.failures_in_a_row + 1) : 0;
    // A wake that comes while the last pass ends makes Temporal run this again, with `woken` set.
    if (report.remaining === 0 && !woken) return;
    if (!report.is_down) continue;
    setCurrentDetails(`The target is down: ${view.failures_in_a_row} failures in a row, ${report.remaining} actions wait.`);
    await sleep(Math.max(backoffMs(view.failures_in_a_row, timings, Math.random()), report.retry_after_ms ?? 0));
  }
  await continueAsNew<typeof deliverActions>({ ...input, carried: { failures_in_a_row: view.failures_in_a_row } });
}
