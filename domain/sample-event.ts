import type { EventType, LiveEvent } from './contracts/live-event.ts';

export interface SampleIdentity {
  id: string;
  livestream_id: string;
  /** ISO 8601 UTC. */
  at: string;
}

const FIELDS: Readonly<Record<EventType, Readonly<Record<string, unknown>>>> = {
  connect: { room_id: '7412345678901234567', title: 'Sample LIVE' },
  disconnect: { code: null, reason: 'Disconnected on request.' },
  live_end: { cause: 'ended' },
  comment: { comment: 'Hello from a sample', language: 'en' },
  gift: { gift_id: '5655', gift_name: 'Rose', diamond_count: 1, repeat_count: 1, streak_id: null, streak_status: 'single' },
  like: { like_count: 15, total_likes: 1_500 },
  join: { viewer_count: 120 },
  follow: { follow_count: 900 },
  share: { share_target: 'link' },
};

const VIEWER = {
  user_id: '6812345678901234567',
  username: 'sample_viewer',
  nickname: 'Sample Viewer',
  avatar_url: null,
  is_follower: true,
  is_moderator: false,
  is_subscriber: false,
};
const NOBODY = { user_id: null, username: null, nickname: null, avatar_url: null };

/**
 * A made-up event: a plausible one of its type with what a person wants changed. Numbers may be given as text, as in
 * conditions; a gift's totals follow from its counts unless they are given too.
 */
export function sampleEvent(
  type: EventType,
  changes: Readonly<Record<string, unknown>>,
  { id, livestream_id, at }: SampleIdentity,
): LiveEvent {
  const ours = type === 'connect' || type === 'disconnect' || type === 'live_end';
  const base: Record<string, unknown> = {
    id,
    type,
    livestream_id,
    msg_id: `sample:${id}`,
    position: 0,
    occurred_at: at,
    received_at: at,
    is_history: false,
    ...(ours ? NOBODY : VIEWER),
    ...FIELDS[type],
  };
  const given = Object.fromEntries(
    Object.entries(changes).map(([field, value]) => [field, typeof base[field] === 'number' ? asNumber(value) : value]),
  );
  const event = { ...base, ...given, type };
  return (type === 'gift' ? withTotals(event, given) : event) as unknown as LiveEvent;
}

function asNumber(value: unknown): unknown {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : value;
}

function withTotals(gift: Record<string, unknown>, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const diamonds = Number(gift.diamond_count);
  const increment = Number(given.increment ?? gift.repeat_count);
  return { total_diamonds: diamonds * Number(gift.repeat_count), increment, increment_diamonds: diamonds * increment, ...gift };
}
