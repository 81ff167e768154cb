import { describe, expect, test } from '@jest/globals';
import type { OutgoingResponse } from '../../domain/contracts/outgoing-http.ts';
import { DEVICE_TARGET, outcomeOf, parseRetryAfter } from '../../domain/http-outcomes.ts';

const answer = (status: number, more: Partial<OutgoingResponse> = {}): OutgoingResponse => ({
  kind: 'response',
  status,
  body: '',
  retry_after_ms: null,
  location: null,
  ...more,
});

describe('An answer', () => {
  test.each([200, 201, 204])('of %i is a success', (status) => {
    expect(outcomeOf(answer(status)).outcome).toBe('succeeded');
  });
  test.each([408, 425, 429, 500, 502, 503, 599])('of %i may be retried', (status) => {
    expect(outcomeOf(answer(status))).toMatchObject({ outcome: 'retryable', code: 'target_failed' });
  });
  test.each([301, 304, 400, 401, 404, 410, 422])('of %i is final', (status) => {
    expect(outcomeOf(answer(status))).toMatchObject({ outcome: 'failed', code: 'target_refused' });
  });
  test('keeps the other side’s words and its wish to wait', () => {
    expect(outcomeOf(answer(429, { body: ' slow down \n', retry_after_ms: 3_000 }))).toMatchObject({
      error: 'The other side answered 429: slow down',
      retry_after_ms: 3_000,
    });
  });
  test('of a device has the device’s codes', () => {
    expect(outcomeOf(answer(404), DEVICE_TARGET)).toMatchObject({ code: 'device_refused' });
    expect(outcomeOf({ kind: 'failure', code: 'target_unreachable', error: 'x' }, DEVICE_TARGET)).toMatchObject({
      outcome: 'retryable',
      code: 'device_unreachable',
    });
    expect(outcomeOf({ kind: 'failure', code: 'private_address', error: 'x' }, DEVICE_TARGET)).toMatchObject({
      outcome: 'failed',
      code: 'private_address',
    });
  });
});

test('Retry-After is read as seconds and as a date, and never as more than a day', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(
    ['5', '0.5', 'Thu, 01 Jan 2026 00:00:07 GMT', 'Thu, 01 Jan 2025 00:00:00 GMT', '9999999', 'soon', '-3', '', null].map((value) =>
      parseRetryAfter(value, now),
    ),
  ).toEqual([5_000, 500, 7_000, 0, 86_400_000, null, null, null, null]);
});
