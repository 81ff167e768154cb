import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dueBefore, nextSampleAt, SAMPLE_EVERY_MS, SAMPLED_FOR_MS, SAMPLING_PLAN } from '../../domain/analytics/sampling.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const published = new Date('2026-03-01T12:00:00Z');
const waitAtAge = (age: number): number | null => {
  const now = new Date(published.getTime() + age);
  const next = nextSampleAt(published, now);
  return next && next.getTime() - now.getTime();
};

describe('A video is sampled', () => {
  test.each([
    ['at once after publication', 0, 15 * MINUTE],
    ['with a clock that is behind TikTok’s', -HOUR, 15 * MINUTE],
    ['just below 6 hours', 6 * HOUR - 1, 15 * MINUTE],
    ['at 6 hours', 6 * HOUR, HOUR],
    ['just below 2 days', 2 * DAY - 1, HOUR],
    ['at 2 days', 2 * DAY, 6 * HOUR],
    ['just below 14 days', 14 * DAY - 1, 6 * HOUR],
    ['at 14 days', 14 * DAY, DAY],
    ['just below 90 days', 90 * DAY - 1, DAY],
    ['at 90 days', 90 * DAY, 7 * DAY],
    ['at 358 days', 358 * DAY, 7 * DAY],
    ['a moment later', 358 * DAY + 1, null],
    ['at a year', 365 * DAY, null],
    ['after a year', 400 * DAY, null],
  ])('%s', (_name, age, wait) => {
    expect(waitAtAge(age)).toBe(wait);
  });

  test('never more often when it is older, and never after a year', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * DAY }), fc.integer({ min: 0, max: 30 * DAY }), (age, more) => {
        const [now, later] = [waitAtAge(age), waitAtAge(age + more)];
        if (now === null) expect(later).toBeNull();
        else if (later !== null) expect(later).toBeGreaterThanOrEqual(now);
        if (now !== null) expect(age + now).toBeLessThanOrEqual(SAMPLED_FOR_MS);
      }),
    );
  });

  test('some 250 times in its life', () => {
    let samples = 0;
    for (let age: number | null = 0; age !== null; samples += 1) {
      const wait = waitAtAge(age);
      age = wait === null ? null : age + wait;
    }
    expect(samples).toBeGreaterThan(200);
    expect(samples).toBeLessThan(300);
  });

  test('in each round while it is young, whatever jitter the rounds have', () => {
    fc.assert(
      fc.property(fc.nat({ max: SAMPLE_EVERY_MS / 15 }), fc.nat({ max: SAMPLE_EVERY_MS / 15 }), (early, late) => {
        const round = (number: number, jitter: number): Date => new Date(published.getTime() + number * SAMPLE_EVERY_MS + jitter);
        const next = nextSampleAt(published, round(1, early))!;
        expect(next.getTime()).toBeLessThanOrEqual(dueBefore(round(2, late)).getTime());
        expect(next.getTime()).toBeGreaterThan(dueBefore(round(1, early)).getTime());
      }),
    );
  });

  test('by a plan whose lines are in order', () => {
    const ages = SAMPLING_PLAN.map(({ until }) => until);
    expect(ages).toEqual([...ages].sort((a, b) => a - b));
    expect(ages.at(-1)).toBe(SAMPLED_FOR_MS);
  });
});
