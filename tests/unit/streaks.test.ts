import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GiftFields, WireEvent, WireGiftFields } from '../../domain/contracts/live-event.ts';
import { applyGift, closeQuiet, streakKey, type StreakState } from '../../domain/streaks.ts';

const QUIET_MS = 10_000;
let messages = 0;

function frame(fields: Partial<WireGiftFields> = {}, rest: Partial<WireEvent> = {}): WireEvent {
  return {
    type: 'gift',
    msg_id: `m${++messages}`,
    occurred_at_ms: 1_000,
    is_history: false,
    user: { user_id: '7000000000000000001', username: 'ann', nickname: 'Ann', avatar_url: null },
    ...rest,
    fields: {
      gift_id: '5655',
      gift_name: 'Rose',
      diamond_count: 3,
      repeat_count: 1,
      group_id: '1700000000000',
      streakable: true,
      repeat_end: false,
      ...fields,
    },
  };
}

/** Applies the frames one after the other, a second apart, as the consumer does: state by streak key. */
function play(
  frames: readonly WireEvent[],
  states = new Map<string, StreakState>(),
): { fields: GiftFields[]; states: Map<string, StreakState> } {
  const fields = frames.map((wire, index) => {
    const key = streakKey(wire.user.user_id, wire.fields as WireGiftFields);
    const applied = applyGift(key === null ? undefined : states.get(key), wire, index * 1_000);
    if (applied.state) states.set(applied.state.streak_id, applied.state);
    return applied.fields;
  });
  return { fields, states };
}

const statuses = (fields: readonly GiftFields[]): string[] => fields.map((field) => field.streak_status);
const increments = (fields: readonly GiftFields[]): number[] => fields.map((field) => field.increment);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const counts = (...numbers: number[]): WireEvent[] => numbers.map((repeat_count) => frame({ repeat_count }));

describe('a gift streak', () => {
  test('starts, runs and ends, and a combo of five is five gifts', () => {
    const { fields, states } = play([...counts(1, 2, 4), frame({ repeat_count: 5, repeat_end: true })]);
    expect(statuses(fields)).toEqual(['started', 'running', 'running', 'ended']);
    expect(increments(fields)).toEqual([1, 1, 2, 1]);
    expect(fields[3]).toEqual({
      gift_id: '5655',
      gift_name: 'Rose',
      diamond_count: 3,
      repeat_count: 5,
      total_diamonds: 15,
      streak_id: '7000000000000000001:5655:1700000000000',
      streak_status: 'ended',
      increment: 1,
      increment_diamonds: 3,
    });
    expect([...states.values()]).toMatchObject([{ counted: 5, is_open: false }]);
  });

  test('of one gift ends with its first frame, once', () => {
    const { fields } = play([frame({ repeat_end: true }), frame({ repeat_end: true })]);
    expect(statuses(fields)).toEqual(['ended', 'running']);
    expect(increments(fields)).toEqual([1, 0]);
  });

  test('counts what its first frames would have told when they were missed', () => {
    expect(increments(play(counts(7, 8)).fields)).toEqual([7, 1]);
  });

  test('never goes back when a lower total overtakes', () => {
    const { fields } = play(counts(3, 1, 2, 4));
    expect(increments(fields)).toEqual([3, 0, 0, 1]);
    expect(fields.map((field) => field.repeat_count)).toEqual([3, 3, 3, 4]);
  });

  test('whose end arrives before lower totals stays ended', () => {
    const { fields } = play([frame({ repeat_count: 5, repeat_end: true }), ...counts(3, 4)]);
    expect(statuses(fields)).toEqual(['ended', 'running', 'running']);
    expect(increments(fields)).toEqual([5, 0, 0]);
  });

  test('whose end states a lower total than was seen ends with the highest', () => {
    const { fields } = play([...counts(6), frame({ repeat_count: 4, repeat_end: true })]);
    expect(fields[1]).toMatchObject({ streak_status: 'ended', repeat_count: 6, total_diamonds: 18, increment: 0 });
  });

  test('adds only the difference of a higher total that comes after its end, and does not end again', () => {
    const { fields, states } = play([
      ...counts(1),
      frame({ repeat_count: 2, repeat_end: true }),
      frame({ repeat_count: 5, repeat_end: true }),
    ]);
    expect(statuses(fields)).toEqual(['started', 'ended', 'running']);
    expect(fields[2]).toMatchObject({ increment: 3, increment_diamonds: 9, repeat_count: 5 });
    expect([...states.values()]).toMatchObject([{ counted: 5, is_open: false }]);
  });

  test('is one of its own for each viewer, gift and group', () => {
    const other = { user_id: '7000000000000000002', username: 'bob', nickname: 'Bob', avatar_url: null };
    const { fields, states } = play([
      frame({ repeat_count: 2 }),
      frame({ repeat_count: 2, gift_id: '1' }),
      frame({ repeat_count: 2, group_id: '1700000000001' }),
      frame({ repeat_count: 2 }, { user: other }),
    ]);
    expect(increments(fields)).toEqual([2, 2, 2, 2]);
    expect(states.size).toBe(4);
  });

  test('does not change the state that it was given', () => {
    const state = Object.freeze(applyGift(undefined, frame(), 0).state);
    expect(applyGift(state, frame({ repeat_count: 9, repeat_end: true }), 1).state).toMatchObject({ counted: 9, is_open: false });
    expect(state).toMatchObject({ counted: 1, is_open: true });
  });

  test('takes a total of 0 for one gift', () => {
    expect(increments(play([frame({ repeat_count: 0 })]).fields)).toEqual([1]);
  });
});

