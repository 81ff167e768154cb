import type { LiveEvent } from '../../domain/contracts/live-event.ts';
import type { Condition, Rule } from '../../domain/contracts/rule.ts';

/**
 * Rules and events as a busy workspace has them: comments, gifts, likes and follows; all ten operators; AND and OR;
 * numbers written as texts; a field that only some events have. The same for every engine and every run.
 */

const NAMES = ['anna', 'Ben', 'Çelik', 'dora_77', 'Émile', 'Fatou', 'George', 'hana', 'İpek', 'jonas'];
const WORDS = ['hello', 'Lamp', 'please', 'ON', 'thanks', 'lol', 'Where', 'are', 'you', 'from', 'nice', 'song', 'red', 'BLUE', '🎉'];
const GIFTS = ['Rose', 'TikTok', 'Finger Heart', 'Galaxy', 'Lion'];
const TYPES = ['comment', 'gift', 'like', 'follow'] as const;

type MixType = (typeof TYPES)[number];
type Draft = Omit<Condition, 'order'>;

export function mixedRules(count: number): Rule[] {
  return Array.from({ length: count }, (_, index) => {
    const type = TYPES[(index + 1) % TYPES.length]!;
    return {
      id: `rule-${index}`,
      workspace_id: 'workspace',
      version: 1,
      is_active: true,
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
      name: `Rule ${index}`,
      description: null,
      event_type: type,
      livestream_id: null,
      logic_operator: index % 4 === 3 ? 'OR' : 'AND',
      conditions: DRAFTS[type](index).map((draft, order) => ({ ...draft, order })),
      actions: [],
      cooldown_ms: 0,
      user_cooldown_ms: 0,
      max_age_ms: null,
      fire_on: 'streak_end',
    };
  });
}

const DRAFTS: Record<MixType, (index: number) => Draft[]> = {
  comment: (index) => [
    { field: 'language', operator: '!=', value: index % 3 ? 'xx' : 'de' },
    { field: 'comment', operator: index % 5 ? 'contains' : 'not_contains', value: pick(WORDS, index) },
    { field: 'is_subscriber', operator: '==', value: index % 2 === 0 },
  ],
  gift: (index) => [
    { field: 'diamond_count', operator: index % 2 ? '>=' : '>', value: String((index * 7) % 900) },
    { field: 'gift_name', operator: index % 3 ? 'in' : 'not_in', value: [pick(GIFTS, index), pick(GIFTS, index + 2), `Gift ${index}`] },
    { field: 'repeat_count', operator: '<=', value: String(5 + (index % 50)) },
  ],
  like: (index) => [
    { field: 'like_count', operator: '>=', value: index % 12 },
    { field: 'total_likes', operator: '<', value: String(100_000 - (index % 100) * 900) },
    { field: 'username', operator: '!=', value: pick(NAMES, index) },
  ],
  follow: (index) => [
    { field: 'follow_count', operator: '>', value: index * 3 },
    { field: 'nickname', operator: 'contains', value: pick(NAMES, index).slice(0, 2) },
    { field: 'username', operator: 'not_in', value: `${pick(NAMES, index)}, ${pick(NAMES, index + 3)}` },
  ],
};

/** 60 % comments, 20 % gifts (their streaks over), 15 % likes, 5 % follows. */
export function mixedEvents(count: number): LiveEvent[] {
  const random = randomFrom(42);
  const any = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  return Array.from({ length: count }, (_, index) => {
    const name = any(NAMES);
    const base = {
      id: `event-${index}`,
      livestream_id: 'livestream',
      msg_id: String(7_400_000_000_000_000 + index),
      position: index,
      occurred_at: '2026-01-01T00:00:00.000Z',
      received_at: '2026-01-01T00:00:00.050Z',
      is_history: false,
      user_id: String(6_800_000_000_000_000 + index),
      username: name,
      nickname: `${name} ${any(WORDS)}`,
      avatar_url: null,
      ...(index % 2 ? { is_subscriber: index % 3 === 0 } : {}),
    };
    const dice = index % 20;
    if (dice < 12)
      return {
        ...base,
        type: 'comment',
        comment: Array.from({ length: 8 }, () => any(WORDS)).join(' '),
        language: any(['en', 'de', 'tr']),
      };
    if (dice < 16) return giftOf(base, any(GIFTS), 1 + Math.floor(random() * 60), any([1, 5, 99, 500, 1_000]));
    if (dice < 19) return { ...base, type: 'like', like_count: 1 + Math.floor(random() * 15), total_likes: Math.floor(random() * 100_000) };
    return { ...base, type: 'follow', follow_count: Math.floor(random() * 3_000) };
  });
}

type Base = Omit<Extract<LiveEvent, { type: 'follow' }>, 'type' | 'follow_count'>;

function giftOf(base: Base, gift_name: string, repeat_count: number, diamond_count: number): LiveEvent {
  return {
    ...base,
    type: 'gift',
    gift_id: gift_name,
    gift_name,
    diamond_count,
    repeat_count,
    total_diamonds: diamond_count * repeat_count,
    streak_id: base.msg_id,
    streak_status: 'ended',
    increment: 1,
    increment_diamonds: diamond_count,
  };
}

const pick = <T>(items: readonly T[], index: number): T => items[index % items.length]!;

/** Numbers from 0 to 1 that are the same in every run (a linear congruential generator). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
