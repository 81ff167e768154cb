import { expect, test } from '@jest/globals';
import { rangeOf } from '../../domain/streaming/byte-range.ts';

test.each([
  ['bytes=0-99', { first: 0, last: 99 }],
  ['bytes=900-', { first: 900, last: 999 }],
  ['bytes=0-5000', { first: 0, last: 999 }],
  ['bytes=-100', { first: 900, last: 999 }],
  ['bytes=-5000', { first: 0, last: 999 }],
  ['bytes=999-999', { first: 999, last: 999 }],
  ['bytes=1000-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=10-5', null],
  ['bytes=0-1,5-6', null],
  ['items=0-1', null],
  ['bytes=-', null],
  ['bytes=a-b', null],
  [undefined, null],
])('%s of 1,000 bytes', (header, expected) => {
  expect(rangeOf(header, 1_000)).toEqual(expected);
});

test('of an empty file nothing can be asked for by range', () => {
  expect(rangeOf('bytes=0-', 0)).toBe('unsatisfiable');
});
