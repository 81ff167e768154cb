import { countPublished, listFollowerHistories, listPostTitles, listVideoHistories, type Scope } from '../db/metrics-report.repository.ts';
import type { Db } from '../db/client.ts';
import { bestHours, bestPosts, followerGrowth, GAINS, gainsBefore, gainsByPost, gainsOf, growth, periodOf, sumOf, type Growth, type PostGains } from '../domain/analytics/summary.ts';
import type { CsvCell } from '../domain/analytics/csv.ts';
import type { AnalyticsSpan } from './analytics-span.ts';
import { fieldError } from './errors.ts';
import type { CsvTable } from './csv-answer.ts';
import type { Summary } from './schemas/analytics.ts';
import { iso } from './schemas/query.ts';

/** Videos of one summary. */
const MOST_VIDEOS = 20_000;

/** @throws ApiError (422) where the workspace has more videos than one summary takes */
export async function makeSummary(db: Db, scope: Scope, { from, to, zone }: AnalyticsSpan, top: number): Promise<Summary> {
  const period = periodOf(from, to);
  const previousFrom = new Date(period.before);
  // One after the other: a summary may take a while, and must not take the whole pool for it.
  const videos = await listVideoHistories(db, scope, period, MOST_VIDEOS + 1);
  if (videos.length > MOST_VIDEOS) throw fieldError(scope.social_account_id ? 'from' : 'social_account_id', `covers more than ${MOST_VIDEOS} videos: choose one account or a shorter period`);
  const followers = followerGrowth(await listFollowerHistories(db, scope, from, to));
  const published = growth(await countPublished(db, scope, from, to), await countPublished(db, scope, previousFrom, from));

  const gained = sumOf(videos.map((video) => gainsOf(video, period)));
  const before = sumOf(videos.map((video) => gainsBefore(video, period)));
  const totals = Object.fromEntries(GAINS.map((key) => [key, growth(gained[key], before[key])])) as Record<(typeof GAINS)[number], Growth>;
  const posts = gainsByPost(videos, period);
  const best = { by_views: bestPosts(posts, 'views', top), by_likes: bestPosts(posts, 'likes', top), by_engagement: bestPosts(posts, 'engagement', top) };
  const titles = new Map((await listPostTitles(db, [...new Set(Object.values(best).flatMap((list) => list.map(({ post_id }) => post_id)))])).map((row) => [row.id, row]));
  const show = (list: PostGains[]): Summary['best_posts']['by_views'] =>
    list.flatMap(({ post_id, published_at, gained }) => {
      const title = titles.get(post_id);
      if (!title) return [];
      return [{ post_id, social_account_id: title.social_account_id, caption: title.content.caption, permalink: title.permalink, published_at: iso(published_at), gained }];
    });
  return {
    from: iso(from),
    to: iso(to),
    previous_from: iso(previousFrom),
    time_zone: zone.name,
    social_account_id: scope.social_account_id,
    totals: { ...totals, posts: published, followers },
    best_posts: { by_views: show(best.by_views), by_likes: show(best.by_likes), by_engagement: show(best.by_engagement) },
    best_hours: bestHours(videos, period, zone),
  };
}

export const SUMMARY_HEADER = ['section', 'rank', 'key', 'label', 'value', 'previous', 'change', 'change_percent'] as const;

/** One line for each number, so that it is one table. */
export function summaryTable(summary: Summary): CsvTable {
  const { totals, best_posts, best_hours } = summary;
  const blank = null;
  const totalRows = Object.entries(totals).flatMap(([name, total]): CsvCell[][] =>
    total ? [['totals', blank, name, blank, total.value, total.previous, total.change, total.change_percent]] : [],
  );
  const postRows = Object.entries(best_posts).flatMap(([by, posts]) => {
    const key = by.replace('by_', '') as keyof (typeof posts)[number]['gained'];
    return posts.map((post, index): CsvCell[] => [`best_posts_${by}`, index + 1, post.post_id, post.caption, post.gained[key], blank, blank, blank]);
  });
  const hourRows = best_hours.map(({ hour, mean_views, videos }, index): CsvCell[] => [
    'best_hours',
    index + 1,
    `${String(hour).padStart(2, '0')}:00`,
    `${videos} video${videos === 1 ? '' : 's'}`,
    mean_views,
    blank,
    blank,
    blank,
  ]);
  return {
    name: `summary-${summary.from.slice(0, 10)}-${summary.to.slice(0, 10)}`,
    header: SUMMARY_HEADER,
    rows: [...totalRows, ...postRows, ...hourRows],
  };
}
