import type { Account } from './accounts.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';
import { statsAt, type VideoStats } from './growth.ts';

const MAX_VIDEOS = 20_000;

/** A post that really exists at the sandbox. */
export interface Video {
  readonly id: string;
  readonly account: Account;
  readonly publish_id: string | null;
  /** Milliseconds, and never the same twice for one account: the list's cursor is made of it. */
  readonly created_ms: number;
  readonly caption: string;
  readonly is_aigc: boolean;
  readonly is_photo: boolean;
  privacy_level: string;
  /** Through moderation, and public: then it is listed. */
  is_listed: boolean;
  is_deleted: boolean;
  /** What tests set, in place of what it would have gathered. */
  stats: Partial<VideoStats>;
}

export interface Videos {
  add(video: Omit<Video, 'id' | 'created_ms' | 'is_listed' | 'is_deleted' | 'stats'>): Video;
  byId(id: string): Video | undefined;
  /** Newest first, deleted ones too. */
  of(account: Account): Video[];
  /** Newest first, what the world sees. */
  listed(account: Account): Video[];
  statsOf(video: Video): VideoStats;
  /** What its listed videos brought the account. */
  totals(account: Account): { videos: number; likes: number; followers: number };
  count(): number;
  reset(): void;
}

export function createVideos(clock: Clock, ids: { next(): bigint }): Videos {
  const videos = new BoundedMap<string, Video>(MAX_VIDEOS);
  const byAccount = new BoundedMap<string, Video[]>(MAX_VIDEOS);
  const of = (account: Account): Video[] => (byAccount.get(account.username) ?? []).filter((video) => videos.has(video.id));
  const listed = (account: Account): Video[] => of(account).filter((video) => video.is_listed && !video.is_deleted);
  const statsOf = (video: Video): VideoStats => ({
    ...statsAt(video.id, video.account.follower_count, (clock.now() - video.created_ms) / 1_000),
    ...video.stats,
  });
  return {
    add: (input) => {
      const earlier = of(input.account);
      const created_ms = Math.max(clock.now(), (earlier[0]?.created_ms ?? 0) + 1);
      const video: Video = { ...input, id: String(ids.next()), created_ms, is_listed: false, is_deleted: false, stats: {} };
      videos.set(video.id, video);
      byAccount.set(input.account.username, [video, ...earlier]);
      return video;
    },
    byId: (id) => videos.get(id),
    of,
    listed,
    statsOf,
    totals: (account) => {
      const shown = listed(account);
      const sum = (name: keyof VideoStats): number => shown.reduce((total, video) => total + statsOf(video)[name], 0);
      return { videos: shown.length, likes: sum('like_count'), followers: Math.floor(sum('view_count') / 150) };
    },
    count: () => videos.size,
    reset: () => {
      videos.clear();
      byAccount.clear();
    },
  };
}
