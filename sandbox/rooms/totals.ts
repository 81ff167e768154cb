import type { EventDraft, EventKind } from '../events.ts';
import { EVENT_KINDS } from '../events.ts';

/** What a faultless listener must have counted. */
export interface Totals {
  total_comments: number;
  /** A streak counts with its highest repeat_count. */
  total_gifts: number;
  total_likes: number;
  total_joins: number;
  total_follows: number;
  total_shares: number;
  total_diamonds: number;
  /** Distinct messages of the six kinds above. */
  total_events: number;
  /** Distinct messages of every kind. */
  messages: Record<EventKind, number>;
}

/** More open streaks or given ids than these are forgotten, oldest first. */
const MEMORY = 200_000;

export interface TotalsKeeper {
  /** @param givenId a message id that somebody chose: the second with it changes nothing */
  add(event: EventDraft, givenId?: string): void;
  read(): Totals;
}

export function createTotals(): TotalsKeeper {
  const streaks = new Map<string, number>();
  const givenIds = new Set<string>();
  const totals: Totals = {
    total_comments: 0,
    total_gifts: 0,
    total_likes: 0,
    total_joins: 0,
    total_follows: 0,
    total_shares: 0,
    total_diamonds: 0,
    total_events: 0,
    messages: Object.fromEntries(EVENT_KINDS.map((kind) => [kind, 0])) as Record<EventKind, number>,
  };

  function addGift(gift: Extract<EventDraft, { type: 'gift' }>): void {
    const key = gift.streakable ? gift.group_id : null;
    const before = key === null ? 0 : (streaks.get(key) ?? 0);
    const increment = Math.max(0, gift.repeat_count - before);
    totals.total_gifts += increment;
    totals.total_diamonds += increment * gift.diamond_count;
    if (key === null) return;
    streaks.set(key, before + increment);
    forgetOldest(streaks);
  }

  const counters: { [T in EventKind]?: (event: Extract<EventDraft, { type: T }>) => void } = {
    comment: () => (totals.total_comments += 1),
    gift: addGift,
    like: (event) => (totals.total_likes += event.like_count),
    join: () => (totals.total_joins += 1),
    follow: () => (totals.total_follows += 1),
    share: () => (totals.total_shares += 1),
  };

  return {
    add: (event, givenId) => {
      if (givenId !== undefined) {
        if (givenIds.has(givenId)) return;
        givenIds.add(givenId);
        forgetOldest(givenIds);
      }
      totals.messages[event.type] += 1;
      const count = counters[event.type] as ((event: EventDraft) => void) | undefined;
      if (!count) return;
      totals.total_events += 1;
      count(event);
    },
    read: () => ({ ...totals, messages: { ...totals.messages } }),
  };
}

function forgetOldest(keys: Map<string, unknown> | Set<string>): void {
  if (keys.size <= MEMORY) return;
  const oldest = keys.keys().next();
  if (!oldest.done) keys.delete(oldest.value);
}
