import { sql, type RawBuilder } from 'kysely';
import type { Db } from './client.ts';

/**
 * Likes, and the figures that count them, change in one transaction: the video's row is locked first, so that the figures are exact however many
 * come at once, and the author's last. A like counts on the day on which it was given, also where it is taken back later.
 */

export interface LikeAnswer {
  /** false: it was so before. */
  changed: boolean;
  /** Of the video, or of the comment, as it is now. */
  likes: number;
}

/** @param db a transaction that is the caller's, too. @returns null: the video is not there any more */
export const setVideoLike = (db: Db, like: { video_id: string; user_id: string; liked: boolean }): Promise<LikeAnswer | null> =>
  answerOf(
    sql`select id from videos where id = ${like.video_id} for no key update`,
    sql<LikeAnswer>`
    with video as (select id, user_id, likes from videos where id = ${like.video_id} and status = 'ready' and deleted_at is null for no key update),
      change as (${like.liked ? given(like) : taken(like)}),
      counted as (update videos set likes = videos.likes + change.amount from change where videos.id = change.video_id returning videos.user_id, change.video_id, change.day, change.amount),
      daily as (
        insert into video_days (video_id, day, likes) select video_id, day, amount from counted
        on conflict (video_id, day) do update set likes = video_days.likes + excluded.likes
        returning likes),
      author as (update app_users set likes = app_users.likes + counted.amount from counted, daily where app_users.id = counted.user_id returning counted.amount)
    select exists (select from author) as changed, video.likes + coalesce((select amount from author), 0) as likes from video`,
    db,
  );

type Like = { video_id: string; user_id: string };

const given = ({ user_id }: Like): RawBuilder<unknown> => sql`
  insert into video_likes (user_id, video_id) select ${user_id}::uuid, id from video
  on conflict do nothing
  returning video_id, (created_at at time zone 'utc')::date as day, 1 as amount`;

const taken = ({ user_id }: Like): RawBuilder<unknown> => sql`
  delete from video_likes using video where video_likes.video_id = video.id and video_likes.user_id = ${user_id}
  returning video_likes.video_id, (created_at at time zone 'utc')::date as day, -1 as amount`;

/** @returns null: the comment is not there any more */
export const setCommentLike = (db: Db, { comment_id, user_id, liked }: { comment_id: string; user_id: string; liked: boolean }): Promise<LikeAnswer | null> =>
  answerOf(
    sql`select id from video_comments where id = ${comment_id} for no key update`,
    sql<LikeAnswer>`
    with comment as (select id, likes from video_comments where id = ${comment_id} and deleted_at is null for no key update),
      change as (${
        liked
          ? sql`insert into comment_likes (user_id, comment_id) select ${user_id}::uuid, id from comment on conflict do nothing returning comment_id, 1 as amount`
          : sql`delete from comment_likes using comment where comment_likes.comment_id = comment.id and comment_likes.user_id = ${user_id} returning comment_likes.comment_id, -1 as amount`
      }),
      counted as (update video_comments set likes = video_comments.likes + change.amount from change where video_comments.id = change.comment_id returning change.amount)
    select exists (select from counted) as changed, comment.likes + coalesce((select amount from counted), 0) as likes from comment`,
    db,
  );

/** The lock by a statement of its own: what waits for it sees, with the next one, the like that it waited for. */
function answerOf(lock: RawBuilder<unknown>, query: RawBuilder<LikeAnswer>, db: Db): Promise<LikeAnswer | null> {
  const work = async (trx: Db): Promise<LikeAnswer | null> => {
    await lock.execute(trx);
    return (await query.execute(trx)).rows[0] ?? null;
  };
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}
