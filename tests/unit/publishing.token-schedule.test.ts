import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_TOKEN_TIMINGS, type TokenLife } from '../../domain/contracts/social-account.ts';
import { isExpiring, nextRefreshAt, refreshBackoff, refreshDue } from '../../domain/publishing/token-schedule.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const life = (accessMs: number, refreshMs: number, obtained_at_ms = 1_000_000): TokenLife => ({
  state: 'connected',
  token_version: 1,
  obtained_at_ms,
  access_expires_at_ms: obtained_at_ms + accessMs,
  refresh_expires_at_ms: obtained_at_ms + refreshMs,
});
const after = (token: TokenLife, random: number): number => nextRefreshAt(token, DEFAULT_TOKEN_TIMINGS, random) - token.obtained_at_ms;

describe('The next refresh', () => {
  test.each([
    ['2 hours', life(2 * HOUR, 180 * DAY), 0.85 * 2 * HOUR, 0.75 * 2 * HOUR],
    ['24 hours', life(DAY, 365 * DAY), 0.85 * DAY, 0.75 * DAY],
  ])('of a token of %s comes with the margin left, spread over the jitter', (_name, token, latest, earliest) => {
    expect(after(token, 0)).toBe(latest);
    expect(after(token, 1)).toBe(earliest);
  });

  test('of a short token keeps the least margin, but uses half of its life', () => {
    expect(after(life(300_000, DAY), 0)).toBe(240_000);
    expect(after(life(60_000, DAY), 0)).toBe(30_000);
    expect(after(life(10_000, DAY), 1)).toBe(5_000);
  });

  test('comes before the refresh token ends, where that is first', () => {
    expect(after(life(DAY, HOUR), 0)).toBe(0.85 * HOUR);
  });

  test('lies within the life for any life and any luck', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: DAY }), fc.integer({ min: 1, max: 365 * DAY }), fc.double({ min: 0, max: 1, noNaN: true }), (access, refresh, random) => {
        const end = Math.min(access, refresh);
        const at = after(life(access, refresh), random);
        expect(at).toBeGreaterThanOrEqual(Math.floor(end / 2));
        expect(at).toBeLessThanOrEqual(end);
      }),
    );
  });
});

describe('A token', () => {
  test('is due when a caller could not finish with it', () => {
    const token = life(2 * HOUR, 180 * DAY, 0);
    expect(refreshDue(token, 0)).toBe(false);
    expect(refreshDue(token, 2 * HOUR - 30_000)).toBe(false);
    expect(refreshDue(token, 2 * HOUR - 29_999)).toBe(true);
    expect(refreshDue(token, 3 * HOUR)).toBe(true);
  });

  test('of a short life is not due at once', () => {
    const token = life(2_000, DAY, 0);
    expect(refreshDue(token, 0)).toBe(false);
    expect(refreshDue(token, 1_801)).toBe(true);
    expect(refreshDue(life(0, DAY, 0), 0)).toBe(true);
  });

  test('is expiring by the life of its refresh token', () => {
    expect(isExpiring(life(2 * HOUR, 14 * DAY, 0), 0, DEFAULT_TOKEN_TIMINGS)).toBe(true);
    expect(isExpiring(life(2 * HOUR, 14 * DAY + 1, 0), 0, DEFAULT_TOKEN_TIMINGS)).toBe(false);
  });
});

describe('After a failed refresh', () => {
  test('the wait doubles up to its limit, jittered', () => {
    const waits = [1, 2, 3, 9, 10, 1_000].map((failures) => refreshBackoff(failures, DEFAULT_TOKEN_TIMINGS, 1));
    expect(waits).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
    expect(refreshBackoff(3, DEFAULT_TOKEN_TIMINGS, 0)).toBe(2_000);
  });

  test('TikTok’s own wish counts where it is longer', () => {
    expect(refreshBackoff(1, DEFAULT_TOKEN_TIMINGS, 1, 60_000)).toBe(60_000);
    expect(refreshBackoff(9, DEFAULT_TOKEN_TIMINGS, 1, 60_000)).toBe(256_000);
  });
});
