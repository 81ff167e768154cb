import { describe, expect, test } from '@jest/globals';
import type { Fragment } from '../../domain/contracts/recording.ts';
import { createFragmentReader } from '../../domain/streaming/fragments.ts';
import type { Mp4Init } from '../../domain/streaming/mp4-init.ts';
import { fragmentBytes, type TrackRun } from '../helpers/fragmented-mp4.ts';

const track = { timescale: 1_000, codec: '', width: null, height: null, default_duration: 0, default_flags: 0, sps: null };
const INIT: Mp4Init = {
  bytes: new Uint8Array(),
  codecs: '',
  width: 160,
  height: 90,
  tracks: [
    { ...track, id: 1, kind: 'video' },
    { ...track, id: 2, kind: 'audio' },
  ],
};
const picture = (start: number, ...durations: number[]): TrackRun => ({ track: 1, start, durations });
const sound = (start: number, ...durations: number[]): TrackRun => ({ track: 2, start, durations });
const read = (...fragments: readonly TrackRun[][]): Fragment[] => {
  const reader = createFragmentReader({ init: INIT });
  return fragments.flatMap((runs) => reader.push(fragmentBytes(runs)).flatMap((event) => (event.kind === 'fragment' ? [event.fragment] : [])));
};
const times = (fragments: readonly Fragment[]): number[][] => fragments.map(({ start_ms, duration_ms }) => [start_ms, duration_ms]);
const total = (fragments: readonly Fragment[]): number => fragments.reduce((sum, { duration_ms }) => sum + duration_ms, 0);

describe('The times of fragments', () => {
  test('count once what a long frame and the sound beside it both last', () => {
    // Five frames a second; sound ends a fragment each 80 ms.
    const fragments = read(
      [picture(0, 200), sound(0, 20, 20, 20, 20)],
      [sound(80, 20, 20, 20, 20)],
      [sound(160, 20, 20, 20, 20)],
      [picture(200, 200), sound(240, 20, 20, 20, 20)],
      [sound(320, 20, 20, 20, 20)],
      [picture(400, 200), sound(400, 20, 20, 20, 20)],
    );
    expect(times(fragments)).toEqual([
      [0, 200],
      [200, 0],
      [200, 40],
      [240, 160],
      [400, 0],
      [400, 200],
    ]);
    expect(total(fragments)).toBe(600);
  });

  test('are those of the video where each fragment has frames, from whatever time on', () => {
    expect(times(read([picture(7_000, 40, 40), sound(6_990, 90)], [picture(7_080, 40, 40)], [picture(7_160, 40)]))).toEqual([
      [7_000, 80],
      [7_080, 80],
      [7_160, 40],
    ]);
  });

  test('have what is missing between two of them, so that they add up to the clock', () => {
    expect(times(read([picture(0, 33)], [picture(40, 33)], [picture(80, 40)]))).toEqual([
      [0, 33],
      [40, 40],
      [80, 47],
    ]);
  });

  test('begin anew where the clock leaps, back or ahead', () => {
    expect(times(read([picture(60_000, 40)], [picture(0, 40)], [picture(40, 40)], [picture(3_600_000, 40)], [picture(3_600_040, 40)]))).toEqual([
      [60_000, 40],
      [0, 40],
      [40, 40],
      [3_600_000, 40],
      [3_600_040, 40],
    ]);
  });

  test('of one run are nothing to the next', () => {
    expect(times(read([picture(0, 1_000)]))).toEqual(times(read([picture(0, 1_000)])));
  });
});
