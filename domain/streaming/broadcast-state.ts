import type { BroadcastFacts, BroadcastState, BroadcastTimings, SessionEnd, SessionEndReason, SessionStarted } from '../contracts/stream.ts';
import type { ErrorCode } from '../errors.ts';

/** What a broadcast hears of. */
export type BroadcastEvent =
  | { kind: 'session_started'; started: SessionStarted }
  | { kind: 'session_ended'; session_id: string; end: SessionEnd }
  | { kind: 'end_requested' }
  | { kind: 'key_rotated'; key_version: number }
  /** Time went by; null: nobody set another time for it. */
  | { kind: 'time'; scheduled_for_ms: number | null }
  /** The last session is closed, and its recording on its way. */
  | { kind: 'settled' };

export interface BroadcastStep {
  state: BroadcastState;
  /** A session that must be ended on its host. */
  close: { session: SessionStarted; reason: SessionEndReason } | null;
}

type Timings = Pick<BroadcastTimings, 'grace_ms' | 'unused_ms'>;

export const isOver = ({ status }: Pick<BroadcastState, 'status'>): boolean => status === 'ending' || status === 'ended';

/** How a workflow begins, by what the tables say: mostly a stream that waits, sometimes one whose workflow was lost. */
export function beginBroadcast(facts: BroadcastFacts, timings: Timings, now: number): BroadcastState {
  const { status, is_deleted, session, key_version, started_at_ms } = facts;
  const state: BroadcastState = { status, code: null, reason: null, session: null, epoch: session?.epoch ?? 0, key_version, started_at_ms, deadline_ms: null, sessions: 0 };
  if (status === 'ended' || (is_deleted && status === 'waiting')) return { ...state, status: 'ended' };
  if (is_deleted || status === 'ending') return { ...state, status: 'ending' };
  if (session) return { ...state, status: 'live', session, started_at_ms: started_at_ms ?? session.at_ms, sessions: 1 };
  if (status === 'waiting') return { ...state, deadline_ms: unusedAt(facts.scheduled_for_ms, timings, now) };
  return { ...state, status: 'reconnecting', code: 'encoder_gone', reason: 'The encoder is gone.', deadline_ms: now + timings.grace_ms };
}

/** What follows from an event, in whichever order they come; what is late, or about another session, changes nothing. */
export function advance(state: BroadcastState, event: BroadcastEvent, timings: Timings, now: number): BroadcastStep {
  switch (event.kind) {
    case 'session_started':
      return onStarted(state, event.started);
    case 'session_ended':
      return state.session?.session_id === event.session_id ? step(onEnded(state, event.end, timings, now)) : step(state);
    case 'end_requested':
      return onEndRequested(state);
    case 'key_rotated':
      return onKeyRotated(state, event.key_version, timings, now);
    case 'time':
      return step(onTime(state, event.scheduled_for_ms, timings, now));
    case 'settled':
      return step(state.status === 'ending' ? { ...state, status: 'ended' } : state);
  }
}

function onStarted(state: BroadcastState, started: SessionStarted): BroadcastStep {
  if (started.epoch <= state.epoch) return step(state);
  const heard = { ...state, epoch: started.epoch };
  if (isOver(state)) return step(heard, { session: started, reason: 'stream_ended' });
  if (isOlder(started, state.key_version)) return step(heard, { session: started, reason: 'key_revoked' });
  return step({
    ...heard,
    status: 'live',
    code: null,
    reason: null,
    session: started,
    started_at_ms: state.started_at_ms ?? started.at_ms,
    deadline_ms: null,
    sessions: state.sessions + 1,
  });
}

function onEnded(state: BroadcastState, end: SessionEnd, timings: Timings, now: number): BroadcastState {
  if (end.reason === 'stream_ended') return ending(state, null, end.detail);
  return { ...state, status: 'reconnecting', ...wordsOf(end), session: null, deadline_ms: now + timings.grace_ms };
}

function onEndRequested(state: BroadcastState): BroadcastStep {
  if (isOver(state)) return step(state);
  if (state.status === 'waiting') return step({ ...state, status: 'ended', deadline_ms: null });
  return step(ending(state, null, null), state.session && { session: state.session, reason: 'stream_ended' });
}

function onKeyRotated(state: BroadcastState, key_version: number, timings: Timings, now: number): BroadcastStep {
  const rotated = { ...state, key_version: Math.max(state.key_version, key_version) };
  const { session } = state;
  if (!session || isOver(state) || !isOlder(session, rotated.key_version)) return step(rotated);
  return step(onEnded(rotated, { reason: 'key_revoked', detail: null, at_ms: now }, timings, now), { session, reason: 'key_revoked' });
}

function onTime(state: BroadcastState, scheduled_for_ms: number | null, timings: Timings, now: number): BroadcastState {
  if (state.deadline_ms === null || now < state.deadline_ms) return state;
  if (state.status === 'reconnecting') return ending(state, 'encoder_gone', `The encoder did not come back within ${Math.round(timings.grace_ms / 1_000)} s.`);
  if (state.status !== 'waiting') return state;
  const moved = scheduled_for_ms === null ? 0 : scheduled_for_ms + timings.unused_ms;
  return moved > now ? { ...state, deadline_ms: moved } : { ...state, status: 'ended', deadline_ms: null, reason: 'Nobody ever published to it.' };
}

const ending = (state: BroadcastState, code: ErrorCode | null, reason: string | null): BroadcastState => ({
  ...state,
  status: 'ending',
  code,
  reason,
  session: null,
  deadline_ms: null,
});

const step = (state: BroadcastState, close: BroadcastStep['close'] = null): BroadcastStep => ({ state, close });
const isOlder = ({ key_version }: SessionStarted, than: number): boolean => key_version !== null && key_version < than;
const unusedAt = (scheduledForMs: number | null, { unused_ms }: Timings, now: number): number => Math.max(scheduledForMs ?? 0, now) + unused_ms;

/** What people read while the stream waits for its encoder. */
const WORDS: Record<SessionEndReason, { code: ErrorCode | null; words: string }> = {
  closed: { code: 'encoder_gone', words: 'The encoder stopped publishing.' },
  connection_lost: { code: 'encoder_gone', words: 'The encoder’s connection broke.' },
  silent: { code: 'encoder_gone', words: 'The encoder sent no media any more.' },
  key_revoked: { code: 'stream_key_unknown', words: 'The stream key was rotated: publish with the new one.' },
  stream_ended: { code: null, words: 'The stream was ended.' },
  taken_over: { code: 'encoder_gone', words: 'Another session took the stream over.' },
  media_worker_died: { code: 'media_worker_died', words: 'The media worker died and was replaced.' },
  media_host_died: { code: 'media_worker_died', words: 'The media host died.' },
  bridge_failed: { code: 'ffmpeg_failed', words: 'The encoder’s media could not be taken in.' },
  shutdown: { code: null, words: 'The media host was stopped for a while.' },
};

function wordsOf({ reason, detail }: SessionEnd): Pick<BroadcastState, 'code' | 'reason'> {
  const { code, words } = WORDS[reason];
  return { code, reason: detail === null || detail === words ? words : `${words} (${detail})` };
}
