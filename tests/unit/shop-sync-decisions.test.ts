import { describe, expect, test } from '@jest/globals';
import { afterRestart, nextPlace, placeOf, placeText } from '../../domain/shop/backfill-place.ts';
import { couldBeMissed, wasTold } from '../../domain/shop/missed-changes.ts';
import { nextSyncMs, syncJitterMs, syncOffsetMs } from '../../domain/shop/sync-times.ts';

const CHANNEL = '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10';

describe('A change that a poll found first', () => {
  const times = { connected_at_ms: 100_500, now_ms: 200_000, missed_after_ms: 30_000 };
  test.each([
    [169_999, true],
    [170_000, false],
    [200_000, false],
    // TikTok’s seconds: the second in which the channel was connected counts.
    [100_000, true],
    [99_000, false],
  ])('at %i could have been missed: %s', (at, expected) => {
    expect(couldBeMissed(at, times)).toBe(expected);
  });
  test.each([
    [150_000, undefined, false],
    [150_000, 149_000, false],
    [150_000, 150_000, true],
    [150_999, 150_000, true],
    [150_000, 190_000, true],
  ])('at %i with a webhook of %s was told: %s', (at, webhook, expected) => {
    expect(wasTold(at, webhook)).toBe(expected);
  });
});

describe('The next run of a channel', () => {
  test('lies within the interval, on the channel’s own second', () => {
    for (const every of [5_000, 60_000, 300_000, 86_400_000]) {
      const offset = syncOffsetMs(CHANNEL, every);
      expect(offset).toBeLessThan(every);
      expect(offset % 1_000).toBe(0);
      for (const now of [0, offset - 1, offset, offset + 1, 1_900_000_000_123]) {
        const next = nextSyncMs(CHANNEL, every, now);
        expect(next).toBeGreaterThan(now);
        expect(next - now).toBeLessThanOrEqual(every);
        expect((next - offset) % every).toBe(0);
      }
      expect(syncJitterMs(every)).toBeLessThan(every);
    }
  });
});

describe('The place of a backfill', () => {
  const order = (id: string, create_time_ms: number) => ({ id, create_time_ms });

  test('survives its column', () => {
    const place = nextPlace(placeOf(null, 5), [order('a', 10)], 'token');
    expect(placeOf(placeText(place), 5)).toEqual(place);
  });

  test('remembers the orders of the last second, over pages and over empty ones', () => {
    let place = nextPlace(placeOf(null, 5), [order('a', 10), order('b', 20), order('c', 20)], 'two');
    expect(place).toEqual({ from_ms: 5, page_token: 'two', newest_ms: 20, edge: ['b', 'c'] });
    place = nextPlace(place, [order('d', 20)], 'three');
    expect(place.edge).toEqual(['b', 'c', 'd']);
    place = nextPlace(place, [], 'four');
    expect(place).toMatchObject({ newest_ms: 20, edge: ['b', 'c', 'd'] });
    place = nextPlace(place, [order('e', 30)], null);
    expect(place).toMatchObject({ newest_ms: 30, edge: ['e'] });
  });

  test('begins again with that second, or at the start where there was none', () => {
    expect(afterRestart(nextPlace(placeOf(null, 5), [order('a', 10)], 'two'))).toEqual({ from_ms: 10, page_token: null, newest_ms: 10, edge: ['a'] });
    expect(afterRestart(placeOf(null, 5))).toMatchObject({ from_ms: 5, page_token: null });
  });
});
