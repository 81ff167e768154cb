import { sql, type RawBuilder } from 'kysely';
import type { Db } from './client.ts';
import { JOIN_AUTHOR, visibleOrOwn, visibleTo } from './video-read.repository.ts';

/** Lists of videos by time, newest first: each gives ids with their places, and one more than asked for where there is more. */
export interface ListOf {
  workspace_id: string;
  /** null: nobody is signed in. */
  viewer_id: string | null;
  limit: number;
  /** How many to pass over, where the page's place is not known. */
  skip: number;
}

/** at: microseconds since 1970, UTC, of what the list goes by. */
export interface TimedEntry {
  id: string;
  at: number;
}

const MICROSECONDS = sql`1000000`;
const microsOf = (time: RawBuilder<unknown>): RawBuilder<number> => sql<number>`(extract(epoch from ${time}) * ${MICROSECONDS})::bigint`;
const timeOf = (micros: number): RawBuilder<Date> => sql<Date>`'epoch'::timestamptz + ${micros}::bigint * interval '1 microsecond'`;
const IS_PUBLIC = sql`v.deleted_at is null and v.status = 'ready' and v.privacy = 'public'`;

const before = (column: RawBuilder<unknown>, id: string | null): RawBuilder<boolean> => (id === null ? sql<boolean>`true` : sql<boolean>`${column} < ${id}::uuid`);
const beforeTime = (columns: RawBuilder<unknown>, entry: TimedEntry | null): RawBuilder<boolean> =>
  entry === null ? sql<boolean>`true` : sql<boolean>`(${columns}) < (${timeOf(entry.at)}, ${entry.id}::uuid)`;

async function read<T>(db: Db, statement: RawBuilder<T>): Promise<T[]> {
  return (await statement.execute(db)).rows;
}

/** Of one author; to themselves also what is processing or failed. */
export const listVideosOfUser = (db: Db, { workspace_id, viewer_id, limit, skip }: ListOf, userId: string, after: string | null): Promise<{ id: string }[]> =>
  read(
    db,
    sql<{ id: string }>`
    select v.id from videos v ${JOIN_AUTHOR}
    where v.workspace_id = ${workspace_id} and v.user_id = ${userId} and ${visibleOrOwn(viewer_id)} and ${before(sql`v.id`, after)}
    order by v.id desc limit ${limit + 1} offset ${skip}`,
  );

/** What a user has liked, by when they did. */
export const listLikedVideos = (db: Db, { workspace_id, viewer_id, limit, skip }: ListOf, userId: string, after: TimedEntry | null): Promise<TimedEntry[]> =>
  read(
    db,
    sql<TimedEntry>`
    select v.id, ${microsOf(sql`l.created_at`)} as at from video_likes l join videos v on v.id = l.video_id ${JOIN_AUTHOR}
    where l.user_id = ${userId} and v.workspace_id = ${workspace_id} and ${visibleTo(viewer_id)} and ${beforeTime(sql`l.created_at, l.video_id`, after)}
    order by l.created_at desc, l.video_id desc limit ${limit + 1} offset ${skip}`,
  );

/**
 * Of all whom the viewer follows, by when they were published: a look into each one's own index. Nothing on the page is older than the newest
 * video of the last author whose newest one would fill it: so far down, and no further, each is read.
 */
export const listFollowedVideos = (db: Db, { workspace_id, viewer_id, limit, skip }: ListOf, after: TimedEntry | null): Promise<TimedEntry[]> => {
  const wanted = skip + limit + 1;
  const ofOne = sql`
    select v.id, v.published_at from videos v ${JOIN_AUTHOR}
    where v.user_id = f.id and v.workspace_id = ${workspace_id} and v.privacy <> 'private' and v.published_at <= now()
      and ${visibleTo(viewer_id)} and ${beforeTime(sql`v.published_at, v.id`, after)}`;
  return read(
    db,
    sql<TimedEntry>`
    with followed as materialized (
      select f.followee_id as id from follows f where f.follower_id = ${viewer_id} and f.state = 'accepted'
    ), oldest as materialized (
      select v.published_at from followed f cross join lateral (${ofOne} order by v.published_at desc, v.id desc limit 1) v
      order by v.published_at desc limit 1 offset ${wanted - 1}
    )
    select v.id, ${microsOf(sql`v.published_at`)} as at from followed f cross join lateral (
      ${ofOne} and v.published_at >= coalesce((select published_at from oldest), '-infinity') order by v.published_at desc, v.id desc limit ${wanted}) v
    order by v.published_at desc, v.id desc limit ${limit + 1} offset ${skip}`,
  );
};

/** What is public under a hashtag. */
export const listHashtagVideos = (db: Db, { workspace_id, viewer_id, limit, skip }: ListOf, hashtagId: string, after: string | null): Promise<{ id: string }[]> =>
  read(
    db,
    sql<{ id: string }>`
    select v.id from video_hashtags h join videos v on v.id = h.video_id ${JOIN_AUTHOR}
    where h.hashtag_id = ${hashtagId} and v.workspace_id = ${workspace_id} and ${IS_PUBLIC} and ${visibleTo(viewer_id)} and ${before(sql`h.video_id`, after)}
    order by h.video_id desc limit ${limit + 1} offset ${skip}`,
  );

/** What is public with a sound. */
export const listSoundVideos = (db: Db, { workspace_id, viewer_id, limit, skip }: ListOf, soundId: string, after: string | null): Promise<{ id: string }[]> =>
  read(
    db,
    sql<{ id: string }>`
    select v.id from videos v ${JOIN_AUTHOR}
    where v.sound_id = ${soundId} and v.workspace_id = ${workspace_id} and ${IS_PUBLIC} and ${visibleTo(viewer_id)} and ${before(sql`v.id`, after)}
    order by v.id desc limit ${limit + 1} offset ${skip}`,
  );
