import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { layOut, momentOf, placeOf, type KeptPiece } from '../../domain/streaming/vod-timeline.ts';

const T0 = Date.parse('2026-03-14T18:00:00.000Z');
const lost = { from_ms: T0 + 4_000, duration_ms: 2_000, reason: 'The disk was full.' };

/** Pieces with pauses between them; a negative pause is another host's clock. */
const pieces = fc
  .array(fc.record({ pause: fc.integer({ min: -3_000, max: 60_000 }), duration_ms: fc.integer({ min: 1, max: 600_000 }), isLost: fc.boolean() }), { minLength: 1, maxLength: 20 })
  .map((given) => {
    let wall = T0;
    return given.map(({ pause, duration_ms, isLost }): KeptPiece => {
      const from_ms = wall + pause;
      wall = from_ms + duration_ms;
      return { from_ms, duration_ms, lost_before: isLost ? [{ ...lost, from_ms: from_ms - 1 }] : [] };
    });
  });

describe('A video’s timeline', () => {
  test('has each piece behind the other, and a gap where something is missing', () => {
    const timeline = layOut([
      { from_ms: T0, duration_ms: 4_000, lost_before: [] },
      { from_ms: T0 + 6_000, duration_ms: 2_000, lost_before: [lost] },
      { from_ms: T0 + 20_000, duration_ms: 1_000, lost_before: [] },
    ]);
    expect(timeline.duration_ms).toBe(7_000);
    expect(timeline.stretches.map(({ at_ms, from }) => [at_ms, Date.parse(from) - T0])).toEqual([[0, 0], [4_000, 6_000], [6_000, 20_000]]);
    expect(timeline.gaps.map(({ at_ms, from, to, reason }) => [at_ms, Date.parse(from) - T0, Date.parse(to) - T0, reason])).toEqual([
      [4_000, 4_000, 6_000, 'The disk was full.'],
      [6_000, 8_000, 20_000, 'Nobody sent anything: the encoder was away.'],
    ]);
  });

  test('marks what is lost before its first and behind its last piece, and all of it where nothing is left', () => {
    const { gaps } = layOut([{ from_ms: T0 + 8_000, duration_ms: 1_000, lost_before: [lost] }], [{ from_ms: T0 + 9_000, duration_ms: null, reason: 'The host is gone.' }]);
    expect(gaps.map(({ at_ms, from, to }) => [at_ms, Date.parse(from) - T0, Date.parse(to) - T0])).toEqual([[0, 4_000, 8_000], [1_000, 9_000, 9_000]]);
    expect(layOut([], [lost])).toMatchObject({ duration_ms: 0, stretches: [], gaps: [{ at_ms: 0, reason: 'The disk was full.' }] });
  });

  test('lasts as long as its pieces together, whatever the clocks say', () => {
    fc.assert(fc.property(pieces, (all) => expect(layOut(all).duration_ms).toBe(all.reduce((sum, { duration_ms }) => sum + duration_ms, 0))));
  });

  test('has places that never fall as the clock rises, from its start to its end', () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.integer({ min: -100_000, max: 15_000_000 }), { minLength: 2, maxLength: 50 }), (all, offsets) => {
        const { stretches, duration_ms } = layOut(all);
        const places = offsets.sort((a, b) => a - b).map((offset) => placeOf(stretches, T0 + offset));
        for (const [index, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual(places[index - 1] ?? 0);
          expect(place).toBeLessThanOrEqual(duration_ms);
        }
      }),
    );
  });

  test('finds the moment of each place, and the place of that moment', () => {
    fc.assert(
      fc.property(pieces, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const { stretches, duration_ms } = layOut(all);
        const place = Math.max(1, Math.floor(share * duration_ms));
        const moment = momentOf(stretches, place);
        if (typeof moment === 'string') throw new Error(`${moment} at ${place}`);
        expect(placeOf(stretches, moment)).toBe(place);
        // And none before it: what a viewer has seen does not come again.
        expect(placeOf(stretches, moment - 1)).toBeLessThan(place);
      }),
    );
  });

  test('puts what was said in a gap at the gap, and gives it to who asks from there on', () => {
    const { stretches } = layOut([
      { from_ms: T0, duration_ms: 4_000, lost_before: [] },
      { from_ms: T0 + 10_000, duration_ms: 2_000, lost_before: [] },
    ]);
    expect(placeOf(stretches, T0 + 7_000)).toBe(4_000);
    expect(momentOf(stretches, 4_000)).toBe(T0 + 4_000);
    expect(momentOf(stretches, 0)).toBe('all');
    expect(momentOf(stretches, 6_001)).toBe('none');
  });
});
