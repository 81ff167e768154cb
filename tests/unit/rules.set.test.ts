import { describe, expect, test } from '@jest/globals';
import type { LiveEvent } from '../../domain/contracts/live-event.ts';
import type { Rule } from '../../domain/contracts/rule.ts';
import { compileRuleSet } from '../../domain/rules/compile.ts';
import { isTrigger, whyNoTrigger } from '../../domain/rules/trigger.ts';
import { aRule, commentEvent, giftEvent, likeEvent, LIVESTREAM_ID } from '../helpers/rules.ts';

const OTHER = '01890000-0000-7000-8000-000000000002';

function fired(rules: readonly Rule[], event: LiveEvent): string[] {
  const names: string[] = [];
  compileRuleSet(rules).evaluate(event, (compiled) => names.push(compiled.rule.name));
  return names;
}

describe('a rule set', () => {
  const rules = [
    aRule({ name: 'gifts here', livestream_id: LIVESTREAM_ID }),
    aRule({ name: 'gifts there', livestream_id: OTHER }),
    aRule({ name: 'gifts' }),
    aRule({ name: 'big gifts', conditions: [{ field: 'diamond_count', operator: '>', value: '1000', order: 0 }] }),
    aRule({ name: 'comments', event_type: 'comment' }),
  ];

  test('fires the rules of the event’s type and livestream, the workspace’s first', () => {
    expect(fired(rules, giftEvent())).toEqual(['gifts', 'gifts here']);
    expect(fired(rules, giftEvent({ livestream_id: OTHER, diamond_count: 2_000 }))).toEqual(['gifts', 'big gifts', 'gifts there']);
    expect(fired(rules, commentEvent('hi'))).toEqual(['comments']);
    expect(fired(rules, likeEvent())).toEqual([]);
  });

  test('names as candidates those that wait for such events, whether they hold or not', () => {
    const set = compileRuleSet(rules);
    const names = (event: LiveEvent): string[] => set.candidates(event).map((compiled) => compiled.rule.name);
    expect(names(giftEvent())).toEqual(['gifts', 'big gifts', 'gifts here']);
    expect(names(likeEvent())).toEqual([]);
    expect(set.size).toBe(5);
  });

  test('of no rules fires nothing', () => {
    expect(fired([], giftEvent())).toEqual([]);
  });
});

describe('a trigger', () => {
  test.each([
    ['started', 1, 'streak_not_ended', null],
    ['running', 1, 'streak_not_ended', null],
    ['running', 0, 'streak_not_ended', 'nothing_added'],
    ['ended', 1, null, null],
    ['ended', 0, null, 'nothing_added'],
    ['single', 1, null, null],
  ] as const)('is a gift that is %s and adds %i: streak_end %s, every_update %s', (streak_status, increment, atEnd, atUpdate) => {
    const event = giftEvent({ streak_status, increment });
    expect(whyNoTrigger(aRule({ fire_on: 'streak_end' }), event)).toBe(atEnd);
    expect(whyNoTrigger(aRule({ fire_on: 'every_update' }), event)).toBe(atUpdate);
  });

  test('is never backlog', () => {
    expect(whyNoTrigger(aRule(), giftEvent({ is_history: true }))).toBe('history');
    expect(fired([aRule({ event_type: 'comment' })], commentEvent('hi', { is_history: true }))).toEqual([]);
  });

  test('is of the rule’s type and livestream', () => {
    expect(whyNoTrigger(aRule(), commentEvent('hi'))).toBe('event_type');
    expect(whyNoTrigger(aRule({ livestream_id: OTHER }), giftEvent())).toBe('livestream');
    expect(isTrigger(aRule({ livestream_id: LIVESTREAM_ID }), giftEvent())).toBe(true);
    expect(isTrigger(aRule({ event_type: 'comment' }), commentEvent('hi'))).toBe(true);
  });
});
