import { describe, expect, test } from '@jest/globals';
import { DEFAULT_SESSION_TIMINGS as timings, type ConsumeOutcome } from '../../domain/contracts/livestream.ts';
import { decideNext, type SessionProgress } from '../../domain/session.ts';

const progress = (over: Partial<SessionProgress> = {}): SessionProgress => ({ failures: 0, waits: 0, was_live: true, ...over });
const drop = (frames: number): ConsumeOutcome => ({ kind: 'dropped', code: 'socket_closed', reason: 'gone', frames });

describe('decideNext', () => {
  test('a LIVE that ended ends the session', () => {
    expect(decideNext({ kind: 'live_ended', reason: 'over' }, false, progress(), timings, 0)).toEqual({ kind: 'end', status: 'ended', code: null, reason: 'over' });
  });

  test('a LIVE that has not begun fails the session, unless it was told to wait', () => {
    const outcome: ConsumeOutcome = { kind: 'not_live', code: 'user_offline', reason: 'not live' };
    expect(decideNext(outcome, false, progress(), timings, 0)).toMatchObject({ kind: 'end', status: 'failed', code: 'user_offline' });
    expect(decideNext(outcome, true, progress(), timings, 0.5)).toMatchObject({ kind: 'again', status: 'waiting' });
  });

  test('waiting for a LIVE backs off up to its limit', () => {
    const state = progress();
    const waits = Array.from({ length: 10 }, () => decideNext({ kind: 'not_live', code: 'user_offline', reason: '' }, true, state, timings, 0.999_999));
    const ms = waits.map((step) => (step.kind === 'again' ? step.wait_ms : 0));
    expect(ms.slice(0, 4)).toEqual([15_000, 30_000, 60_000, 120_000]);
    expect(Math.max(...ms)).toBe(120_000);
  });

  test('a connection that brought news is reconnected quickly however often it drops', () => {
    const state = progress();
    for (let i = 0; i < 500; i++) expect(decideNext(drop(3), false, state, timings, 0.5)).toMatchObject({ kind: 'again', status: 'reconnecting', wait_ms: 375 });
  });

  test('connections without any news are given up in the end, with the last reason', () => {
    const state = progress();
    const steps = Array.from({ length: timings.reconnect_attempts }, () => decideNext(drop(0), false, state, timings, 0));
    expect(steps.slice(0, -1).every((step) => step.kind === 'again')).toBe(true);
    expect(steps.at(-1)).toMatchObject({ kind: 'end', status: 'failed', reason: expect.stringContaining('gone') });
  });

  test('reconnects are jittered between half and all of the wait', () => {
    expect(decideNext(drop(0), false, progress(), timings, 0)).toMatchObject({ wait_ms: 500 });
    expect(decideNext(drop(0), false, progress(), timings, 0.999_999)).toMatchObject({ wait_ms: 1_000 });
  });

  test('the sign service is asked again not before it said so', () => {
    const outcome: ConsumeOutcome = { kind: 'rate_limited', code: 'sign_rate_limited', reason: '', retry_after_ms: 42_000 };
    expect(decideNext(outcome, false, progress({ was_live: false }), timings, 0)).toMatchObject({ kind: 'again', status: 'connecting', wait_ms: 42_000 });
    expect(decideNext(outcome, false, progress(), timings, 0.5)).toMatchObject({ status: 'reconnecting', wait_ms: 44_100 });
  });

  test('a twin of a running session is disconnected, what TikTok refuses for good has failed', () => {
    expect(decideNext({ kind: 'refused', code: 'duplicate_session', reason: '' }, true, progress(), timings, 0)).toMatchObject({ status: 'disconnected' });
    expect(decideNext({ kind: 'refused', code: 'age_restricted', reason: '' }, true, progress(), timings, 0)).toMatchObject({ status: 'failed' });
  });
});
