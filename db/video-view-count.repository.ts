import { sql } from 'kysely';
import type { Db } from './client.ts';

/** Days are UTC's. */
const TODAY = sql`(now() at time zone 'utc')::date`;

export interface WatchedFor {
  video_id: string;
  /** Of the app: told twice, it counts once. */
  view_id: string;
  /** null: nobody is signed in. */
  user_id: string | null;
  /** Milliseconds, in all, of this view. */
  watch_ms: number;
}

/**
 * Counts a view once, and of its time what was not counted before: a later telling of the same view may only add.
 * @returns how often the video was watched; null: it is not there any more
 */
export async function countView(db: Db, { video_id, view_id, user_id, watch_ms }: WatchedFor): Promise<number | null> {
  const { rows } = await sql<{ views: number }>`
    with told as (
      insert into video_views (video_id, view_id, user_id, watch_ms)
      select id, ${view_id}, ${user_id}::uuid, ${watch_ms}::integer from videos where id = ${video_id} and status = 'ready' and deleted_at is null
      on conflict (video_id, view_id) do update
        set told_before_ms = video_views.watch_ms, watch_ms = greatest(video_views.watch_ms, excluded.watch_ms)
        where video_views.watch_ms < excluded.watch_ms
      returning video_id, (created_at at time zone 'utc')::date as day, (told_before_ms is null)::integer as views, watch_ms - coalesce(told_before_ms, 0) as watch_ms),
    counted as (
      update videos set views = videos.views + told.views, watch_ms = videos.watch_ms + told.watch_ms from told where videos.id = told.video_id
      returning told.*, videos.views as views_now),
    daily as (
      insert into video_days (video_id, day, views, watch_ms) select video_id, day, counted.views, counted.watch_ms from counted
      on conflict (video_id, day) do update set views = video_days.views + excluded.views, watch_ms = video_days.watch_ms + excluded.watch_ms
      returning 1)
    select coalesce((select views_now from counted), videos.views) as views from videos where id = ${video_id} and status = 'ready' and deleted_at is null`.execute(db);
  return rows[0]?.views ?? null;
}

/** @returns how often it was shared; null: it is not there any more */
export async function countShare(db: Db, videoId: string): Promise<number | null> {
  const { rows } = await sql<{ shares: number }>`
    with shared as (update videos set shares = shares + 1 where id = ${videoId} and status = 'ready' and deleted_at is null returning id, shares),
      daily as (
        insert into video_days (video_id, day, shares) select id, ${TODAY}, 1 from shared
        on conflict (video_id, day) do update set shares = video_days.shares + 1
        returning 1)
    select shares from shared`.execute(db);
  return rows[0]?.shares ?? null;
}

export interface VideoDay {
  /** YYYY-MM-DD, UTC. */
  day: string;
  views: number;
  watch_ms: number;
  likes: number;
  comments: number;
  shares: number;
}

/** The last so many days up to today, oldest first; days on which nothing was have zeros. */
export async function readVideoDays(db: Db, videoId: string, days: number): Promise<VideoDay[]> {
  const { rows } = await sql<VideoDay>`
    select to_char(each.day, 'YYYY-MM-DD') as day, coalesce(d.views, 0) as views, coalesce(d.watch_ms, 0) as watch_ms,
      coalesce(d.likes, 0) as likes, coalesce(d.comments, 0) as comments, coalesce(d.shares, 0) as shares
    from generate_series(${TODAY} - ${days - 1}::integer, ${TODAY}, interval '1 day') as each (day)
      left join video_days d on d.video_id = ${videoId} and d.day = each.day::date
    order by each.day`.execute(db);
  return rows;
}
