import { describe, expect, test } from '@jest/globals';
import { GIFTS } from '../../sandbox/catalogue/gifts.ts';
import { createRandom } from '../../sandbox/catalogue/random.ts';
import type { EventDraft } from '../../sandbox/events.ts';
import { formatCursor, parseCursor } from '../../sandbox/rooms/cursor.ts';
import { createIdSource, roomIdOf } from '../../sandbox/rooms/ids.ts';
import { MessageLog } from '../../sandbox/rooms/message-log.ts';
import { createScript, type Script } from '../../sandbox/rooms/script.ts';
import { DEFAULT_MIX, patchSettings, settingsSchema } from '../../sandbox/rooms/settings.ts';
import { createSignDesk, createSignScript } from '../../sandbox/rooms/sign-desk.ts';
import { createTotals } from '../../sandbox/rooms/totals.ts';

const NOTHING = new Uint8Array(0);

function script(seed: number, abandoned = 0): Script {
  const figures = { viewers: 10, total_viewers: 10, likes: 0, followers: 0, shares: 0 };
  return createScript({
    random: createRandom(seed),
    ids: createIdSource(() => 1_760_000_000_000),
    figures,
    abandonedStreaks: () => abandoned,
  });
}
const story = (seed: number, length: number, abandoned = 0): EventDraft[] => {
  const told = script(seed, abandoned);
  return Array.from({ length }, () => told.next(DEFAULT_MIX));
};

