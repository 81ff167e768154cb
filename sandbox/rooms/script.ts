import { COMMENTS, SHARE_TARGETS } from '../catalogue/comments.ts';
import type { CatalogueGift } from '../catalogue/gifts.ts';
import { pickGift } from '../catalogue/gifts.ts';
import { inventAudience } from '../catalogue/people.ts';
import type { Random } from '../catalogue/random.ts';
import { integer, pick, weighted } from '../catalogue/random.ts';
import type { EventDraft, SandboxUser } from '../events.ts';
import type { IdSource } from './ids.ts';
import type { Mix } from './settings.ts';

/** The numbers that TikTok keeps of a room and tells with its messages. */
export interface RoomFigures {
  viewers: number;
  total_viewers: number;
  likes: number;
  followers: number;
  shares: number;
}

export interface ScriptOptions {
  random: Random;
  ids: IdSource;
  figures: RoomFigures;
  /** Share of streaks whose end never comes. */
  abandonedStreaks: () => number;
  /** The newest streaks that run at once; more are not begun. */
  maxStreaks?: number;
}

export type ScriptedKind = keyof Mix;

/** Writes what happens next in a room: the same story for the same seed. */
export interface Script {
  next(mix: Mix): EventDraft;
  of(kind: ScriptedKind): EventDraft;
  /** Somebody of the audience. */
  someone(): SandboxUser;
  /** Ends the streaks that run, the abandoned ones excepted. */
  endStreaks(): EventDraft[];
}

interface Streak {
  user: SandboxUser;
  gift: CatalogueGift;
  group_id: string;
  count: number;
  /** Updates still to come before the end. */
  left: number;
  abandoned: boolean;
}

const AUDIENCE = 400;

export function createScript({ random, ids, figures, abandonedStreaks, maxStreaks = 8 }: ScriptOptions): Script {
  const audience = inventAudience(random, AUDIENCE);
  const streaks: Streak[] = [];
  const someone = (): SandboxUser => pick(random, audience);

  function startGift(): EventDraft {
    const gift = pickGift(random);
    const user = someone();
    const group_id = String(ids.next());
    if (!gift.streakable) return { type: 'gift', user, ...gift, repeat_count: 1, repeat_end: true, group_id };
    const streak: Streak = { user, gift, group_id, count: 0, left: integer(random, 1, 9), abandoned: random() < abandonedStreaks() };
    streaks.push(streak);
    return advance(streak);
  }

  function advance(streak: Streak): EventDraft {
    streak.left -= 1;
    const end = streak.left < 0;
    if (!end) streak.count += integer(random, 1, 3);
    if (end || (streak.left === 0 && streak.abandoned)) streaks.splice(streaks.indexOf(streak), 1);
    return draftOf(streak, end);
  }

  const draftOf = ({ user, gift, count, group_id }: Streak, end: boolean): EventDraft => ({
    type: 'gift',
    user,
    ...gift,
    repeat_count: count,
    repeat_end: end,
    group_id,
  });

  const writers: { [K in ScriptedKind]: () => EventDraft } = {
    comment: () => {
      const [language, comment] = pick(random, COMMENTS);
      return { type: 'comment', user: someone(), comment, language };
    },
    gift: () => (streaks.length > 0 && (streaks.length >= maxStreaks || random() < 0.75) ? advance(pick(random, streaks)) : startGift()),
    like: () => {
      const like_count = integer(random, 1, 15);
      figures.likes += like_count;
      return { type: 'like', user: someone(), like_count, total_likes: figures.likes };
    },
    join: () => {
      figures.total_viewers += 1;
      figures.viewers = Math.max(1, figures.viewers + (random() < 0.55 ? 1 : -1));
      return { type: 'join', user: someone(), viewer_count: figures.viewers };
    },
    follow: () => ({ type: 'follow', user: someone(), follow_count: (figures.followers += 1) }),
    share: () => ({ type: 'share', user: someone(), share_target: pick(random, SHARE_TARGETS), share_count: (figures.shares += 1) }),
    room_user: () => ({
      type: 'room_user',
      user: null,
      viewer_count: figures.viewers,
      total_viewers: figures.total_viewers,
      top_viewers: audience.slice(0, 3).map((user, index) => ({ user, score: 900 - index * 250 })),
    }),
  };

  return {
    next: (mix) => writers[weighted(random, Object.entries(mix) as [ScriptedKind, number][])](),
    of: (kind) => writers[kind](),
    someone,
    endStreaks: () =>
      streaks
        .splice(0)
        .filter((streak) => !streak.abandoned)
        .map((streak) => draftOf(streak, true)),
  };
}
