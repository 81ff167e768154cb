import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  DEFAULT_BROADCAST_TIMINGS,
  type BroadcastActivities,
  type BroadcastHostActivities,
  type BroadcastInput,
  type BroadcastState,
  type BroadcastTimings,
  type PublishAnnounced,
  type SessionEnd,
  type SessionEndReason,
  type SessionStarted,
  type StreamStatus,
} from '../domain/contracts/stream.ts';
import type { IngestVodInput } from '../domain/contracts/vod.ts';
import { ingestVodWorkflowId } from '../domain/names.ts';
import { advance, beginBroadcast, type BroadcastEvent } from '../domain/streaming/broadcast-state.ts';
import { broadcastViewQuery, endBroadcastSignal, keyRotatedSignal, publishAnnouncedSignal, sessionStartedSignal } from './broadcast.messages.ts';

/** Announcements that are remembered, so that a repeat changes nothing. */
const REMEMBERED = 20;
/** A timer of Temporal's may be longer; JavaScript's numbers of a moment far away need not be tried. */
const LONGEST_MS = 30 * 86_400_000;
/** How long the end of a stream waits for its last session to be closed: what is left of it then is ended by its host. */
const SETTLE_MS = 15_000;

// PostgreSQL being gone is waited for.
const { readBroadcast, setStreamStatus, closeDeadSession, prepareRecording } = proxyActivities<BroadcastActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
});

/**
 * The life of a stream that we host: waits for its encoder, is live while one publishes, gives one that broke off time to come back, and has the
 * recording made into a video at its end. What the stream is stands in its row; what follows from what is decided in domain/streaming.
 */
export async function broadcast(input: BroadcastInput): Promise<{ status: StreamStatus }> {
  const timings: BroadcastTimings = { ...DEFAULT_BROADCAST_TIMINGS, ...input.timings };
  const { stream_id, workspace_id, request_id } = input;
  const inbox: BroadcastEvent[] = [];
  const announcements: string[] = [...(input.carried?.announcements ?? [])];
  let state: BroadcastState | null = input.carried ?? null;
  let carrying: { session_id: string; scope: CancellationScope } | null = null;
  let pulling: CancellationScope | null = null;
  let closings = 0;

  const show = ({ status, reason }: BroadcastState): void => {
    setCurrentDetails(reason ? `**${status}**: ${reason}` : `**${status}**`);
    upsertSearchAttributes({ StreamId: [stream_id], StreamStatus: [status], WorkspaceId: [workspace_id] });
  };
  /** The newest announcement is the one that counts. */
  const pull = async ({ announcement_id, request_id: asked, key_version }: PublishAnnounced): Promise<void> => {
    pulling?.cancel();
    const scope = new CancellationScope();
    pulling = scope;
    try {
      await scope.run(() => pullActivity(timings).pullStream({ stream_id, announcement_id, request_id: asked, ...(key_version !== undefined && { key_version }) }));
    } catch (error) {
      // Why is in the history, and the announcing server's encoder announces again.
      if (!isCancellation(error)) log.warn('the announced stream can not be fetched', { stream_id, announcement_id, error: String(error) });
    } finally {
      if (pulling === scope) pulling = null;
    }
  };
  const carry = async (session: SessionStarted): Promise<void> => {
    carrying?.scope.cancel();
    const mine = { session_id: session.session_id, scope: new CancellationScope() };
    carrying = mine;
    try {
      const end = await mine.scope.run(() => carried(stream_id, session, timings));
      inbox.push({ kind: 'session_ended', session_id: session.session_id, end });
    } catch (error) {
      if (!isCancellation(error)) throw error;
    } finally {
      if (carrying === mine) carrying = null;
    }
  };
  const moveTo = async (next: BroadcastState): Promise<void> => {
    const before = state;
    state = next;
    if (next.session && next.session.session_id !== before?.session?.session_id) void carry(next.session);
    if (before?.status === next.status && before.reason === next.reason) return;
    show(next);
    await setStreamStatus({ stream_id, workspace_id, status: next.status, reason: next.reason, code: next.code, at_ms: Date.now() });
  };
  /** A host that is dead must not keep the next encoder waiting. */
  const close = async ({ session, reason }: { session: SessionStarted; reason: SessionEndReason }): Promise<void> => {
    closings += 1;
    await closeSession(session, reason);
    closings -= 1;
  };
  const take = async (event: BroadcastEvent): Promise<void> => {
    const next = advance(state!, event, timings, Date.now());
    if (next.close) void close(next.close);
    await moveTo(next.state);
  };
  /** The segments of the last session come before the video of all of them. */
  const settle = async (): Promise<void> => {
    await condition(() => carrying === null && closings === 0, SETTLE_MS);
    carrying?.scope.cancel();
    pulling?.cancel();
    const recording = input.record ? await prepareRecording({ stream_id }) : null;
    if (recording) await ingest({ vod_id: recording.vod_id, workspace_id, source: 'recording', stream_id, request_id });
    await take({ kind: 'settled' });
  };

  /** What continues as new takes along neither a fetch nor a close that is on its way. */
  const mayContinue = (): boolean => isFull(timings) && pulling === null && closings === 0;

  // Below what they use: a signal that came before the first step is handled here and now.
  setHandler(sessionStartedSignal, (started) => void inbox.push({ kind: 'session_started', started }));
  setHandler(endBroadcastSignal, () => void inbox.push({ kind: 'end_requested' }));
  setHandler(keyRotatedSignal, ({ key_version }) => void inbox.push({ kind: 'key_rotated', key_version }));
  setHandler(publishAnnouncedSignal, (announced) => {
    if (announcements.includes(announced.announcement_id)) return;
    announcements.push(announced.announcement_id);
    announcements.splice(0, announcements.length - REMEMBERED);
    void pull(announced);
  });
  setHandler(broadcastViewQuery, () => ({
    status: state?.status ?? 'waiting',
    session_id: state?.session?.session_id ?? null,
    sessions: state?.sessions ?? 0,
    started_at_ms: state?.started_at_ms ?? null,
    deadline_ms: state?.deadline_ms ?? null,
  }));

  if (state) {
    show(state);
    if (state.session) void carry(state.session);
  } else {
    const facts = await readBroadcast({ stream_id });
    if (!facts) return { status: 'ended' };
    const begun = beginBroadcast(facts, timings, Date.now());
    if (begun.status === facts.status) {
      state = begun;
      show(begun);
      if (begun.session) void carry(begun.session);
    } else await moveTo(begun);
  }
  while (state!.status !== 'ended') {
    const event = inbox.shift();
    if (event) await take(event);
    else if (state!.status === 'ending') await settle();
    else if (isDue(state!)) {
      const facts = state!.status === 'waiting' ? await readBroadcast({ stream_id }) : null;
      await take({ kind: 'time', scheduled_for_ms: facts?.scheduled_for_ms ?? null });
    } else if (mayContinue()) await continueAsNew<typeof broadcast>({ ...input, carried: { ...state!, announcements } });
    // The looks whether a host lives fill the history while nothing is heard.
    else await condition(() => inbox.length > 0 || mayContinue(), untilDeadline(state!));
  }
  return { status: 'ended' };
}