describe('ids', () => {
  test('Message ids rise, have 19 digits, and those of a later start do not repeat earlier ones.', () => {
    const first = createIdSource(() => 1_760_000_000_000);
    const later = createIdSource(() => 1_760_000_001_000);
    const ids = [first.next(), first.next(), first.next(), later.next()];
    expect([...ids].sort((a, b) => (a < b ? -1 : 1))).toEqual(ids);
    expect(new Set(ids).size).toBe(4);
    expect(ids.every((id) => String(id).length === 19)).toBe(true);
  });

  test('A room id depends on the name and the LIVE alone, and is an int64 of 19 digits.', () => {
    expect(roomIdOf('demo', 0)).toBe(roomIdOf('demo', 0));
    expect(new Set([roomIdOf('demo', 0), roomIdOf('demo', 1), roomIdOf('other', 0)]).size).toBe(3);
    expect(roomIdOf('demo', 0)).toMatch(/^7\d{18}$/);
  });

  test('A cursor is read back only by the run that made it.', () => {
    const cursor = formatCursor(42, 'abc', 1_760_000_000_000);
    expect(parseCursor(cursor, 'abc')).toBe(42);
    expect([parseCursor(cursor, 'abd'), parseCursor('', 'abc'), parseCursor('nonsense', 'abc'), parseCursor(undefined, 'abc')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});

describe('the message log', () => {
  test('It keeps the newest, and gives what came after a number.', () => {
    const log = new MessageLog(100);
    for (let number = 1; number <= 1_000; number++) log.append(String(number), NOTHING);
    expect(log.lastSeq).toBe(1_000);
    expect(log.after(998).map(({ seq }) => seq)).toEqual([999, 1_000]);
    expect(log.after(0)).toHaveLength(100);
    expect(log.after(0, 3).map(({ seq }) => seq)).toEqual([901, 902, 903]);
    expect(log.after(1_000)).toEqual([]);
    expect(log.newest(2).map(({ msg_id }) => msg_id)).toEqual(['999', '1000']);
    expect(log.newest(0)).toEqual([]);
  });
});

describe('totals', () => {
  const rose = (repeat_count: number, repeat_end = false, group_id: string | null = '1', streakable = true): EventDraft => ({
    type: 'gift',
    user: null,
    gift_id: '5655',
    gift_name: 'Rose',
    diamond_count: 2,
    streakable,
    repeat_count,
    repeat_end,
    group_id,
  });

  test('A streak counts with its highest count, in whatever order its updates come.', () => {
    const totals = createTotals();
    for (const gift of [rose(1), rose(3), rose(2), rose(5, true), rose(4), rose(2, true, '2')]) totals.add(gift);
    expect(totals.read()).toMatchObject({ total_gifts: 7, total_diamonds: 14, total_events: 6 });
  });

  test('Gifts that do not streak count one by one, likes by their number, ids that were given twice once.', () => {
    const totals = createTotals();
    totals.add(rose(1, true, '9', false));
    totals.add(rose(1, true, '9', false));
    totals.add({ type: 'like', user: null, like_count: 15, total_likes: 15 });
    for (let times = 0; times < 2; times++) totals.add({ type: 'comment', user: null, comment: 'x', language: 'en' }, '77');
    expect(totals.read()).toMatchObject({
      total_gifts: 2,
      total_likes: 15,
      total_comments: 1,
      total_events: 4,
      messages: { gift: 2, comment: 1 },
    });
  });
});

describe('the script', () => {
  test('The same seed tells the same story, another seed another.', () => {
    expect(story(7, 200)).toEqual(story(7, 200));
    expect(story(8, 200)).not.toEqual(story(7, 200));
  });

  test('Kinds come about as often as the mix says.', () => {
    const comments = story(3, 5_000).filter(({ type }) => type === 'comment').length;
    expect(comments / 5_000).toBeCloseTo(0.6, 1);
  });

  test('A streak rises, and its last update is its end.', () => {
    const told = script(5);
    const drafts = [...Array.from({ length: 3_000 }, () => told.of('gift')), ...told.endStreaks()];
    const streaks = new Map<string, { count: number; end: boolean }[]>();
    for (const draft of drafts) {
      if (draft.type !== 'gift' || !draft.streakable || draft.group_id === null) continue;
      streaks.set(draft.group_id, [...(streaks.get(draft.group_id) ?? []), { count: draft.repeat_count, end: draft.repeat_end }]);
    }
    expect(streaks.size).toBeGreaterThan(100);
    for (const updates of streaks.values()) {
      const counts = updates.map(({ count }) => count);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(updates.map(({ end }) => end)).toEqual(counts.map((_, index) => index === counts.length - 1));
    }
  });

  test('Abandoned streaks never end.', () => {
    const told = script(5, 1);
    const drafts = [...Array.from({ length: 500 }, () => told.of('gift')), ...told.endStreaks()];
    expect(drafts.some((draft) => draft.type === 'gift' && draft.streakable && draft.repeat_end)).toBe(false);
  });

  test('The catalogue has a Rose of one diamond that streaks, and dear gifts that do not.', () => {
    expect(GIFTS.find(({ gift_name }) => gift_name === 'Rose')).toMatchObject({ gift_id: '5655', diamond_count: 1, streakable: true });
    expect(GIFTS.find(({ gift_name }) => gift_name === 'Lion')).toMatchObject({ diamond_count: 29_999, streakable: false });
    expect(new Set(GIFTS.map(({ gift_id }) => gift_id)).size).toBe(GIFTS.length);
  });
});

describe('settings', () => {
  test('A patch changes what it names and nothing else.', () => {
    const before = settingsSchema.parse({ title: 'a', traffic: { events_per_second: 5 }, faults: { redeliver: 0.5 } });
    const after = patchSettings(before, { faults: { reorder: 0.2 } });
    expect(after).toEqual({ ...before, faults: { ...before.faults, reorder: 0.2 } });
  });

  test('What is unknown or out of range is refused.', () => {
    const settings = settingsSchema.parse({});
    expect(() => patchSettings(settings, { colour: 'red' })).toThrow();
    expect(() => patchSettings(settings, { traffic: { events_per_second: -1 } })).toThrow();
    expect(() => patchSettings(settings, { faults: { redeliver: 2 } })).toThrow();
  });
});

describe('the sign desk', () => {
  test('Its allowance is spent call by call and full again in the next window.', () => {
    let now = 1_000_000;
    const desk = createSignDesk(() => now);
    desk.budget = { limit: 2, window_s: 10, api_keys: null };
    expect([desk.spend(), desk.spend()].map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
      [true, 1],
      [true, 0],
    ]);
    now += 4_000;
    expect(desk.spend()).toMatchObject({ allowed: false, remaining: 0, retryAfterS: 6, resetAt: 1_010 });
    now += 6_000;
    expect(desk.spend()).toMatchObject({ allowed: true, remaining: 1 });
  });

  test('A behaviour is played so many times, and again after one good call where it cycles.', () => {
    const behaviour = settingsSchema.parse({ sign: { mode: 'failing', times: 2 } }).sign;
    const once = createSignScript();
    expect(Array.from({ length: 5 }, () => once.next(behaviour))).toEqual(['failing', 'failing', 'ok', 'ok', 'ok']);
    const cycling = createSignScript();
    expect(Array.from({ length: 5 }, () => cycling.next({ ...behaviour, cycle: true }))).toEqual([
      'failing',
      'failing',
      'ok',
      'failing',
      'failing',
    ]);
  });
});
