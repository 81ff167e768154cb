import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answered, DEFAULT_PACE, newPace, refused, take, waitBehind, type Pace } from '../../domain/shop/pacing.ts';

/** Calls as often as it may for a while; gives the moments. */
function callsWithin(pace: Pace, fromMs: number, untilMs: number): { pace: Pace; times: number[] } {
  const times: number[] = [];
  for (let now = fromMs; now < untilMs; ) {
    const next = take(pace, now);
    pace = next.pace;
    if (next.wait_ms === 0) times.push(now);
    now += next.wait_ms;
  }
  return { pace, times };
}
const refusal = (nowMs: number, change: { startedMs?: number; retryAfterMs?: number | null; random?: number } = {}) => ({ startedMs: nowMs, nowMs, retryAfterMs: null, random: 0, ...change });

describe('The pace of calls to a shop', () => {
  test('is the rate, after a burst of half a second', () => {
    const { times } = callsWithin(newPace(0, DEFAULT_PACE), 0, 10_000);
    expect(times.filter((time) => time === 0)).toHaveLength(5);
    expect(times.length).toBeGreaterThanOrEqual(104);
    expect(times.length).toBeLessThanOrEqual(105);
  });

  test('halves with a refusal, once for calls that were under way together, and pauses', () => {
    const pace = newPace(0, DEFAULT_PACE);
    const once = refused(pace, refusal(1_000, { startedMs: 900 }), DEFAULT_PACE);
    expect(once).toMatchObject({ rate: 5, paused_until_ms: 2_000, refusals: 1 });
    expect(refused(once, refusal(1_001, { startedMs: 950 }), DEFAULT_PACE)).toMatchObject({ rate: 5, paused_until_ms: 2_000, refusals: 1 });
    expect(take(once, 1_000).wait_ms).toBe(1_000);
  });

  test('has saved up nothing over a pause', () => {
    const once = refused(newPace(0, DEFAULT_PACE), refusal(1_000, { retryAfterMs: 30_000 }), DEFAULT_PACE);
    expect(take(take(once, 1_500).pace, 31_000).wait_ms).toBe(200);
    expect(callsWithin(once, 31_000, 32_000).times.length).toBeLessThanOrEqual(5);
  });

  test('obeys Retry-After, also of a call that brings no other news', () => {
    const once = refused(newPace(0, DEFAULT_PACE), refusal(1_000, { retryAfterMs: 7_000 }), DEFAULT_PACE);
    expect(once.paused_until_ms).toBe(8_000);
    expect(refused(once, refusal(1_100, { startedMs: 900, retryAfterMs: 9_000 }), DEFAULT_PACE)).toMatchObject({ paused_until_ms: 10_100, rate: 5 });
    expect(refused(once, refusal(1_100, { startedMs: 900, retryAfterMs: 1 }), DEFAULT_PACE).paused_until_ms).toBe(8_000);
  });

  test('pauses for longer with every refusal in a row, to a bound, and never stops altogether', () => {
    let pace = newPace(0, DEFAULT_PACE);
    const pauses: number[] = [];
    for (let at = 0; pauses.length < 9; at = pace.paused_until_ms) {
      pace = refused(pace, refusal(at), DEFAULT_PACE);
      pauses.push(pace.paused_until_ms - at);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(pace.rate).toBe(0.5);
    const { times } = callsWithin(pace, pace.paused_until_ms, pace.paused_until_ms + 10_000);
    expect(times.length).toBeGreaterThanOrEqual(4);
  });

  test('recovers with answers, by about one call a second each second, up to the most', () => {
    let pace = refused(newPace(0, DEFAULT_PACE), refusal(0), DEFAULT_PACE);
    for (let second = 0; second < 10; second += 1) for (let call = 0, calls = Math.floor(pace.rate); call < calls; call += 1) pace = answered(pace, 1, DEFAULT_PACE);
    expect(pace.rate).toBeGreaterThan(12);
    expect(pace.rate).toBeLessThan(16);
    expect(pace.refusals).toBe(0);
    for (let call = 0; call < 10_000; call += 1) pace = answered(pace, 1, DEFAULT_PACE);
    expect(pace.rate).toBe(50);
  });

  test('does not recover by answers to calls that began before the refusal', () => {
    const pace = refused(newPace(0, DEFAULT_PACE), refusal(1_000), DEFAULT_PACE);
    expect(answered(pace, 999, DEFAULT_PACE)).toBe(pace);
  });

  test('is never above rate and burst, wherever the waits begin and whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1_000, max: 3_000 }), { maxLength: 60 }), (steps) => {
        let pace = newPace(0, DEFAULT_PACE);
        let now = 0;
        let latest = 0;
        let taken = 0;
        let back = 0;
        for (const step of steps) {
          now += step;
          if (step < 0) back -= step;
          latest = Math.max(latest, now);
          for (let next = take(pace, now); ; next = take(pace, now)) {
            pace = next.pace;
            if (next.wait_ms > 0) break;
            taken += 1;
          }
        }
        // Time that was lived twice may be used twice.
        expect(taken).toBeLessThanOrEqual(5 + ((latest + back) / 1_000) * 10 + 0.001);
      }),
    );
  });

  test('tells how long a call would wait', () => {
    const pace = newPace(0, DEFAULT_PACE);
    expect(waitBehind(pace, 0, 0)).toBe(0);
    expect(waitBehind(pace, 24, 0)).toBe(2_000);
    expect(waitBehind(refused(pace, refusal(0), DEFAULT_PACE), 4, 0)).toBe(2_000);
  });
});
