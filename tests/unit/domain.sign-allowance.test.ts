import { describe, expect, test } from '@jest/globals';
import { observeAllowance, spendCall, type SignAllowance } from '../../domain/sign-allowance.ts';

const NOW = 1_800_000_000_000;
const rules = { defaultLimit: 10, windowMs: 60_000 };
const unknown: SignAllowance = { limit: null, remaining: null, reset_at_ms: null, blocked_until_ms: null };

describe('the allowance of the sign service', () => {
  test('nothing known and no default means no limit', () => {
    expect(spendCall(unknown, NOW, { windowMs: 60_000 })).toEqual({ granted: true, allowance: unknown });
  });

  test('the first call opens a window of the default limit', () => {
    const expected = { ...unknown, remaining: 9, reset_at_ms: NOW + 60_000 };
    expect(spendCall(unknown, NOW, rules)).toEqual({ granted: true, allowance: expected });
  });

  test('nothing left waits for the end of the window, and then it is full again', () => {
    const empty: SignAllowance = { limit: 5, remaining: 0, reset_at_ms: NOW + 700, blocked_until_ms: null };
    expect(spendCall(empty, NOW, rules)).toEqual({ granted: false, wait_ms: 700 });
    expect(spendCall(empty, NOW + 700, rules)).toMatchObject({ granted: true, allowance: { remaining: 4 } });
  });

  test('a limit without a count keeps the end of the window that is known', () => {
    const told: SignAllowance = { limit: 5, remaining: null, reset_at_ms: NOW + 700, blocked_until_ms: null };
    expect(spendCall(told, NOW, rules)).toMatchObject({ granted: true, allowance: { remaining: 4, reset_at_ms: NOW + 700 } });
  });

  test('Retry-After blocks whatever is left', () => {
    const blocked = observeAllowance(
      { ...unknown, limit: 5, remaining: 3, reset_at_ms: NOW + 50_000 },
      { blocked_until_ms: NOW + 7_000 },
      NOW,
      rules,
    );
    expect(spendCall(blocked, NOW, rules)).toEqual({ granted: false, wait_ms: 7_000 });
    expect(spendCall(blocked, NOW + 7_000, rules)).toMatchObject({ granted: true, allowance: { remaining: 4 } });
  });

  test('a shorter Retry-After of a late answer does not lift a longer one', () => {
    const blocked = observeAllowance({ ...unknown, blocked_until_ms: NOW + 9_000 }, { blocked_until_ms: NOW + 2_000 }, NOW, rules);
    expect(blocked.blocked_until_ms).toBe(NOW + 9_000);
  });

  test('answers that overtake each other never give calls back within a window', () => {
    const current: SignAllowance = { limit: 5, remaining: 1, reset_at_ms: NOW + 30_000, blocked_until_ms: null };
    const late = observeAllowance(current, { limit: 5, remaining: 4, reset_at_ms: NOW + 30_000 }, NOW, rules);
    expect(late.remaining).toBe(1);
    expect(observeAllowance(current, { remaining: 0, reset_at_ms: NOW + 30_000 }, NOW, rules).remaining).toBe(0);
  });

  test('a window that ends later is a new one and brings its own number', () => {
    const empty: SignAllowance = { limit: 5, remaining: 0, reset_at_ms: NOW + 200, blocked_until_ms: null };
    expect(observeAllowance(empty, { remaining: 4, reset_at_ms: NOW + 60_200 }, NOW, rules)).toMatchObject({
      remaining: 4,
      reset_at_ms: NOW + 60_200,
    });
  });

  test('the service’s own end of the window wins over the guessed one', () => {
    const guessed: SignAllowance = { limit: null, remaining: 9, reset_at_ms: NOW + 60_000, blocked_until_ms: null };
    expect(observeAllowance(guessed, { limit: 20, remaining: 19, reset_at_ms: NOW + 12_000 }, NOW, rules)).toEqual({
      limit: 20,
      remaining: 9,
      reset_at_ms: NOW + 12_000,
      blocked_until_ms: null,
    });
  });
});