describe('a gift that does not streak', () => {
  test.each([true, false])('is final and counted whole when its frame says repeat_end %s', (repeat_end) => {
    const { state, fields } = applyGift(undefined, frame({ streakable: false, repeat_count: 4, repeat_end }), 0);
    expect(state).toBeUndefined();
    expect(fields).toMatchObject({ streak_id: null, streak_status: 'single', repeat_count: 4, increment: 4, total_diamonds: 12 });
  });
});

describe('a streak without a group id', () => {
  const group_id = null;

  test('is followed by a new one when TikTok dates the frame after its end', () => {
    const { fields } = play([
      frame({ group_id, repeat_count: 3, repeat_end: true }, { occurred_at_ms: 1_000 }),
      frame({ group_id, repeat_count: 1 }, { occurred_at_ms: 5_000 }),
      frame({ group_id, repeat_count: 2, repeat_end: true }, { occurred_at_ms: 6_000 }),
    ]);
    expect(statuses(fields)).toEqual(['ended', 'started', 'ended']);
    expect(increments(fields)).toEqual([3, 1, 1]);
  });

  test.each([null, '0'])('(%j) is followed by a new one also when that one’s first frames were missed', (group) => {
    const { fields } = play([
      frame({ group_id: group, repeat_count: 3, repeat_end: true }, { occurred_at_ms: 1_000 }),
      frame({ group_id: group, repeat_count: 5 }, { occurred_at_ms: 5_000 }),
    ]);
    expect(fields[1]).toMatchObject({ streak_status: 'started', increment: 5, repeat_count: 5 });
  });

  test('takes a late frame dated before its end for its own', () => {
    const { fields } = play([
      frame({ group_id: '0', repeat_count: 3, repeat_end: true }, { occurred_at_ms: 1_000 }),
      frame({ group_id: '0', repeat_count: 2 }, { occurred_at_ms: 900 }),
    ]);
    expect(increments(fields)).toEqual([3, 0]);
  });

  test('goes on after a quiet time when the total is higher, and begins anew when it is not', () => {
    const open = applyGift(undefined, frame({ group_id, repeat_count: 3 }), 0).state!;
    const quiet = closeQuiet([open], QUIET_MS, QUIET_MS)[0]!.state;
    const later = { occurred_at_ms: 60_000 };
    expect(applyGift(quiet, frame({ group_id, repeat_count: 5 }, later), 1).fields).toMatchObject({
      increment: 2,
      streak_status: 'running',
    });
    expect(applyGift(quiet, frame({ group_id, repeat_count: 1 }, later), 1).fields).toMatchObject({
      increment: 1,
      streak_status: 'started',
    });
  });
});

describe('closing quiet streaks', () => {
  const open = (repeat_count: number, now_ms = 0): StreakState => applyGift(undefined, frame({ repeat_count }), now_ms).state!;

  test('ends those whose end never came, with what was counted', () => {
    const state = open(4);
    const [closed, ...more] = closeQuiet([state], QUIET_MS, QUIET_MS);
    expect(more).toEqual([]);
    expect(closed!.fields).toMatchObject({ streak_status: 'ended', increment: 0, repeat_count: 4, total_diamonds: 12 });
    expect(closed!.state).toEqual({ ...state, is_open: false });
    expect(closed!.wire).toMatchObject({ type: 'gift', msg_id: `${state.last.msg_id}:closed`, user: state.last.user });
  });

  test('makes an event of which applyGift says the same', () => {
    const state = open(4);
    const [closed] = closeQuiet([state], QUIET_MS, QUIET_MS);
    const applied = applyGift(state, closed!.wire, QUIET_MS);
    expect(applied.fields).toEqual(closed!.fields);
    expect(applied.state).toMatchObject({ counted: 4, is_open: false });
  });

  test('states the total that was counted, also where the last frame told a lower one', () => {
    const [closed] = closeQuiet(play(counts(4, 2)).states.values(), 60_000, QUIET_MS);
    expect(closed!.wire.fields).toMatchObject({ repeat_count: 4, repeat_end: true });
    expect(closed!.fields.repeat_count).toBe(4);
  });

  test('leaves those alone that are still fresh or closed already', () => {
    const ended = applyGift(undefined, frame({ repeat_end: true }), 0).state!;
    expect(closeQuiet([open(1, 1), ended], QUIET_MS, QUIET_MS)).toEqual([]);
  });

  test('dates the end to when it was due, however late it is made', () => {
    expect(closeQuiet([open(1, 5_000)], 900_000, QUIET_MS)[0]!.wire.occurred_at_ms).toBe(15_000);
  });

  test('counts only time in which somebody listened', () => {
    const state = open(1, 5_000);
    expect(closeQuiet([state], 100_000 + QUIET_MS - 1, QUIET_MS, 100_000)).toEqual([]);
    expect(closeQuiet([state], 100_000 + QUIET_MS, QUIET_MS, 100_000)).toHaveLength(1);
  });

  test('and the real end after that does not end it again', () => {
    const [closed] = closeQuiet([open(4)], QUIET_MS, QUIET_MS);
    const late = applyGift(closed!.state, frame({ repeat_count: 6, repeat_end: true }), 20_000);
    expect(late.fields).toMatchObject({ streak_status: 'running', increment: 2 });
    expect(late.state).toMatchObject({ counted: 6, is_open: false });
  });
});

