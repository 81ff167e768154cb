import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SESSION_END_REASONS, STREAM_STATUSES, type BroadcastState, type SessionStarted } from '../../domain/contracts/stream.ts';
import { advance, beginBroadcast, type BroadcastEvent, type BroadcastStep } from '../../domain/streaming/broadcast-state.ts';
import { streamNotice } from '../../domain/streaming/stream-notice.ts';

const timings = { grace_ms: 60_000, unused_ms: 1_000_000 };
const facts = { status: 'waiting' as const, is_deleted: false, started_at_ms: null, scheduled_for_ms: null, key_version: 1, session: null };
const started = (epoch: number, key_version: number | null = 1): SessionStarted => ({ session_id: `s${epoch}`, epoch, kind: 'whip', key_version, host_task_queue: 'q', at_ms: epoch, request_id: null });
const waiting = (): BroadcastState => beginBroadcast(facts, timings, 0);
const run = (events: readonly BroadcastEvent[], state = waiting(), now = 10): BroadcastStep => events.reduce<BroadcastStep>((step, event) => advance(step.state, event, timings, now), { state, close: null });
const ended = (epoch: number, reason: (typeof SESSION_END_REASONS)[number] = 'connection_lost'): BroadcastEvent => ({ kind: 'session_ended', session_id: `s${epoch}`, end: { reason, detail: null, at_ms: 0 } });
const starts = (epoch: number, key_version: number | null = 1): BroadcastEvent => ({ kind: 'session_started', started: started(epoch, key_version) });

const anyEvent = fc.oneof(
  fc.record({ kind: fc.constant('session_started' as const), started: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(null, 1, 2, 3)).map(([epoch, version]) => started(epoch, version)) }),
  fc.record({
    kind: fc.constant('session_ended' as const),
    session_id: fc.integer({ min: 1, max: 6 }).map((epoch) => `s${epoch}`),
    end: fc.record({ reason: fc.constantFrom(...SESSION_END_REASONS), detail: fc.constantFrom(null, 'why'), at_ms: fc.constant(0) }),
  }),
  fc.constant<BroadcastEvent>({ kind: 'end_requested' }),
  fc.record({ kind: fc.constant('key_rotated' as const), key_version: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('time' as const), scheduled_for_ms: fc.constantFrom(null, 5_000_000) }),
  fc.constant<BroadcastEvent>({ kind: 'settled' }),
);
const anyRun = fc.array(fc.record({ event: anyEvent, passes: fc.integer({ min: 0, max: 70_000 }) }), { maxLength: 40 });

/** Each event with the state before and after it. */
function walk(steps: readonly { event: BroadcastEvent; passes: number }[]): { before: BroadcastState; event: BroadcastEvent; after: BroadcastStep; now: number }[] {
  let state = waiting();
  let now = 0;
  return steps.map(({ event, passes }) => {
    now += passes;
    const before = state;
    const after = advance(before, event, timings, now);
    state = after.state;
    return { before, event, after, now };
  });
}

describe('Whatever comes, in whichever order,', () => {
  const order = Object.fromEntries(STREAM_STATUSES.map((status, index) => [status, index]));
  const holds = (check: (step: ReturnType<typeof walk>[number]) => void) => fc.assert(fc.property(anyRun, (steps) => walk(steps).forEach(check)), { numRuns: 500 });

  test('a stream that is over stays so, and never waits again once it was live', () =>
    holds(({ before, after: { state } }) => {
      if (before.status === 'ended') expect(state.status).toBe('ended');
      if (before.status === 'ending') expect(['ending', 'ended']).toContain(state.status);
      if (before.started_at_ms !== null) expect([state.status === 'waiting', state.started_at_ms]).toEqual([false, before.started_at_ms]);
      if (state.status === 'waiting') expect(order[before.status]).toBe(order.waiting);
    }));

  test('it is live exactly while a session is carried, and one that may come back or was never there has a deadline', () =>
    holds(({ after: { state } }) => {
      expect(state.status === 'live').toBe(state.session !== null);
      expect(state.deadline_ms !== null).toBe(state.status === 'waiting' || state.status === 'reconnecting');
    }));

  test('epochs and keys only rise, and no older session or key is ever carried', () =>
    holds(({ before, after: { state } }) => {
      expect(state.epoch).toBeGreaterThanOrEqual(before.epoch);
      expect(state.key_version).toBeGreaterThanOrEqual(before.key_version);
      if (state.session) {
        expect(state.session.epoch).toBe(Math.max(state.session.epoch, before.session?.epoch ?? 0));
        expect(state.session.key_version ?? Infinity).toBeGreaterThanOrEqual(state.key_version);
      }
    }));

  test('a session that is no longer carried, or was refused, is closed unless it ended or a newer one took over', () =>
    holds(({ before, event, after: { state, close } }) => {
      const lost = before.session !== null && state.session === null;
      if (lost && event.kind !== 'session_ended') expect(close?.session).toEqual(before.session);
      const refused = event.kind === 'session_started' && event.started.epoch > before.epoch && state.session?.session_id !== event.started.session_id;
      if (refused) expect(close?.session).toEqual(event.started);
      if (close) expect(close.session).not.toEqual(state.session);
    }));

  test('the same word again changes nothing, save that of time', () =>
    holds(({ event, after: { state }, now }) => {
      if (event.kind !== 'time' && event.kind !== 'settled') expect(advance(state, event, timings, now)).toEqual({ state, close: null });
    }));
});

