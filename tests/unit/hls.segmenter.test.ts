import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Fragment } from '../../domain/contracts/recording.ts';
import { createSegmenter, type Cut } from '../../domain/streaming/segmenter.ts';

const fragment = (start_ms: number, duration_ms: number, independent: boolean): Fragment => ({ bytes: new Uint8Array([start_ms & 0xff]), start_ms, duration_ms, independent });

/** Fragments one after the other; `keys`: indices of those that begin with a keyframe. */
function lane(durations: readonly number[], isKey: (index: number) => boolean): Fragment[] {
  let at = 0;
  return durations.map((duration, index) => {
    const one = fragment(at, duration, isKey(index));
    at += duration;
    return one;
  });
}

function cut(fragments: readonly Fragment[]): Cut[] {
  const segmenter = createSegmenter({ target_ms: 2_000, part_ms: 500 });
  return [...fragments.flatMap((one) => segmenter.push(one)), ...segmenter.end()];
}

const segmentsOf = (cuts: readonly Cut[]): { independent: boolean; duration: number; parts: number[] }[] => {
  const found: { independent: boolean; duration: number; parts: number[] }[] = [];
  for (const one of cuts) {
    if (one.kind === 'begin') found.push({ independent: one.independent, duration: 0, parts: [] });
    if (one.kind === 'part') found.at(-1)!.parts.push(one.duration_ms);
    if (one.kind === 'end') found.at(-1)!.duration = one.duration_ms;
  }
  return found;
};

const TICK = 1_000 / 15;

describe('Segments', () => {
  test('end at the first keyframe at or after 2 s', () => {
    const every1s = segmentsOf(cut(lane(Array<number>(90).fill(TICK), (index) => index % 15 === 0)));
    expect(every1s.map(({ duration }) => Math.round(duration))).toEqual([2_000, 2_000, 2_000]);
    expect(every1s.every(({ independent }) => independent)).toBe(true);
    const every3s = segmentsOf(cut(lane(Array<number>(90).fill(TICK), (index) => index % 45 === 0)));
    expect(every3s.map(({ duration }) => Math.round(duration))).toEqual([3_000, 3_000]);
  });

  test('end at 4 s where no keyframe comes, and say that nobody can begin there', () => {
    const segments = segmentsOf(cut(lane(Array<number>(150).fill(TICK), (index) => index === 0)));
    expect(segments.map(({ duration }) => Math.round(duration))).toEqual([4_000, 4_000, 2_000]);
    expect(segments.map(({ independent }) => independent)).toEqual([true, false, false]);
  });

  test('go by time with sound only', () => {
    const segments = segmentsOf(cut(lane(Array<number>(300).fill(1_024 / 48), () => true)));
    expect(segments.slice(0, -1).every(({ duration }) => duration >= 1_950 && duration < 2_022)).toBe(true);
  });

  test('lose no fragment, cut parts of 425 to 500 ms but for the last of a segment, and durations add up', () => {
    const durations = fc.array(fc.double({ min: 5, max: 75, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(durations, fc.integer({ min: 1, max: 60 }), (lengths, gop) => {
        const fragments = lane(lengths, (index) => index % gop === 0);
        const cuts = cut(fragments);
        expect(cuts.flatMap((one) => (one.kind === 'fragment' ? [one.fragment] : []))).toEqual(fragments);
        expect(cuts.flatMap((one) => (one.kind === 'part' ? one.bytes : []))).toEqual(fragments.map(({ bytes }) => bytes));
        const segments = segmentsOf(cuts);
        const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
        expect(sum(segments.map(({ duration }) => duration))).toBeCloseTo(sum(lengths), 3);
        for (const { duration, parts } of segments) {
          expect(sum(parts)).toBeCloseTo(duration, 3);
          expect(duration).toBeLessThanOrEqual(4_000);
          expect(parts.every((part) => part <= 500)).toBe(true);
          expect(parts.slice(0, -1).every((part) => part >= 425)).toBe(true);
        }
      }),
    );
  });

  test('take a fragment that is longer than a part as a part of its own', () => {
    const segments = segmentsOf(cut(lane([60, 1_500, 60, 60], (index) => index === 0)));
    expect(segments[0]!.parts).toEqual([60, 1_500, 120]);
  });
});
