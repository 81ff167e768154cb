import { sql, type RawBuilder } from 'kysely';
import { FEED } from '../domain/social/ranking.ts';
import type { Db } from './client.ts';
import { JOIN_AUTHOR, visibleTo } from './video-read.repository.ts';

interface FeedOf {
  workspace_id: string;
  /** null: nobody is signed in. */
  viewer_id: string | null;
}

/** What visibleTo and the score read; the same of every source, so that `union` drops what two sources have. */
const COLUMNS = sql`v.id, v.user_id, v.privacy, v.status, v.deleted_at, v.published_at, v.engagement`;
const IS_PUBLIC = sql`v.deleted_at is null and v.status = 'ready' and v.privacy = 'public'`;

/** A scalar subquery, which stays a look-up for each row: as `exists` it might become a scan of all that the viewer ever watched. */
const watchedBy = (viewerId: string | null): RawBuilder<boolean> =>
  sql`coalesce((select true from video_views w where w.user_id = ${viewerId}::uuid and w.video_id = v.id limit 1), false)`;

/**
 * The feed's statement: bounded sources that indexes give, scored. See docs/feed.md.
 * @returns SQL of the ids, best first, at most FEED.length
 */
export function feedStatement({ workspace_id, viewer_id }: FeedOf): RawBuilder<{ id: string }> {
  const { weights } = FEED;
  const newest = sql`from videos v where v.workspace_id = ${workspace_id} and ${IS_PUBLIC} and v.published_at <= now() order by v.published_at desc, v.id desc`;
  return sql<{ id: string }>`
    with followed as materialized (
      select f.followee_id as id from follows f where f.follower_id = ${viewer_id}::uuid and f.state = 'accepted' order by f.created_at desc limit ${FEED.followed_authors}
    ), candidates as (
      (select ${COLUMNS} from (select * ${newest} limit ${FEED.fresh_scanned}) v where not ${watchedBy(viewer_id)} order by v.published_at desc, v.id desc limit ${FEED.fresh})
      union
      (select ${COLUMNS} ${newest} limit ${FEED.rewatched})
      union
      (select ${COLUMNS} from followed f cross join lateral (
          select * from videos v where v.user_id = f.id and v.deleted_at is null and v.status = 'ready' and v.privacy <> 'private'
            and v.published_at <= now() and v.published_at > now() - make_interval(days => ${FEED.followed_days})
          order by v.published_at desc, v.id desc limit ${FEED.followed_of_one}) v
        order by v.published_at desc limit ${FEED.followed})
      union
      (select ${COLUMNS} from generate_series(0, ${FEED.engaging_days - 1}::integer) as ago cross join lateral (
          select * from videos v where v.workspace_id = ${workspace_id} and ${IS_PUBLIC}
            and (v.published_at at time zone 'UTC')::date = (now() at time zone 'UTC')::date - ago
          order by v.engagement desc, v.id desc limit ${FEED.engaging_of_day}) v
        where v.published_at <= now())
    ), scored as (
      select v.id, v.user_id, ${watchedBy(viewer_id)} as watched,
        ${weights.fresh}::float8 * power(2, -extract(epoch from now() - v.published_at)::float8 / 3600 / ${FEED.half_life_h}::float8)
        + ${weights.engaging}::float8 * least(1, v.engagement / ${FEED.full_level}::float8)
        + ${weights.followed}::float8 * (v.user_id in (select id from followed))::integer::float8 as score
      from candidates v ${JOIN_AUTHOR}
      where a.workspace_id = ${workspace_id} and ${visibleTo(viewer_id)}
    ), spread as (
      select id, watched, score * power(${FEED.repeat}::float8, row_number() over (partition by user_id order by watched, score desc, id desc) - 1) as score from scored
    )
    select id from spread order by watched, score desc, id desc limit ${FEED.length}`;
}

/** Ids of the feed, best first. */
export async function rankFeed(db: Db, feed: FeedOf): Promise<string[]> {
  const { rows } = await feedStatement(feed).execute(db);
  return rows.map(({ id }) => id);
}
