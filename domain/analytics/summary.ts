import type { TimeZone } from './time-zone.ts';

export const VIDEO_COUNTS = ['view_count', 'like_count', 'comment_count', 'share_count'] as const;
export const ACCOUNT_COUNTS = ['follower_count', 'following_count', 'likes_count', 'video_count'] as const;
export type VideoCounts = Record<(typeof VIDEO_COUNTS)[number], number>;

/** [from, to), and the period of the same length before it. Milliseconds since 1970. */
export interface Period {
  before: number;
  from: number;
  to: number;
}
export const periodOf = (from: Date, to: Date): Period => ({ before: 2 * from.getTime() - to.getTime(), from: from.getTime(), to: to.getTime() });

/** A video's running totals: the last sample before each of the period's three times, and the first that there is. */
export interface VideoHistory {
  post_id: string;
  video_id: string;
  published_at: Date;
  first: ({ at: Date } & VideoCounts) | null;
  at_before: VideoCounts | null;
  at_from: VideoCounts | null;
  at_to: VideoCounts | null;
}

export interface Gains {
  views: number;
  likes: number;
  comments: number;
  shares: number;
  /** Likes, comments and shares. */
  engagement: number;
}
export const GAINS = ['views', 'likes', 'comments', 'shares', 'engagement'] as const;

const NONE: VideoCounts = { view_count: 0, like_count: 0, comment_count: 0, share_count: 0 };

/** What a video gained in the period. */
export const gainsOf = (video: VideoHistory, { from }: Period): Gains => gainsBetween(video, from, video.at_from, video.at_to);
/** What it gained in the period before. */
export const gainsBefore = (video: VideoHistory, { before }: Period): Gains => gainsBetween(video, before, video.at_before, video.at_from);

function gainsBetween({ published_at, first }: VideoHistory, start: number, atStart: VideoCounts | null, atEnd: VideoCounts | null): Gains {
  const end = atEnd ?? NONE;
  const base = atStart ?? (atEnd === null || published_at.getTime() >= start ? NONE : (first ?? NONE));
  const [views, likes, comments, shares] = VIDEO_COUNTS.map((key) => end[key] - base[key]) as [number, number, number, number];
  return { views, likes, comments, shares, engagement: likes + comments + shares };
}

export const sumOf = (gains: readonly Gains[]): Gains =>
  Object.fromEntries(GAINS.map((key) => [key, gains.reduce((sum, gain) => sum + gain[key], 0)])) as unknown as Gains;

export interface Growth {
  value: number;
  previous: number;
  change: number;
  /** To one decimal; null where there was nothing before. */
  change_percent: number | null;
}

export const growth = (value: number, previous: number): Growth => ({
  value,
  previous,
  change: value - previous,
  change_percent: previous === 0 ? null : Math.round(((value - previous) / Math.abs(previous)) * 1_000) / 10,
});

/** Followers of one account: the last sample before the period's two ends, and the first in the period. */
export interface FollowerHistory {
  at_from: number | null;
  first_in_period: number | null;
  at_to: number | null;
}

/** Followers at the end beside those at the start, or at the first sample after it. null: no account was sampled by then. */
export function followerGrowth(accounts: readonly FollowerHistory[]): Growth | null {
  const known = accounts.flatMap(({ at_from, first_in_period, at_to }) => (at_to === null ? [] : [{ end: at_to, start: at_from ?? first_in_period ?? at_to }]));
  const sum = (pick: (account: { end: number; start: number }) => number): number => known.reduce((total, account) => total + pick(account), 0);
  return known.length === 0 ? null : growth(sum(({ end }) => end), sum(({ start }) => start));
}

export interface PostGains {
  post_id: string;
  published_at: Date;
  gained: Gains;
}

/** The videos' gains by post: one draft may have become several videos. */
export function gainsByPost(videos: readonly VideoHistory[], period: Period): PostGains[] {
  const posts = new Map<string, PostGains>();
  for (const video of videos) {
    const gained = gainsOf(video, period);
    const known = posts.get(video.post_id);
    posts.set(video.post_id, {
      post_id: video.post_id,
      published_at: known && known.published_at < video.published_at ? known.published_at : video.published_at,
      gained: known ? sumOf([known.gained, gained]) : gained,
    });
  }
  return [...posts.values()];
}

/** The `top` posts that gained most; where equal, the younger first. Posts that gained nothing are not among the best. */
export const bestPosts = (posts: readonly PostGains[], by: keyof Gains, top: number): PostGains[] =>
  posts
    .filter(({ gained }) => gained[by] > 0)
    .sort((a, b) => b.gained[by] - a.gained[by] || b.published_at.getTime() - a.published_at.getTime() || (a.post_id < b.post_id ? 1 : -1))
    .slice(0, top);

export interface HourOfDay {
  /** 0 to 23 on the clock of the time zone. */
  hour: number;
  videos: number;
  /** To one decimal. */
  mean_views: number;
}

/** Hours in which videos of the period were published, by the mean of the views they had at its end; the best first. */
export function bestHours(videos: readonly VideoHistory[], { from, to }: Period, zone: TimeZone): HourOfDay[] {
  const hours = new Map<number, { videos: number; views: number }>();
  for (const { published_at, at_to } of videos) {
    const time = published_at.getTime();
    if (time < from || time >= to || !at_to) continue;
    const hour = zone.hourAt(time);
    const sum = hours.get(hour) ?? { videos: 0, views: 0 };
    hours.set(hour, { videos: sum.videos + 1, views: sum.views + at_to.view_count });
  }
  return [...hours]
    .map(([hour, sum]) => ({ hour, videos: sum.videos, mean_views: Math.round((sum.views / sum.videos) * 10) / 10 }))
    .sort((a, b) => b.mean_views - a.mean_views || b.videos - a.videos || a.hour - b.hour);
}
