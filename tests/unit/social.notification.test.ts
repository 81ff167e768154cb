import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { APP_NOTIFICATION_KINDS, AUDIENCES, PUSH_SETTINGS } from '../../domain/contracts/social.ts';
import { DEFAULT_PUSH_TIMINGS, type PushResult } from '../../domain/contracts/push.ts';
import { writingRefusal } from '../../domain/social/direct-message.ts';
import { messageNotificationKey, PUSH_SETTING_OF, pushNotNeeded, pushWords, type PushStanding } from '../../domain/social/notification.ts';
import { FRESH_PACE, lanesOf, paceAfter, pushAgainMs, type PushPace } from '../../domain/social/push-pace.ts';

const kind = fc.constantFrom(...APP_NOTIFICATION_KINDS);
const WANTED: Omit<PushStanding, 'kind'> = { is_read: false, receiver_is_gone: false, sender_is_gone: false, is_blocked: false, push: {}, devices: 1 };

describe('What is pushed', () => {
  test('every kind goes by one setting, or by none; every setting governs something', () => {
    expect(new Set(Object.values(PUSH_SETTING_OF).filter((setting) => setting !== null))).toEqual(new Set(PUSH_SETTINGS));
  });

  test('a setting that is off keeps back its own kinds and no others; one that was never set is on', () => {
    fc.assert(
      fc.property(kind, fc.constantFrom(...PUSH_SETTINGS), fc.boolean(), (each, setting, wanted) => {
        const reason = pushNotNeeded({ ...WANTED, kind: each, push: { [setting]: wanted } });
        expect(reason === null).toBe(wanted || PUSH_SETTING_OF[each] !== setting);
      }),
    );
    for (const each of APP_NOTIFICATION_KINDS) expect(pushNotNeeded({ ...WANTED, kind: each })).toBeNull();
  });

  test.each<[Partial<PushStanding>, string]>([
    [{ receiver_is_gone: true }, 'the account is gone'],
    [{ sender_is_gone: true }, 'the sender’s account is gone'],
    [{ is_blocked: true }, 'one has blocked the other'],
    [{ is_read: true }, 'it was read already'],
    [{ devices: 0 }, 'no device'],
  ])('%j: %s, whatever the kind', (over, reason) => {
    fc.assert(fc.property(kind, (each) => expect(pushNotNeeded({ ...WANTED, kind: each, ...over })).toBe(reason)));
  });

  test('words are never empty, never longer than a screen takes, and never half a character', () => {
    fc.assert(
      fc.property(kind, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 600 }), (each, text) => {
        const { title, body } = pushWords({ kind: each, text });
        expect(title.length).toBeGreaterThan(0);
        expect(Array.from(body).length).toBeLessThanOrEqual(240);
        expect(Buffer.from(body, 'utf8').toString('utf8')).toBe(body);
        if (Array.from(text).length <= 240) expect(body).toBe(text);
      }),
    );
  });

  test('messages tell once within five minutes, and again once something was read or the five minutes are over', () => {
    const at = (time: string) => new Date(`2026-03-14T${time}Z`);
    const key = messageNotificationKey('c', 3, at('18:00:00'));
    expect(messageNotificationKey('c', 3, at('18:04:59'))).toBe(key);
    for (const other of [messageNotificationKey('c', 4, at('18:00:00')), messageNotificationKey('c', 3, at('18:05:00')), messageNotificationKey('d', 3, at('18:00:00'))]) expect(other).not.toBe(key);
  });
});

describe('The pace', () => {
  const timings = { backoff_initial_ms: 1_000, backoff_max_ms: 60_000 };
  const later = (retry_after_ms: number | null = null, is_everybody = true): PushResult => ({ kind: 'later', reason: 'down', retry_after_ms, is_everybody });
  const after = (results: PushResult[], nowMs = 0): PushPace => results.reduce((pace, result) => paceAfter(pace, result, timings, nowMs, 1), FRESH_PACE);

  test('a failure or two slow nobody down; the third pauses all, and then one asks for all', () => {
    expect(lanesOf(after([later(), later()]), 50, 0)).toBe(50);
    const paused = after([later(), later(), later()]);
    expect(paused.paused_until_ms).toBe(1_000);
    expect(lanesOf(paused, 50, 999)).toBe(0);
    expect(lanesOf(paused, 50, 1_000)).toBe(1);
    expect(lanesOf(paceAfter(paused, { kind: 'sent' }, timings, 1_000, 1), 50, 1_000)).toBe(50);
  });

  test('what the service says is believed at once, and never shortened by later failures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_600_000 }), fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 20 }), (retryAfterMs, others) => {
        const pace = after([later(retryAfterMs), ...others.map((ms) => later(ms))]);
        expect(pace.paused_until_ms).toBeGreaterThanOrEqual(retryAfterMs);
        expect(lanesOf(pace, 50, retryAfterMs - 1)).toBe(0);
      }),
    );
  });

  test('own pauses grow, up to a minute', () => {
    const pauses = Array.from({ length: 20 }, (_, index) => after(Array.from({ length: index + 1 }, () => later())).paused_until_ms);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauses.at(-1)).toBe(60_000);
  });

  test('one device’s trouble is nobody else’s', () => {
    expect(after([later(60_000, false), later(60_000, false), later(60_000, false)])).toEqual(FRESH_PACE);
  });

  test('a notification waits at least as long as the service says, and longer with every attempt', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 120_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, retryAfterMs, random) => {
        const wait = pushAgainMs(attempts, retryAfterMs, DEFAULT_PUSH_TIMINGS, random);
        expect(wait).toBeGreaterThanOrEqual(retryAfterMs);
        expect(wait).toBeLessThanOrEqual(Math.max(retryAfterMs, DEFAULT_PUSH_TIMINGS.backoff_max_ms));
      }),
    );
  });
});

test('who may write: nobody to the gone or over a block; else the receiver’s privacy says', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.boolean(), fc.constantFrom(...AUDIENCES), fc.boolean(), (receiver_is_gone, is_blocked, audience, are_friends) => {
      const refusal = writingRefusal({ receiver_is_gone, is_blocked, audience, are_friends });
      const allowed = !receiver_is_gone && !is_blocked && (audience === 'everyone' || (audience === 'friends' && are_friends));
      expect(refusal === null).toBe(allowed);
      if (receiver_is_gone) expect(refusal).toBe('user_gone');
      else if (is_blocked) expect(refusal).toBe('user_blocked');
    }),
  );
});
