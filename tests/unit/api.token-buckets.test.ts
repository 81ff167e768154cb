import { expect, test } from '@jest/globals';
import { createTokenBuckets } from '../../api/token-buckets.ts';

test('all turns of a minute may come at once, then they come back one by one', () => {
  const buckets = createTokenBuckets(60);
  for (let turn = 0; turn < 60; turn++) expect(buckets.take('a', 0)).toBe(0);
  expect(buckets.take('a', 0)).toBe(1);
  expect(buckets.take('a', 1_000)).toBe(0);
  expect(buckets.take('a', 1_000)).toBe(1);
  expect(buckets.take('b', 1_000)).toBe(0);
});

test('the wait is told in whole seconds, rounded up', () => {
  const buckets = createTokenBuckets(2);
  buckets.take('a', 0);
  buckets.take('a', 0);
  expect(buckets.take('a', 0)).toBe(30);
  expect(buckets.take('a', 29_500)).toBe(1);
});

test('a clock that goes back gives no turns', () => {
  const buckets = createTokenBuckets(1);
  expect(buckets.take('a', 60_000)).toBe(0);
  expect(buckets.take('a', 0)).toBeGreaterThan(0);
});

test('no more keys are kept than allowed: the one longest unused goes', () => {
  const buckets = createTokenBuckets(1, 2);
  buckets.take('a', 0);
  buckets.take('b', 0);
  buckets.take('a', 0);
  buckets.take('c', 0);
  expect(buckets.take('a', 0)).toBeGreaterThan(0);
  expect(buckets.take('b', 0)).toBe(0);
});
