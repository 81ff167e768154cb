import { condition, continueAsNew, proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ChatRestrictionActivities, ChatRestrictionInput } from '../domain/contracts/chat.ts';
import { restrictionChangedSignal } from './chat-restriction.messages.ts';

const { liftRestriction } = proxyActivities<ChatRestrictionActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500ms', maximumInterval: '30 seconds' },
});

/** After so long a sleep the workflow begins anew: years are slept by runs of code that is not years old. */
const LONGEST_SLEEP_MS = 30 * 24 * 3_600_000;
/** The clocks of PostgreSQL and Temporal differ: who wakes a moment too early asks again so much later. */
const SHORTEST_SLEEP_MS = 250;
const MAX_HISTORY = 2_000;

/** Lifts a mute or ban when its time is over. The row decides: a person may lift it before, or give it another time. */
export async function chatRestriction(input: ChatRestrictionInput): Promise<void> {
  let until = input.until_ms;
  let changed = false;
  setHandler(restrictionChangedSignal, () => {
    changed = true;
  });
  upsertSearchAttributes({ WorkspaceId: [input.workspace_id] });

  while (workflowInfo().historyLength < MAX_HISTORY) {
    setCurrentDetails(`Holds until ${new Date(until).toISOString()}.`);
    const left = until - Date.now();
    await condition(() => changed, Math.min(Math.max(left, SHORTEST_SLEEP_MS), LONGEST_SLEEP_MS));
    if (!changed && left > LONGEST_SLEEP_MS) break;
    changed = false;
    const { until_ms } = await liftRestriction({ restriction_id: input.restriction_id });
    if (until_ms === null && !changed) return;
    until = until_ms ?? until;
  }
  await continueAsNew<typeof chatRestriction>({ ...input, until_ms: until });
}
