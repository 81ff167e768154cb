import { expect, test } from '@jest/globals';
import { EVENT_TYPES } from '../../domain/contracts/live-event.ts';
import { SHOP_EVENT_TYPES } from '../../domain/contracts/shop-event.ts';
import { whyNoTrigger } from '../../domain/rules/trigger.ts';
import { sampleEvent } from '../../domain/sample-event.ts';

const identity = { id: 'e', workspace_id: 'w', livestream_id: 'l', at: '2026-01-31T20:00:00.000Z' };

test('the sample of every type is one that a rule of that type waits for', () => {
  for (const type of EVENT_TYPES) {
    const event = sampleEvent(type, {}, identity);
    expect(event).toMatchObject({ id: 'e', type, livestream_id: 'l', occurred_at: identity.at, is_history: false });
    expect([type, whyNoTrigger({ event_type: type, livestream_id: null, fire_on: 'streak_end' }, event)]).toEqual([type, null]);
  }
});

test('so is that of each event of a shop, which is of no livestream', () => {
  for (const type of SHOP_EVENT_TYPES) {
    const event = sampleEvent(type, { total: '12.5', available: '2' }, identity);
    expect(event).toMatchObject({ id: 'e', type, workspace_id: 'w', is_history: false, ...(type === 'order' ? { total: 12.5 } : { available: 2 }) });
    expect(event).not.toHaveProperty('livestream_id');
    expect([type, whyNoTrigger({ event_type: type, livestream_id: null, fire_on: 'streak_end' }, event)]).toEqual([type, null]);
  }
});

test('a gift’s totals follow from its counts unless they are given', () => {
  expect(sampleEvent('gift', { diamond_count: '99', repeat_count: 3 }, identity)).toMatchObject({
    diamond_count: 99,
    total_diamonds: 297,
    increment: 3,
    increment_diamonds: 297,
  });
  expect(sampleEvent('gift', { repeat_count: 3, increment: 1 }, identity)).toMatchObject({
    total_diamonds: 3,
    increment: 1,
    increment_diamonds: 1,
  });
  expect(sampleEvent('gift', { total_diamonds: 7 }, identity)).toMatchObject({ total_diamonds: 7 });
});

test('text becomes a number only where a number belongs', () => {
  expect(sampleEvent('comment', { comment: '100', extra: '5' }, identity)).toMatchObject({ comment: '100', extra: '5' });
  expect(sampleEvent('like', { like_count: 'many' }, identity)).toMatchObject({ like_count: 'many' });
});
