import type { LiveEvent } from '../../domain/contracts/live-event.ts';
import type { Rule } from '../../domain/contracts/rule.ts';

type Of<T extends LiveEvent['type']> = Extract<LiveEvent, { type: T }>;

export const LIVESTREAM_ID = '01890000-0000-7000-8000-000000000001';

const base = {
  id: '01890000-0000-7000-8000-0000000000e1',
  livestream_id: LIVESTREAM_ID,
  msg_id: '7100000000000000001',
  position: 1,
  occurred_at: '2026-11-21T10:00:00.000Z',
  received_at: '2026-11-21T10:00:00.050Z',
  is_history: false,
  user_id: '7000000000000000001',
  username: 'ann',
  nickname: 'Ann Ö.',
  avatar_url: null,
  is_follower: true,
};

/** A lion of 500 diamonds, sent three times in a streak that has ended. */
export function giftEvent(fields: Partial<Of<'gift'>> = {}): Of<'gift'> {
  return {
    ...base,
    type: 'gift',
    gift_id: '6369',
    gift_name: 'Lion',
    diamond_count: 500,
    repeat_count: 3,
    total_diamonds: 1_500,
    streak_id: 's1',
    streak_status: 'ended',
    increment: 1,
    increment_diamonds: 500,
    ...fields,
  };
}

export function commentEvent(comment: string, fields: Partial<Of<'comment'>> = {}): Of<'comment'> {
  return { ...base, type: 'comment', comment, language: 'en', ...fields };
}

export function likeEvent(fields: Partial<Of<'like'>> = {}): Of<'like'> {
  return { ...base, type: 'like', like_count: 15, total_likes: 12_345, ...fields };
}

export function aRule(fields: Partial<Rule> = {}): Rule {
  return {
    id: '01890000-0000-7000-8000-0000000000a1',
    workspace_id: '01890000-0000-7000-8000-0000000000b1',
    version: 1,
    is_active: true,
    created_at: '2026-11-21T09:00:00.000Z',
    updated_at: '2026-11-21T09:00:00.000Z',
    name: 'A rule',
    description: null,
    event_type: 'gift',
    livestream_id: null,
    logic_operator: 'AND',
    conditions: [],
    actions: [],
    cooldown_ms: 0,
    user_cooldown_ms: 0,
    max_age_ms: null,
    fire_on: 'streak_end',
    ...fields,
  };
}
