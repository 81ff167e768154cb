import type { GiftFields, StreakStatus, WireEvent, WireGiftFields } from './contracts/live-event.ts';

/**
 * Gift streaks. TikTok tells a combo as frames with a rising running total, the last marked as the end; frames overtake
 * each other, come twice, or never come. What holds whatever the order: the increments of a streak add up to its highest
 * total, its total never falls, and one event at most says `ended`.
 */

export interface StreakState {
  streak_id: string;
  /** Gifts counted so far: the highest repeat_count seen. */
  counted: number;
  is_open: boolean;
  /** Our clock, epoch milliseconds, when its last frame came. */
  last_at_ms: number;
  /** Its last frame by TikTok's clock, from which a closing event is made. */
  last: WireEvent;
}

export interface AppliedGift {
  /** What to keep for this streak; undefined for a gift that does not streak. */
  state: StreakState | undefined;
  fields: GiftFields;
}

export interface ClosedStreak {
  state: StreakState;
  /**
   * The end as if TikTok had sent it (applyGift makes the same fields of it). Its msg_id is made from the last frame's,
   * so that closing a streak twice stores one event.
   */
  wire: WireEvent;
  fields: GiftFields;
}

/**
 * The key under which a streak's state is kept; null for a gift that does not streak.
 * TikTok's group id alone is not trusted to be unique: viewer and gift are part of the key.
 */
export function streakKey(userId: string | null, gift: WireGiftFields): string | null {
  return gift.streakable ? `${userId ?? ''}:${gift.gift_id}:${groupOf(gift)}` : null;
}

/**
 * Adds one gift frame to its streak.
 *
 * @param state what was kept under streakKey of this gift, undefined for a first frame
 * @param wire an event of type gift
 * @param now_ms our clock, epoch milliseconds
 * @returns the state to keep and the event's fields; pure, `state` is not changed
 */
export function applyGift(state: StreakState | undefined, wire: WireEvent, now_ms: number): AppliedGift {
  const gift = giftOf(wire);
  const told = countOf(gift);
  const streak_id = streakKey(wire.user.user_id, gift);
  if (streak_id === null) return { state: undefined, fields: giftFields(gift, null, 'single', told, told) };

  const before = state && !beginsAnew(state, wire) ? state : undefined;
  const counted = Math.max(before?.counted ?? 0, told);
  const status = statusOf(before, wire);
  return {
    state: {
      streak_id,
      counted,
      is_open: before?.is_open !== false && status !== 'ended',
      last_at_ms: now_ms,
      last: latestOf(before?.last, wire),
    },
    fields: giftFields(gift, streak_id, status, counted, counted - (before?.counted ?? 0)),
  };
}

/**
 * Ends the open streaks whose end never came. Only time in which we listened counts: while the connection or the database
 * was gone, silence says nothing, and an end made of it would fire a rule in the middle of a combo.
 *
 * @param now_ms until when all that was sent has been worked through
 * @param quiet_ms how long after its last frame a streak is taken for over
 * @param listening_since_ms since when the connection stands
 * @returns each closed streak with its event: `ended`, increment 0, the total that was counted
 */
export function closeQuiet(
  states: Iterable<StreakState>,
  now_ms: number,
  quiet_ms: number,
  listening_since_ms = Number.NEGATIVE_INFINITY,
): ClosedStreak[] {
  const closed: ClosedStreak[] = [];
  for (const state of states) {
    if (state.is_open && now_ms - Math.max(state.last_at_ms, listening_since_ms) >= quiet_ms) closed.push(closeStreak(state, now_ms, quiet_ms));
  }
  return closed;
}

function closeStreak(state: StreakState, now_ms: number, quiet_ms: number): ClosedStreak {
  const gift = giftOf(state.last);
  return {
    state: { ...state, is_open: false },
    wire: {
      ...state.last,
      msg_id: `${state.last.msg_id}:closed`,
      // When it was due, not when we got to it: after an outage the event is as old as it is, and max_age_ms can tell.
      occurred_at_ms: Math.min(now_ms, state.last_at_ms + quiet_ms),
      fields: { ...gift, repeat_count: state.counted, repeat_end: true },
    },
    fields: giftFields(gift, state.streak_id, 'ended', state.counted, 0),
  };
}

/** After its end a streak only ever `runs`: late frames add their difference, but nothing says `ended` a second time. */
function statusOf(before: StreakState | undefined, wire: WireEvent): StreakStatus {
  if (before && !before.is_open) return 'running';
  // Backlog fires no rule, so it must not use up the end of a streak that was seen live: that ends by a live frame or by quiet.
  const backlogOfLive = wire.is_history && before !== undefined && !before.last.is_history;
  if (giftOf(wire).repeat_end && !backlogOfLive) return 'ended';
  return before ? 'running' : 'started';
}

/**
 * Without a group id the viewer's next combo of the same gift has the same key. What TikTok dates after the end is a new
 * streak; where the end was only guessed from quiet, a higher total is the same one going on.
 */
function beginsAnew(state: StreakState, wire: WireEvent): boolean {
  const gift = giftOf(wire);
  if (state.is_open || groupOf(gift) !== '' || wire.occurred_at_ms <= state.last.occurred_at_ms) return false;
  return giftOf(state.last).repeat_end || countOf(gift) <= state.counted;
}

/** Once seen live, a streak stays live: its closing event fires rules even if the very last frame was backlog. */
function latestOf(last: WireEvent | undefined, wire: WireEvent): WireEvent {
  if (!last) return wire;
  const latest = giftOf(wire).repeat_end || wire.occurred_at_ms >= last.occurred_at_ms ? wire : last;
  return { ...latest, is_history: last.is_history && wire.is_history };
}

function giftOf(wire: WireEvent): WireGiftFields {
  return wire.fields as WireGiftFields;
}

/** TikTok's group id, '' where it carries none (0 is protobuf's absent number). */
function groupOf(gift: WireGiftFields): string {
  return gift.group_id === null || gift.group_id === '0' ? '' : gift.group_id;
}

/** A gift frame stands for one gift at least, also where TikTok leaves its total at 0. */
function countOf(gift: WireGiftFields): number {
  return Math.max(1, gift.repeat_count);
}

function giftFields(
  gift: WireGiftFields,
  streak_id: string | null,
  streak_status: StreakStatus,
  total: number,
  increment: number,
): GiftFields {
  const { gift_id, gift_name, diamond_count } = gift;
  return {
    gift_id,
    gift_name,
    diamond_count,
    repeat_count: total,
    total_diamonds: diamond_count * total,
    streak_id,
    streak_status,
    increment,
    increment_diamonds: diamond_count * increment,
  };
}
