import { describe, expect, test } from '@jest/globals';
import { decideCooldown } from '../../domain/rules/cooldown.ts';

const NOW = 1_000_000;
const rule = (cooldown_ms: number, user_cooldown_ms: number) => ({ cooldown_ms, user_cooldown_ms });

describe('cooldowns', () => {
  test('a rule without any fires and claims nothing', () => {
    expect(decideCooldown(rule(0, 0), 'ann', {}, NOW)).toEqual({ fire: true, claims: [] });
  });

  test('firing claims the rule for everybody and the viewer for this rule', () => {
    expect(decideCooldown(rule(5_000, 60_000), 'ann', {}, NOW)).toEqual({
      fire: true,
      claims: [
        { user_key: '', until_ms: NOW + 5_000 },
        { user_key: 'ann', until_ms: NOW + 60_000 },
      ],
    });
  });

  test('the rule’s own holds back first and tells what is left', () => {
    const view = { ruleUntil: NOW + 10, userUntil: NOW + 20 };
    expect(decideCooldown(rule(5_000, 60_000), 'ann', view, NOW)).toEqual({ fire: false, reason: 'cooldown', left_ms: 10 });
  });

  test('the viewer’s holds back when the rule’s has run out', () => {
    const view = { ruleUntil: NOW, userUntil: NOW + 20 };
    expect(decideCooldown(rule(5_000, 60_000), 'ann', view, NOW)).toEqual({ fire: false, reason: 'user_cooldown', left_ms: 20 });
  });

  test('are over at their end, to the millisecond', () => {
    expect(decideCooldown(rule(5_000, 0), 'ann', { ruleUntil: NOW + 1 }, NOW).fire).toBe(false);
    expect(decideCooldown(rule(5_000, 0), 'ann', { ruleUntil: NOW }, NOW).fire).toBe(true);
  });

  test('of viewers do not concern events that nobody caused', () => {
    expect(decideCooldown(rule(0, 60_000), '', { userUntil: NOW + 20 }, NOW)).toEqual({ fire: true, claims: [] });
  });

  test('that were taken from the rule hold nothing back', () => {
    expect(decideCooldown(rule(0, 0), 'ann', { ruleUntil: NOW + 10, userUntil: NOW + 20 }, NOW)).toEqual({ fire: true, claims: [] });
  });
});
