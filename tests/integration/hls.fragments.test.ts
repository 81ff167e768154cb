import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Fragment } from '../../domain/contracts/recording.ts';
import { createFragmentReader, type Mp4Event } from '../../domain/streaming/fragments.ts';
import { Mp4Error } from '../../domain/streaming/mp4-boxes.ts';
import type { Mp4Init } from '../../domain/streaming/mp4-init.ts';
import { createSegmenter } from '../../domain/streaming/segmenter.ts';
import { fragmentedClip } from '../helpers/fragmented-mp4.ts';

const initOf = (events: readonly Mp4Event[]): Mp4Init => events.flatMap((event) => (event.kind === 'init' ? [event.init] : []))[0]!;
const fragmentsOf = (events: readonly Mp4Event[]): Fragment[] => events.flatMap((event) => (event.kind === 'fragment' ? [event.fragment] : []));
const total = (fragments: readonly Fragment[]): number => fragments.reduce((sum, { duration_ms }) => sum + duration_ms, 0);

describe('What ffmpeg writes', () => {
  let both: Buffer;
  let whole: Mp4Event[];
  beforeAll(async () => {
    both = await fragmentedClip();
    whole = createFragmentReader().push(both);
  });

  test('says its codecs, its size and where its keyframes are', () => {
    expect(initOf(whole)).toMatchObject({ codecs: expect.stringMatching(/^avc1\.42c0[0-9a-f]{2},mp4a\.40\.2$/), width: 160, height: 90 });
    const fragments = fragmentsOf(whole);
    const keys = fragments.filter(({ independent }) => independent).map(({ start_ms }) => Math.round(start_ms / 100) * 100);
    expect(keys).toEqual([0, 2_000, 4_000]);
    expect(Math.max(...fragments.map(({ duration_ms }) => duration_ms))).toBeLessThan(100);
  });

  test('adds up: each fragment begins where the one before ends, and all of them are the clip', () => {
    const fragments = fragmentsOf(whole);
    for (const [index, { start_ms }] of fragments.entries()) {
      if (index === 0) continue;
      const before = fragments[index - 1]!;
      expect(Math.abs(before.start_ms + before.duration_ms - start_ms)).toBeLessThan(1);
    }
    expect(Math.abs(total(fragments) - 6_000)).toBeLessThan(60);
    expect(initOf(whole).bytes.length + fragments.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(both.length);
  });

  test('gives the same fragments however it arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const reader = createFragmentReader();
        const events: Mp4Event[] = [];
        for (let at = 0, turn = 0; at < both.length; turn++) {
          const size = sizes[turn % sizes.length]!;
          events.push(...reader.push(both.subarray(at, at + size)));
          at += size;
        }
        expect(reader.whole).toBe(both.length);
        expect(events.length).toBe(whole.length);
        for (const [index, fragment] of fragmentsOf(events).entries()) {
          const { bytes, ...facts } = fragmentsOf(whole)[index]!;
          expect(fragment).toMatchObject(facts);
          if (Buffer.compare(fragment.bytes, bytes) !== 0) throw new Error(`fragment ${index} differs`);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('that was cut off anywhere is known to be whole up to its last fragment', () => {
    const ends = fragmentsOf(whole).reduce<number[]>((all, { bytes }) => [...all, all.at(-1)! + bytes.length], [initOf(whole).bytes.length]);
    fc.assert(
      fc.property(fc.integer({ min: ends[0]!, max: both.length }), (cut) => {
        const reader = createFragmentReader();
        reader.push(both.subarray(0, cut));
        expect(reader.whole).toBe(Math.max(...ends.filter((end) => end <= cut)));
      }),
    );
  });

  test('without video is independent throughout; without sound it has the video’s times', async () => {
    const audio = createFragmentReader().push(await fragmentedClip({ video: false, seconds: 3 }));
    expect(initOf(audio)).toMatchObject({ codecs: 'mp4a.40.2', width: null, height: null });
    expect(fragmentsOf(audio).every(({ independent }) => independent)).toBe(true);
    expect(Math.abs(total(fragmentsOf(audio)) - 3_000)).toBeLessThan(60);
    const video = createFragmentReader().push(await fragmentedClip({ audio: false, seconds: 3, rate: 25, gop: 25 }));
    expect(initOf(video).codecs).toMatch(/^avc1\.[0-9a-f]{6}$/);
    expect(total(fragmentsOf(video))).toBeCloseTo(3_000, 0);
  });

  test('adds up also where few frames come between much sound, and is cut at its keyframes', async () => {
    const fragments = fragmentsOf(createFragmentReader().push(await fragmentedClip({ seconds: 10, rate: 5, gop: 10 })));
    expect(Math.abs(total(fragments) - 10_000)).toBeLessThan(60);
    const segmenter = createSegmenter();
    const cuts = [...fragments.flatMap((fragment) => segmenter.push(fragment)), ...segmenter.end()];
    expect(cuts.flatMap((cut) => (cut.kind === 'end' ? [Math.round(cut.duration_ms / 100) * 100] : []))).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
  }, 60_000);

  test('is known to be reconfigured where keyframes bring other parameters than the init segment has', async () => {
    const other = await fragmentedClip({ size: '320x180', seconds: 3 });
    const reconfigured = (events: readonly Mp4Event[]): boolean[] => events.flatMap((event) => (event.kind === 'fragment' && event.fragment.independent ? [event.reconfigured] : []));
    expect(reconfigured(whole)).toEqual([false, false, false]);
    const fragments = other.subarray(initOf(createFragmentReader().push(other)).bytes.length);
    expect(reconfigured(createFragmentReader({ init: initOf(whole) }).push(fragments))).toEqual([true, true]);
  });

  test('is refused where a box is larger than what is taken, and what is no MP4 at once', () => {
    expect(() => createFragmentReader({ maxBytes: 200 }).push(both)).toThrow(Mp4Error);
    expect(() => createFragmentReader().push(Buffer.alloc(100))).toThrow(/has 0 bytes/);
    expect(() => createFragmentReader().push(both.subarray(initOf(whole).bytes.length))).toThrow('data without its fragment');
  });
});
