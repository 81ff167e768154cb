import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  chunkAt,
  chunkRange,
  isValidPlan,
  MAX_CHUNK_BYTES,
  MAX_LAST_CHUNK_BYTES,
  MAX_VIDEO_BYTES,
  MIB,
  MIN_CHUNK_BYTES,
  planChunks,
} from '../../domain/publishing/chunk-plan.ts';

const size = fc.oneof(
  fc.integer({ min: 1, max: MAX_VIDEO_BYTES }),
  // Around every multiple of the largest chunk.
  fc.tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: -70, max: 70 })).map(([count, off]) => Math.min(MAX_VIDEO_BYTES, Math.max(1, count * 64 * MIB + off))),
);
const plan = (video_size: number, chunk_size: number, total_chunk_count: number) => ({ video_size, chunk_size, total_chunk_count });

describe('A chunk plan', () => {
  test.each([
    ['1 byte', 1, 1, 1],
    ['5 MiB − 1', 5 * MIB - 1, 5 * MIB - 1, 1],
    ['5 MiB', 5 * MIB, 5 * MIB, 1],
    ['5 MiB + 1', 5 * MIB + 1, 5 * MIB + 1, 1],
    ['64 MiB − 1', 64 * MIB - 1, 64 * MIB - 1, 1],
    ['64 MiB', 64 * MIB, 64 * MIB, 1],
    ['64 MiB + 1', 64 * MIB + 1, 32 * MIB, 2],
    ['121 MB, refused as one chunk of 64 MiB', 121_000_000, 60_500_000, 2],
    ['128 MiB − 1', 128 * MIB - 1, 64 * MIB - 1, 2],
    ['128 MiB', 128 * MIB, 64 * MIB, 2],
    ['128 MiB + 1', 128 * MIB + 1, 44_739_243, 3],
    ['1 GiB', 1_024 * MIB, 64 * MIB, 16],
    ['4 GiB − 1', 4_096 * MIB - 1, 64 * MIB - 1, 64],
    ['4 GiB', 4_096 * MIB, 64 * MIB, 64],
  ])('for %s', (_name, bytes, chunkSize, count) => {
    expect(planChunks(bytes)).toEqual(plan(bytes, chunkSize, count));
    expect(isValidPlan(planChunks(bytes))).toBe(true);
  });

  test.each([0, -1, 1.5, Number.NaN, MAX_VIDEO_BYTES + 1, 5 * 1024 * MIB])('is refused for %d bytes', (bytes) => {
    expect(() => planChunks(bytes)).toThrow(RangeError);
  });

  test('keeps every rule of TikTok for any size, and the older rule of its guide too', () => {
    fc.assert(
      fc.property(size, (bytes) => {
        const made = planChunks(bytes);
        expect(isValidPlan(made)).toBe(true);
        expect(made.total_chunk_count).toBe(Math.floor(bytes / made.chunk_size));
        expect(made.chunk_size).toBe(Math.floor(bytes / made.total_chunk_count));
      }),
      { numRuns: 500 },
    );
  });

  test('covers the file exactly, in chunks of 5 to 64 MiB and a last one of at most 128', () => {
    fc.assert(
      fc.property(size, (bytes) => {
        const made = planChunks(bytes);
        let next = 0;
        for (let index = 0; index < made.total_chunk_count; index += 1) {
          const { first, last } = chunkRange(made, index);
          const length = last - first + 1;
          expect(first).toBe(next);
          expect(length).toBeLessThanOrEqual(index === made.total_chunk_count - 1 ? MAX_LAST_CHUNK_BYTES : MAX_CHUNK_BYTES);
          if (made.total_chunk_count > 1) expect(length).toBeGreaterThanOrEqual(MIN_CHUNK_BYTES);
          next = last + 1;
        }
        expect(next).toBe(bytes);
      }),
    );
  });

  test('goes on with the chunk that TikTok lacks, whether it tells bytes or the last position', () => {
    fc.assert(
      fc.property(size, fc.nat(63), (bytes, step) => {
        const made = planChunks(bytes);
        const index = step % made.total_chunk_count;
        const { first, last } = chunkRange(made, index);
        expect(chunkAt(made, first)).toBe(index);
        if (first > 0) expect(chunkAt(made, first - 1)).toBe(index);
        if (bytes > 2) expect([chunkAt(made, last + 1), chunkAt(made, last)]).toEqual([index + 1, index + 1]);
      }),
    );
  });

  test('begins a chunk again of which TikTok has a part', () => {
    const made = planChunks(1_024 * MIB);
    expect(chunkAt(made, 0)).toBe(0);
    expect(chunkAt(made, 64 * MIB - 2)).toBe(0);
    expect(chunkAt(made, 70 * MIB)).toBe(1);
    expect(chunkAt(made, 1_000 * MIB)).toBe(15);
    expect(chunkAt(made, 1_024 * MIB - 2)).toBe(15);
    expect(chunkAt(made, 5_000 * MIB)).toBe(16);
    expect(chunkAt(planChunks(1), 0)).toBe(0);
  });

  test('has no chunk beyond its count', () => {
    for (const index of [-1, 16, 0.5]) expect(() => chunkRange(planChunks(1_024 * MIB), index)).toThrow(RangeError);
  });
});

describe('TikTok’s test vectors', () => {
  test.each([
    ['one chunk of 4 MiB', plan(4_194_304, 4_194_304, 1), 4_194_304],
    ['five of 10 MB and what is left', plan(50_000_123, 10_000_000, 5), 10_000_123],
    ['thirty of 5 MiB', plan(158_008_374, 5_242_880, 30), 5_964_854],
    ['seven of 10 MiB', plan(73_400_320, 10_485_760, 7), 10_485_760],
  ])('%s is taken', (_name, vector, lastBytes) => {
    expect(isValidPlan(vector)).toBe(true);
    const { first, last } = chunkRange(vector, vector.total_chunk_count - 1);
    expect(last - first + 1).toBe(lastBytes);
    expect(last).toBe(vector.video_size - 1);
  });

  test.each([
    ['a count rounded up', plan(50_000_123, 10_000_000, 6)],
    ['one chunk of more than 64 MiB', plan(158_008_374, 158_008_374, 1)],
    ['one chunk that is not the file', plan(121_000_000, 64 * MIB, 1)],
    ['chunks of less than 5 MiB', plan(50_000_000, 4_000_000, 12)],
    ['chunks of more than 64 MiB', plan(1_024 * MIB, 64 * MIB + 1, 15)],
    ['more than 1,000 chunks', plan(5_242_880 * 1_001, 5_242_880, 1_001)],
    ['no chunk', plan(10, 20, 0)],
    ['a file of 5 GB', plan(5_120 * MIB, 64 * MIB, 80)],
    ['half bytes', plan(10.5, 10.5, 1)],
  ])('%s is refused', (_name, vector) => {
    expect(isValidPlan(vector)).toBe(false);
  });
});
