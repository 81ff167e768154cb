/** How the feed is ranked: the statement of db/feed-video.repository.ts computes just this; docs/feed.md explains it. */
export const FEED = {
  /** A ranked list's length; then a new one is begun. */
  length: 300,
  /** Newest ones that the viewer has not watched … */
  fresh: 200,
  /** … looked for among so many of the newest. */
  fresh_scanned: 2_000,
  /** Newest ones, watched or not: who has seen everything still has a feed. */
  rewatched: 50,
  /** Newest ones of those whom the viewer follows: in all, of one author, how far back, and of how many whom they followed last. */
  followed: 150,
  followed_of_one: 2,
  followed_days: 30,
  followed_authors: 500,
  /** Most engaging ones of each of the last days. */
  engaging_of_day: 30,
  engaging_days: 7,
  /** Hours in which freshness halves. */
  half_life_h: 24,
  /** The level (see engagementLevel) from which on more does not help: about a million views. */
  full_level: 40,
  weights: { fresh: 1, engaging: 1, followed: 0.7 },
  /** What each further video of an author in the list is worth of the one before: no page is one person's. */
  repeat: 0.8,
} as const;

export interface Counts {
  views: number;
  likes: number;
  comments: number;
  shares: number;
}

/** Half doublings of what people did with a video: 0, 2 after one view, 40 at about a million. The column `engagement` of `videos`. */
export const engagementLevel = ({ views, likes, comments, shares }: Counts): number => Math.floor(2 * Math.log2(1 + views + 10 * likes + 20 * comments + 30 * shares));

export interface Ranked {
  /** Hours since it was published. */
  age_h: number;
  engagement: number;
  followed: boolean;
}

/** 0 to 2.7; watched ones come after all others, whatever their score. */
export function feedScore({ age_h, engagement, followed }: Ranked): number {
  const fresh = 2 ** (-Math.max(0, age_h) / FEED.half_life_h);
  const engaging = Math.min(1, engagement / FEED.full_level);
  return FEED.weights.fresh * fresh + FEED.weights.engaging * engaging + (followed ? FEED.weights.followed : 0);
}
