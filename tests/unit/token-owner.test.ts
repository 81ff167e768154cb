import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_TOKEN_TIMINGS, type AccountLife, type TokenLife, type TokenTimings } from '../../domain/contracts/social-account.ts';
import { answerTo, describeOwner, fail, isWanted, learn, newOwner, nextStep, stateOf, type TokenOwner } from '../../domain/publishing/token-owner.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 21);
const timings: TokenTimings = DEFAULT_TOKEN_TIMINGS;

const life = (over: Partial<TokenLife> = {}): TokenLife => ({
  state: 'connected',
  token_version: 3,
  obtained_at_ms: NOW,
  access_expires_at_ms: NOW + 2 * HOUR,
  refresh_expires_at_ms: NOW + 180 * 24 * HOUR,
  ...over,
});
const usable = (over?: Partial<TokenLife>): AccountLife => ({ kind: 'usable', life: life(over) });
const owner = (over?: Partial<TokenLife>): TokenOwner => newOwner(usable(over), 0, timings, NOW, 0);
const failure = { kind: 'failed', code: 'tiktok_internal', reason: 'internal_error' } as const;
const asking = (base: TokenOwner, version: number): TokenOwner => ({ ...base, wanted_version: version });

describe('what is to be done', () => {
  test('is to sleep until the margin before the end, and then to refresh', () => {
    expect(nextStep(owner(), timings, NOW)).toEqual({ kind: 'sleep', ms: 1.7 * HOUR });
    expect(nextStep(owner(), timings, NOW + 1.7 * HOUR)).toEqual({ kind: 'refresh', version: 3 });
  });

  test('is to refresh at once where somebody found this very pair wanting', () => {
    expect(nextStep(asking(owner(), 3), timings, NOW)).toEqual({ kind: 'refresh', version: 3 });
    expect(nextStep(asking(owner(), 2), timings, NOW).kind).toBe('sleep');
    expect([isWanted(asking(owner(), 3)), isWanted(asking(owner(), 2))]).toEqual([true, false]);
  });

  test('is to show that the consent ends soon, once', () => {
    const soon = owner({ refresh_expires_at_ms: NOW + 14 * 24 * HOUR + HOUR });
    expect(nextStep(soon, timings, NOW)).toEqual({ kind: 'sleep', ms: HOUR });
    expect(nextStep(soon, timings, NOW + HOUR)).toEqual({ kind: 'show_expiring', version: 3 });
    const shown = learn(soon, usable({ state: 'expiring', refresh_expires_at_ms: NOW + 14 * 24 * HOUR + HOUR }), timings, 0);
    expect(nextStep(shown, timings, NOW + HOUR)).toEqual({ kind: 'sleep', ms: 0.7 * HOUR });
  });

  test('is nothing more where there are no usable tokens', () => {
    const gone = learn(owner(), { kind: 'gone' }, timings, 0);
    const dead = learn(owner(), { kind: 'reconnect_needed', code: 'token_lost', reason: 'x' }, timings, 0);
    expect([nextStep(gone, timings, NOW), nextStep(dead, timings, NOW)]).toEqual([{ kind: 'end' }, { kind: 'end' }]);
    expect([stateOf(gone), stateOf(dead), stateOf(owner())]).toEqual(['disconnected', 'reconnect_needed', 'connected']);
  });

  test('is never to sleep for longer than a timer lasts', () => {
    const long = owner({ access_expires_at_ms: NOW + 400 * 24 * HOUR, refresh_expires_at_ms: NOW + 4_000 * 24 * HOUR });
    expect(nextStep(long, timings, NOW)).toEqual({ kind: 'sleep', ms: 30 * 24 * HOUR });
  });
});

describe('whoever asks', () => {
  test('has the newer pair at once, or waits for a refresh', () => {
    expect(answerTo(owner(), 2, NOW)).toEqual({ ok: true, token_version: 3 });
    expect(answerTo(owner(), 3, NOW)).toBeNull();
  });

  test('gets the last failure as long as TikTok wants to be left alone, and then a new try', () => {
    const failed = fail(asking(owner(), 3), { ...failure, retry_after_ms: 20_000 }, timings, NOW, 1);
    expect(answerTo(failed, 3, NOW + 19_999)).toEqual({ ok: false, code: 'tiktok_internal', reason: 'internal_error', state: 'connected' });
    expect(answerTo(failed, 3, NOW + 20_000)).toBeNull();
    expect(answerTo(failed, 2, NOW)).toEqual({ ok: true, token_version: 3 });
    expect([isWanted(failed), failed.next_at_ms]).toEqual([false, NOW + 20_000]);
    expect(describeOwner(failed)).toContain('1 refreshes in a row failed');
  });

  test('learns why there is none', () => {
    const dead = learn(owner(), { kind: 'reconnect_needed', code: 'token_lost', reason: 'lost' }, timings, 0);
    expect(answerTo(dead, 3, NOW)).toEqual({ ok: false, code: 'token_lost', reason: 'lost', state: 'reconnect_needed' });
    expect(answerTo(learn(owner(), { kind: 'gone' }, timings, 0), 3, NOW)).toMatchObject({ ok: false, code: 'account_disconnected' });
  });
});

test('a new pair forgets the failures of the old one, the same pair keeps them', () => {
  const failed = fail(fail(owner(), failure, timings, NOW, 1), failure, timings, NOW, 1);
  expect(failed).toMatchObject({ failures_in_a_row: 2, next_at_ms: NOW + 2_000 });
  expect(learn(failed, usable(), timings, 0)).toMatchObject({ failures_in_a_row: 2, next_at_ms: NOW + 2_000 });
  expect(learn(failed, usable({ token_version: 4 }), timings, 0)).toMatchObject({ failures_in_a_row: 0, failure: null, next_at_ms: NOW + 1.7 * HOUR });
});

test('a run that begins after failures waits as they would have', () => {
  expect(newOwner(usable(), 3, timings, NOW, 1).next_at_ms).toBe(NOW + 4_000);
});

test('whatever happens in whatever order, failing never ends it, and whoever asks is answered by the next outcome', () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('fail' as const), retry: fc.nat(600_000) }),
    fc.record({ kind: fc.constant('refreshed' as const) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3 * HOUR) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (events, random) => {
      let [state, now, version] = [owner(), NOW, 3];
      for (const each of events) {
        if (each.kind === 'pass') now += each.ms;
        else {
          state = asking(state, version);
          if (each.kind === 'fail') state = fail(state, { ...failure, retry_after_ms: each.retry }, timings, now, random);
          else state = learn(state, usable({ token_version: ++version, obtained_at_ms: now, access_expires_at_ms: now + 2 * HOUR, refresh_expires_at_ms: now + 180 * 24 * HOUR }), timings, random);
          expect(answerTo(state, each.kind === 'fail' ? version : version - 1, now)).not.toBeNull();
        }
        const step = nextStep(state, timings, now);
        expect(step.kind).not.toBe('end');
        if (step.kind === 'sleep') expect(step.ms).toBeGreaterThan(0);
      }
    }),
  );
});