test('an encoder that comes back goes on in the same stream', () => {
  const { state } = run([starts(1), ended(1), starts(2)]);
  expect(state).toMatchObject({ status: 'live', started_at_ms: 1, sessions: 2, reason: null, code: null, deadline_ms: null });
});

test('the end of a session that was replaced is late, and changes nothing', () => {
  expect(run([starts(1), starts(2), ended(1)]).state).toMatchObject({ status: 'live', session: { session_id: 's2' } });
});

test('a grace time that is over ends the stream, and says why', () => {
  const cut = run([starts(1), ended(1)]).state;
  expect(cut).toMatchObject({ status: 'reconnecting', deadline_ms: 60_010, code: 'encoder_gone', reason: 'The encoder’s connection broke.' });
  const time: BroadcastEvent = { kind: 'time', scheduled_for_ms: null };
  expect(advance(cut, time, timings, 60_009).state).toEqual(cut);
  expect(advance(cut, time, timings, 60_010).state).toMatchObject({ status: 'ending', code: 'encoder_gone', reason: 'The encoder did not come back within 60 s.' });
});

test('a key that was rotated refuses the sessions of older ones, and never those of a signed-in person', () => {
  const rotated: BroadcastEvent = { kind: 'key_rotated', key_version: 2 };
  expect(run([starts(1), rotated])).toMatchObject({ state: { status: 'reconnecting', session: null }, close: { reason: 'key_revoked', session: { session_id: 's1' } } });
  expect(run([rotated, starts(1)])).toMatchObject({ state: { status: 'waiting' }, close: { reason: 'key_revoked' } });
  expect(run([rotated, starts(1, 2)]).state.status).toBe('live');
  expect(run([starts(1, null), rotated])).toMatchObject({ state: { status: 'live' }, close: null });
});

test('a session of a stream that a person ended elsewhere ends it too', () => {
  expect(run([starts(1), ended(1, 'stream_ended')]).state).toMatchObject({ status: 'ending', session: null });
});

test.each([
  ['waits', {}, { status: 'waiting', deadline_ms: 1_000_100 }],
  ['waits for a time', { scheduled_for_ms: 5_000 }, { status: 'waiting', deadline_ms: 1_005_000 }],
  ['is live', { status: 'live', session: started(4), started_at_ms: 2 }, { status: 'live', epoch: 4, started_at_ms: 2, sessions: 1 }],
  ['has media though its row is behind', { session: started(4) }, { status: 'live', started_at_ms: 4 }],
  ['was live, without an encoder now', { status: 'live', started_at_ms: 2 }, { status: 'reconnecting', deadline_ms: 60_100 }],
  ['was ending', { status: 'ending' }, { status: 'ending' }],
  ['was deleted before it began', { is_deleted: true }, { status: 'ended' }],
  ['was deleted on air', { is_deleted: true, status: 'live' }, { status: 'ending' }],
  ['is over', { status: 'ended' }, { status: 'ended' }],
] as const)('a workflow begins where the tables say that the stream %s', (_what, over, expected) => {
  expect(beginBroadcast({ ...facts, ...over }, timings, 100)).toMatchObject(expected);
});

test('a deadline that was moved is waited for', () => {
  const late = advance(waiting(), { kind: 'time', scheduled_for_ms: 5_000_000 }, timings, 2_000_000).state;
  expect(late).toMatchObject({ status: 'waiting', deadline_ms: 6_000_000 });
  expect(advance(late, { kind: 'time', scheduled_for_ms: null }, timings, 6_000_000).state).toMatchObject({ status: 'ended', reason: 'Nobody ever published to it.' });
});

test('people are told of what happens to a stream, and not of one that never was', () => {
  const said = STREAM_STATUSES.flatMap((status) => [false, true].map((was_live) => streamNotice({ title: 'Show', status, reason: 'Why.', was_live })));
  expect(said).toEqual([null, null, '“Show” is live.', '“Show” is live again.', '“Show” is cut. Why.', '“Show” is cut. Why.', null, null, null, '“Show” has ended. Why.']);
});
