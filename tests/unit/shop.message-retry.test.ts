import { describe, expect, test } from '@jest/globals';
import { afterFailedCallback, CALLBACK_MAX_AGE_MS } from '../../domain/shop/message-retry.ts';

const HOUR = 3_600_000;
const after = (age_ms: number, failures: number, retry_after_ms: number | null = null) => {
  const now_ms = 1_000_000_000_000;
  const next = afterFailedCallback({ created_at_ms: now_ms - age_ms, now_ms, failures, retry_after_ms });
  return next.kind === 'again' ? { wait_ms: next.at_ms - now_ms, alert: next.alert } : next;
};

describe('A callback that failed', () => {
  test('is made again after 1 s, 2 s, 4 s … and at most a minute in its first hour', () => {
    expect([1, 2, 3, 6, 7, 40].map((failures) => after(0, failures))).toEqual([1, 2, 4, 32, 60, 60].map((s) => ({ wait_ms: s * 1_000, alert: false })));
  });

  test('comes every five minutes in its first day, then hourly; people are told from the first hour on', () => {
    expect(after(HOUR, 50)).toEqual({ wait_ms: 300_000, alert: true });
    expect(after(24 * HOUR - 1, 50)).toEqual({ wait_ms: 300_000, alert: true });
    expect(after(24 * HOUR, 50)).toEqual({ wait_ms: HOUR, alert: true });
  });

  test('waits as long as the other side asks, if that is longer', () => {
    expect(after(0, 1, 90_000)).toEqual({ wait_ms: 90_000, alert: false });
    expect(after(0, 7, 5_000)).toEqual({ wait_ms: 60_000, alert: false });
  });

  test('has its last attempt when it is seven days old, and is given up then', () => {
    expect(after(CALLBACK_MAX_AGE_MS - 1_000, 200)).toEqual({ wait_ms: 1_000, alert: true });
    expect(after(CALLBACK_MAX_AGE_MS, 201)).toEqual({ kind: 'give_up', alert: true });
  });

  test('made in the future, by a clock that differs, waits like a new one', () => {
    expect(after(-HOUR, 1)).toEqual({ wait_ms: 1_000, alert: false });
  });
});
