import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { LivestreamActivities } from '../activities/live/livestream.activities.ts';
import {
  DEFAULT_SESSION_TIMINGS,
  type ConsumeOutcome,
  type LivestreamSessionInput,
  type LivestreamStatus,
  type SessionTimings,
} from '../domain/contracts/livestream.ts';
import { decideNext, type SessionProgress } from '../domain/session.ts';
import { disconnectSignal, openedSignal, statusQuery } from './livestream-session.messages.ts';

/** The life of one livestream: waits for it, has it consumed, reconnects, and ends with it or when told to. */
export async function livestreamSession(input: LivestreamSessionInput): Promise<{ status: LivestreamStatus; reason: string | null }> {
  const timings: SessionTimings = { ...DEFAULT_SESSION_TIMINGS, ...input.timings };
  const activities = activitiesOf(timings);
  const progress: SessionProgress = {
    failures: input.carried?.failures_in_a_row ?? 0,
    waits: input.carried?.waits_in_a_row ?? 0,
    was_live: input.carried?.was_live ?? false,
  };
  let status: LivestreamStatus = input.carried?.phase ?? 'connecting';
  let reason: string | null = null;
  let disconnecting = false;
  let consuming: CancellationScope | null = null;

  const show = (next: LivestreamStatus, why: string | null): void => {
    status = next;
    reason = why;
    setCurrentDetails(why ? `**${next}**: ${why}` : `**${next}**`);
    upsertSearchAttributes({ LivestreamStatus: [next], WorkspaceId: [input.workspace_id] });
  };
  const change = async (next: LivestreamStatus, code: string | null, why: string | null): Promise<void> => {
    show(next, why);
    await activities.setLivestreamStatus(input.livestream_id, { status: next, code, reason: why });
  };
  const consume = async (): Promise<ConsumeOutcome | null> => {
    consuming = new CancellationScope();
    try {
      return await consuming.run(() => activities.consumeLivestream({ livestream_id: input.livestream_id, workspace_id: input.workspace_id }));
    } catch (error) {
      if (disconnecting && isCancellation(error)) return null;
      throw error;
    } finally {
      consuming = null;
    }
  };

  // Below what they use: a signal that came before the first step is handled here and now.
  setHandler(statusQuery, () => ({ status, reason }));
  setHandler(disconnectSignal, () => {
    disconnecting = true;
    consuming?.cancel();
  });
  setHandler(openedSignal, () => {
    progress.was_live = true;
    show('live', null);
  });

  show(status, null);
  while (!disconnecting) {
    const outcome = await consume();
    if (outcome === null) break;
    const next = decideNext(outcome, input.wait_for_live, progress, timings, Math.random());
    await change(next.status, next.code, next.reason);
    if (next.kind === 'end') return { status, reason };
    if (await condition(() => disconnecting, next.wait_ms)) break;
    if (workflowInfo().historyLength > timings.max_history || workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof livestreamSession>({
        ...input,
        carried: { phase: status, failures_in_a_row: progress.failures, waits_in_a_row: progress.waits, was_live: progress.was_live },
      });
    }
  }
  await change('disconnected', null, 'Disconnected on request.');
  return { status, reason };
}

function activitiesOf(timings: SessionTimings) {
  const { consumeLivestream } = proxyActivities<LivestreamActivities>({
    // A LIVE may last for days; what notices a dead worker is the heartbeat.
    startToCloseTimeout: '30 days',
    heartbeatTimeout: timings.heartbeat_timeout_ms,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '15s' },
    summary: 'listens to the LIVE',
  });
  const { setLivestreamStatus } = proxyActivities<LivestreamActivities>({
    startToCloseTimeout: '10s',
    retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '15s' },
    summary: 'status for people',
  });
  return { consumeLivestream, setLivestreamStatus };
}