describe('backlog', () => {
  test('does not use up the end of a streak that was seen live', () => {
    const { fields, states } = play([...counts(2), frame({ repeat_count: 3, repeat_end: true }, { is_history: true })]);
    expect(statuses(fields)).toEqual(['started', 'running']);
    const [closed] = closeQuiet(states.values(), 60_000, QUIET_MS);
    expect(closed).toMatchObject({ wire: { is_history: false }, fields: { repeat_count: 3, streak_status: 'ended' } });
  });

  test('ends a streak that it alone told, as backlog', () => {
    const history = { is_history: true };
    const { fields } = play([
      frame({}, history),
      frame({ repeat_count: 2, repeat_end: true }, history),
      frame({ repeat_count: 2, repeat_end: true }),
    ]);
    expect(statuses(fields)).toEqual(['started', 'ended', 'running']);
    const quiet = closeQuiet(play([frame({}, history)]).states.values(), 60_000, QUIET_MS);
    expect(quiet[0]!.wire.is_history).toBe(true);
  });
});

describe('whatever the order', () => {
  interface Told {
    repeat_count: number;
    repeat_end: boolean;
  }
  /** Frames of one streak with a group id, shuffled and repeated; the true end has the highest total, or lies among the late ones. */
  const shuffled = fc
    .record({ total: fc.integer({ min: 1, max: 12 }), copies: fc.array(fc.nat(), { maxLength: 12 }) })
    .chain(({ total, copies }) => {
      const whole: Told[] = Array.from({ length: total }, (_, index) => ({ repeat_count: index + 1, repeat_end: index === total - 1 }));
      const all = [...whole, ...copies.map((copy) => whole[copy % total]!)];
      return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
    });
  const wires = (told: readonly Told[], group_id: string | null): WireEvent[] =>
    told.map((fields) => frame({ ...fields, group_id }, { occurred_at_ms: fields.repeat_count }));

  test.each(['1700000000000', null])(
    'the increments add up to the highest total, and exactly one event ends it (group id %s)',
    (group_id) => {
      fc.assert(
        fc.property(shuffled, (told) => {
          const { fields, states } = play(wires(told, group_id));
          expect(sum(increments(fields))).toBe(Math.max(...told.map((one) => one.repeat_count)));
          expect(statuses(fields).filter((status) => status === 'ended')).toHaveLength(1);
          expect(closeQuiet(states.values(), Number.MAX_SAFE_INTEGER, QUIET_MS)).toEqual([]);
        }),
      );
    },
  );

  test('and whatever is lost and whenever it falls quiet, it ends once and counts the highest total that came', () => {
    const some = fc.array(fc.record({ repeat_count: fc.integer({ min: 1, max: 50 }), repeat_end: fc.boolean() }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(some, fc.nat({ max: 20 }), (told, quietAfter) => {
        const before = play(wires(told.slice(0, quietAfter), 'g'));
        const closed = closeQuiet(before.states.values(), Number.MAX_SAFE_INTEGER, QUIET_MS);
        for (const { state } of closed) before.states.set(state.streak_id, state);
        const after = play(wires(told.slice(quietAfter), 'g'), before.states);
        const end = closeQuiet(after.states.values(), Number.MAX_SAFE_INTEGER, QUIET_MS);
        const fields = [...before.fields, ...closed.map((one) => one.fields), ...after.fields, ...end.map((one) => one.fields)];
        expect(sum(increments(fields))).toBe(Math.max(...told.map((one) => one.repeat_count)));
        expect(statuses(fields).filter((status) => status === 'ended')).toHaveLength(1);
      }),
    );
  });
});
