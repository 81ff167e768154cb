import { expect, test } from '@jest/globals';
import { backoffMs, DEFAULT_DELIVERY_TIMINGS } from '../../domain/contracts/delivery.ts';

test('Waits double from one second to a minute, and jitter takes at most half of them', () => {
  const longest = [1, 2, 3, 6, 7, 100, 5_000].map((failures) => backoffMs(failures, DEFAULT_DELIVERY_TIMINGS, 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]);
  expect(backoffMs(3, DEFAULT_DELIVERY_TIMINGS, 0)).toBe(2_000);
});
