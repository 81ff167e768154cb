import { describe, expect, test } from '@jest/globals';
import { STREAM_STATUSES } from '../../domain/contracts/stream.ts';
import { isTrigger } from '../../domain/rules/trigger.ts';
import { giftEvent, type GiftTold } from '../../domain/social/gift-event.ts';
import { giftNotices } from '../../domain/social/gift-notice.ts';
import { whyNoGift, type GiftFacts, type GiftPlace } from '../../domain/social/gift.ts';
import { addBatch, MOST_FAULTS, NO_TALLY, wordsOfFaults } from '../../domain/social/ledger-check.ts';

const STREAM: GiftPlace = { stream_id: 's', video_id: null };
const VIDEO: GiftPlace = { stream_id: null, video_id: 'v' };
const TARGET = { receiver_id: 'b', is_gone: false, is_visible: true, stream_status: 'live' as const };
const FACTS: GiftFacts = { gift: { id: 'g', name: 'Rose', coins: 10, image: '' }, target: TARGET, is_blocked: false, sender_account: 'x', receiver_account: 'y' };

describe('a gift may be given', () => {
  test('to who is live, and to a video', () => {
    expect(whyNoGift(FACTS, 'a', STREAM)).toBeNull();
    expect(whyNoGift({ ...FACTS, target: { ...TARGET, stream_status: null } }, 'a', VIDEO)).toBeNull();
  });

  test.each(STREAM_STATUSES.map((status) => [status, status === 'live' || status === 'reconnecting' ? null : 'stream_not_live'] as const))('while the stream is %s: %s', (stream_status, code) => {
    expect(whyNoGift({ ...FACTS, target: { ...TARGET, stream_status } }, 'a', STREAM)).toBe(code);
  });

  test.each<[string, Partial<GiftFacts>, string, string]>([
    ['where nothing is', { target: null }, 'stream_not_live', 'video_gone'],
    ['to nobody of the app', { target: { ...TARGET, receiver_id: null } }, 'stream_not_live', 'video_gone'],
    ['where the sender may not see it', { target: { ...TARGET, is_visible: false } }, 'stream_not_live', 'video_gone'],
    ['to oneself', { target: { ...TARGET, receiver_id: 'a' } }, 'gift_to_self', 'gift_to_self'],
    ['to who is deleted', { target: { ...TARGET, is_gone: true } }, 'user_gone', 'user_gone'],
    ['past a block', { is_blocked: true }, 'user_blocked', 'user_blocked'],
    ['that is not on offer', { gift: null }, 'gift_unknown', 'gift_unknown'],
  ])('not %s', (_name, over, ofStream, ofVideo) => {
    expect([whyNoGift({ ...FACTS, ...over }, 'a', STREAM), whyNoGift({ ...FACTS, ...over }, 'a', VIDEO)]).toEqual([ofStream, ofVideo]);
  });
});

const person = (id: string, over = {}) => ({ id, username: id, first_name: '', last_name: '', profile_pic: '', ...over });
const told = (over: Partial<GiftTold> = {}): GiftTold => ({
  id: 't1',
  workspace_id: 'w',
  gift_id: 'g',
  gift_name: 'Rose',
  gift_count: 3,
  coins: 30,
  stream_id: 's',
  video_id: null,
  created_at: new Date('2026-03-14T20:00:00Z'),
  sender: person('ada'),
  receiver: person('bob'),
  is_follower: true,
  ...over,
});

describe('a gift as rules see it', () => {
  const event = giftEvent(told({ sender: person('ada', { first_name: 'Ada', last_name: 'L', profile_pic: 'https://a.example/a.png' }) }), 'e', new Date('2026-03-14T20:00:01Z'));

  test('has the fields of a LIVE’s gift, with coins for diamonds', () => {
    expect(event).toMatchObject({ type: 'gift', diamond_count: 10, repeat_count: 3, total_diamonds: 30, total: 30, increment: 3, increment_diamonds: 30, streak_status: 'single', nickname: 'Ada L', avatar_url: 'https://a.example/a.png' });
  });

  test('is settled at once, and is of no livestream', () => {
    const rule = { event_type: 'gift' as const, livestream_id: null, fire_on: 'streak_end' as const };
    expect([isTrigger(rule, event), isTrigger({ ...rule, fire_on: 'every_update' }, event), isTrigger({ ...rule, livestream_id: 'l' }, event), isTrigger({ ...rule, event_type: 'comment' }, event)]).toEqual([true, true, false, false]);
  });
});

describe('who gets gifts is told', () => {
  test('once of each sender and place', () => {
    const notices = giftNotices([told(), told({ id: 't2', gift_count: 1, coins: 10 }), told({ id: 't3', sender: person('eve') }), told({ id: 't4', stream_id: null, video_id: 'v', gift_count: 1, coins: 5_000, gift_name: 'Universe' })]);
    expect(notices.map(({ text, subject_id, sender_id, video_id }) => [text, subject_id, sender_id, video_id])).toEqual([
      ['ada sent you 4 × Rose (40 coins)', 't1', 'ada', null],
      ['eve sent you 3 × Rose (30 coins)', 't3', 'eve', null],
      ['ada sent you Universe (5,000 coins)', 't4', 'ada', 'v'],
    ]);
    expect(new Set(notices.map(({ dedupe_key }) => dedupe_key)).size).toBe(3);
  });

  test('in a few words, however many kinds there were', () => {
    const [notice] = giftNotices(['A', 'B', 'C', 'D'].map((gift_name, index) => told({ id: `t${index}`, gift_name, gift_count: 1, coins: 1 })));
    expect(notice!.text).toBe('ada sent you A, B, C and more (4 coins)');
  });
});

describe('what a check found', () => {
  const fault = { kind: 'balance_differs' as const, id: 'a', expected: 1, found: 2 };

  test('is added up batch by batch, and goes on behind the last one', () => {
    const first = addBatch(NO_TALLY, { checked: 2, last: 'b', faults: [fault] });
    expect(addBatch(first, { checked: 1, last: 'c', faults: [] })).toEqual({ checked: 3, last: 'c', faults: [fault] });
    expect(addBatch(first, { checked: 0, last: null, faults: [] }).last).toBe('b');
  });

  test('is bounded, and says so', () => {
    const { faults } = addBatch(NO_TALLY, { checked: 500, last: 'z', faults: Array.from({ length: 500 }, () => fault) });
    expect([faults.length, wordsOfFaults(faults)]).toEqual([MOST_FAULTS, '100 balances that are not the sum of their entries, and maybe more']);
    expect(wordsOfFaults([fault, { ...fault, kind: 'sum_not_zero' }])).toBe('1 balances that are not the sum of their entries, 1 apps whose coins do not add up to zero');
  });
});
