import type { SandboxUser } from '../events.ts';
import type { Random } from './random.ts';
import { hashOf, integer, pick } from './random.ts';

// prettier-ignore
const FIRST_NAMES = [
  'Mia', 'Noah', 'Emma', 'Liam', 'Sofía', 'Mateo', 'Lucía', 'Diego', 'Ana', 'João', 'Beatriz', 'Lukas', 'Hannah', 'Jonas', 'Léa', 'Hugo',
  'Chloé', 'Ayşe', 'Emre', 'Fatima', 'Yusuf', 'نور', 'ليلى', 'Siti', 'Budi', 'Dewi', 'さくら', 'ゆうと', 'はな', '지우', '민준', 'Аня', 'Иван',
  'Priya', 'Arjun', 'Linh', 'Minh', '小雨', 'Giulia', 'Marco', 'Zofia', 'Kacper', 'Ella', 'Oscar', 'Amara', 'Tunde',
];
// prettier-ignore
const HANDLES = [
  'mia', 'noah', 'emma', 'liam', 'sofi', 'mateo', 'lucia', 'diego', 'ana', 'joao', 'bia', 'luk', 'hanni', 'jonas', 'lea', 'hugo', 'chloe',
  'ayse', 'emre', 'fatima', 'yusuf', 'noor', 'layla', 'siti', 'budi', 'dewi', 'sakura', 'yuto', 'hana', 'jiwoo', 'minjun', 'anya', 'ivan',
];
const ENDINGS = ['', '_', '.live', '.official', '_gaming', '.xo', '_art', 'fan', '.music', '_tv'];
const DECORATIONS = ['', '', '', '✨', '🌸', '🔥', '💜', '🦊', ' 🎮', '🇧🇷', '👑', '🐼'];

/** Invents a viewer whose handle is unique by his number. */
export function inventUser(random: Random, number: number): SandboxUser {
  const username = `${pick(random, HANDLES)}${pick(random, ENDINGS)}${number}`;
  return userNamed(username, {
    nickname: pick(random, FIRST_NAMES) + pick(random, DECORATIONS),
    is_follower: random() < 0.4,
    is_moderator: random() < 0.02,
    is_subscriber: random() < 0.05,
    avatar: integer(random, 1, 99_999),
  });
}

/** The user of a handle: always the same id for the same handle. */
export function userNamed(
  username: string,
  { nickname = username, is_follower = false, is_moderator = false, is_subscriber = false, avatar = hashOf(username) % 100_000 } = {},
): SandboxUser {
  const user_id = String(6_800_000_000_000_000_000n + BigInt(hashOf(username)) * 10_007n);
  const avatar_url = `https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068/${avatar.toString(16).padStart(8, '0')}~c5_100x100.webp`;
  return { user_id, username, nickname, avatar_url, is_follower, is_moderator, is_subscriber };
}

/** A room's audience. @param count how many */
export const inventAudience = (random: Random, count: number): SandboxUser[] =>
  Array.from({ length: count }, (_, index) => inventUser(random, 100 + index));
