import { condition, continueAsNew, proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { DEFAULT_PAYOUT_TIMINGS, type DecidePayout, type PayoutActivities, type PayoutInput, type PayoutState } from '../domain/contracts/payout.ts';
import { isOpenPayout } from '../domain/social/payout.ts';
import { decidePayoutSignal } from './payout.messages.ts';

/** A payout from its hold time, by an admin's decisions, to paid or returned. Its row says where it stands: it may be started anew at any time. */
export async function payout(input: PayoutInput): Promise<void> {
  const { payout_id, workspace_id } = input;
  const ref = { payout_id, workspace_id };
  // PostgreSQL being gone is waited for.
  const { readPayout, releasePayout, carryOutDecision } = proxyActivities<PayoutActivities>({
    startToCloseTimeout: { ...DEFAULT_PAYOUT_TIMINGS, ...input.timings }.attempt_ms,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  });
  const decisions: DecidePayout[] = [];
  setHandler(decidePayoutSignal, (decision) => void decisions.push(decision));
  upsertSearchAttributes({ WorkspaceId: [workspace_id] });
  const isDecided = (): boolean => decisions.length > 0;

  let state: PayoutState | null = await readPayout(ref);
  while (state !== null && isOpenPayout(state.status)) {
    setCurrentDetails(state.status);
    if (!isDecided() && workflowInfo().continueAsNewSuggested) await continueAsNew<typeof payout>(input);
    if (state.status !== 'held') await condition(isDecided);
    else await holdUntil(state.hold_until_ms);
    const decision = decisions.shift();
    state = decision ? await carryOutDecision({ ...ref, decision }) : await releasePayout(ref);
  }

  /** Somebody may refuse it before the time is over. */
  async function holdUntil(until_ms: number): Promise<void> {
    const left = until_ms - Date.now();
    if (left > 0) await condition(isDecided, left);
  }
}