const isDue = ({ deadline_ms }: BroadcastState): boolean => deadline_ms !== null && deadline_ms <= Date.now();
const untilDeadline = ({ deadline_ms }: BroadcastState): number => (deadline_ms === null ? LONGEST_MS : Math.min(Math.max(0, deadline_ms - Date.now()), LONGEST_MS));
const isFull = ({ max_history }: BroadcastTimings): boolean => workflowInfo().historyLength > max_history || workflowInfo().continueAsNewSuggested;

/** Has the session's host say when it is over; where the host does not answer, the table tells whether media still comes. */
async function carried(stream_id: string, session: SessionStarted, { heartbeat_timeout_ms }: BroadcastTimings): Promise<SessionEnd> {
  const { session_id, host_task_queue } = session;
  const { carrySession } = proxyActivities<BroadcastHostActivities>({
    taskQueue: host_task_queue,
    // A stream may last for days; what notices a dead host is the heartbeat.
    startToCloseTimeout: '30 days',
    scheduleToStartTimeout: heartbeat_timeout_ms,
    heartbeatTimeout: heartbeat_timeout_ms,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { maximumAttempts: 1 },
    summary: 'lasts as long as the encoder’s session',
  });
  while (true) {
    try {
      return await carrySession({ stream_id, session_id });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const end = await closeDeadSession({ stream_id, session_id, end: { reason: 'media_host_died', detail: null, at_ms: Date.now() } });
      if (end) return end;
    }
  }
}

async function closeSession({ session_id, host_task_queue }: SessionStarted, reason: SessionEndReason): Promise<void> {
  const host = proxyActivities<BroadcastHostActivities>({ taskQueue: host_task_queue, startToCloseTimeout: '5s', scheduleToCloseTimeout: '10s', retry: { initialInterval: '500ms', maximumAttempts: 3 } });
  try {
    await host.closeSession({ session_id, reason });
  } catch (error) {
    // The table says it too: a host that lives looks there every second, and one that is dead holds nothing.
    log.warn('the session’s host does not answer', { session_id, reason, error: String(error) });
  }
}

const pullActivity = ({ grace_ms }: BroadcastTimings) =>
  proxyActivities<BroadcastActivities>({
    startToCloseTimeout: '60s',
    heartbeatTimeout: '30s',
    scheduleToCloseTimeout: grace_ms + 60_000,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '5s' },
    summary: 'has a media host fetch the announced stream',
  });

async function ingest(input: IngestVodInput): Promise<void> {
  try {
    await startChild('ingestVod', {
      workflowId: ingestVodWorkflowId(input.vod_id),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Video ${input.vod_id}`,
    });
  } catch (error) {
    // A broadcast that was begun again at its end: the video is being made.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
