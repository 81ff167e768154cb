import { condition, continueAsNew, proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { DEFAULT_PURCHASE_TIMINGS, type PurchaseTimings, type VerifyPurchaseActivities, type VerifyPurchaseInput } from '../domain/contracts/purchase.ts';
import { orGivenUp } from './given-up.ts';
import { storeChangedSignal } from './verify-purchase.messages.ts';

/**
 * Follows a purchase until its coins are granted, refused or taken back: asks the store, settles what it says, and asks again where
 * the store has told of a change meanwhile. A later change starts it anew. A store that is down is waited for.
 */
export async function verifyPurchase(input: VerifyPurchaseInput): Promise<void> {
  const { purchase_id, workspace_id } = input;
  const ref = { purchase_id, workspace_id };
  const timings: PurchaseTimings = { ...DEFAULT_PURCHASE_TIMINGS, ...input.timings };
  const retry = { initialInterval: timings.retry_initial_ms, backoffCoefficient: 2, maximumInterval: timings.retry_max_ms };
  const startToCloseTimeout = timings.attempt_ms;
  const { askStore } = proxyActivities<VerifyPurchaseActivities>({ startToCloseTimeout, retry });
  // PostgreSQL being gone is waited for.
  const { settlePurchase } = proxyActivities<VerifyPurchaseActivities>({ startToCloseTimeout, retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } });
  const { finishPurchase } = proxyActivities<VerifyPurchaseActivities>({ startToCloseTimeout, scheduleToCloseTimeout: timings.finish_max_ms, retry });
  let hasChanged = false;
  setHandler(storeChangedSignal, () => {
    hasChanged = true;
  });
  upsertSearchAttributes({ WorkspaceId: [workspace_id] });
  const since_ms = input.carried?.since_ms ?? Date.now();
  let pause_ms = input.carried?.pause_ms ?? timings.poll_ms;

  while (!workflowInfo().continueAsNewSuggested) {
    hasChanged = false;
    setCurrentDetails('asking the store');
    const answer = await askStore(ref);
    if (answer === null) return;
    // Told while it was asked: what it said may be old.
    if (hasChanged) continue;
    const is_last = Date.now() - since_ms >= timings.unpaid_max_ms;
    const { status, next } = await settlePurchase({ ...ref, answer, is_last });
    setCurrentDetails(status);
    const isOver = next === 'done' || (next === 'finish' && (await isFinished()));
    if (hasChanged) continue;
    if (isOver || is_last) return;
    await condition(() => hasChanged, pause_ms);
    pause_ms = Math.min(pause_ms * 2, timings.poll_max_ms);
  }
  await continueAsNew<typeof verifyPurchase>({ ...input, carried: { since_ms, pause_ms } });

  /** A refund may come while the store does not take that the coins were given: then it is asked again in between. */
  async function isFinished(): Promise<boolean> {
    const outcome = await orGivenUp(() => finishPurchase(ref));
    return outcome === undefined;
  }
}
