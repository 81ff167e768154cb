import { sql, type Transaction } from 'kysely';
import type { AccountRef } from '../domain/contracts/app-account.ts';
import { countRemoved, removeCounted } from './app-deletion.repository.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';

/** What a deletion removes, some rows at a time: short locks, and a heartbeat in between. Each gives how many rows there were. */
export const CHUNK = 500;

/**
 * Ends some of the account's follows, of both directions. All rows whose counts change are locked in one order, as in a follow;
 * the account's own too, though it is deleted.
 */
export const removeFollowChunk = (db: Db, { user_id, workspace_id }: AccountRef): Promise<number> =>
  db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ follower_id: string; followee_id: string }>`
      select follower_id, followee_id from follows where follower_id = ${user_id} or followee_id = ${user_id} limit ${CHUNK}`.execute(trx);
    if (rows.length === 0) return 0;
    const others = rows.map(({ follower_id, followee_id }) => (follower_id === user_id ? followee_id : follower_id));
    await sql`select from app_users where id = any(${[user_id, ...others]}::uuid[]) and workspace_id = ${workspace_id} order by id for no key update`.execute(trx);
    const removed = await sql<{ follower_id: string; followee_id: string; state: string }>`
      delete from follows where (follower_id = ${user_id} and followee_id = any(${others}::uuid[])) or (followee_id = ${user_id} and follower_id = any(${others}::uuid[]))
      returning follower_id, followee_id, state`.execute(trx);
    const accepted = removed.rows.filter(({ state }) => state === 'accepted');
    const lost = accepted.filter(({ follower_id }) => follower_id === user_id).map(({ followee_id }) => followee_id);
    const left = accepted.filter(({ followee_id }) => followee_id === user_id).map(({ follower_id }) => follower_id);
    await sql`update app_users set followers = followers - 1 where id = any(${lost}::uuid[])`.execute(trx);
    await sql`update app_users set following = following - 1 where id = any(${left}::uuid[])`.execute(trx);
    await sql`update app_users set following = following - ${lost.length}, followers = followers - ${left.length} where id = ${user_id}`.execute(trx);
    await countRemoved(trx, user_id, 'follows', removed.rows.length);
    return removed.rows.length;
  });

export const removeBlocks = async (db: Db, { user_id }: AccountRef): Promise<void> => {
  await sql`delete from blocks where user_id = ${user_id} or blocked_id = ${user_id}`.execute(db);
};

export const removeDevices = (db: Db, { user_id }: AccountRef): Promise<number> =>
  removeCounted(db, user_id, 'devices', (trx) => affected(sql`delete from app_devices where user_id = ${user_id}`, trx));

/** Those that tell them, and those that tell others of what they did. */
export const removeNotificationChunk = (db: Db, { user_id }: AccountRef): Promise<number> =>
  affected(sql`delete from app_notifications where id in (select id from app_notifications where user_id = ${user_id} or sender_id = ${user_id} limit ${CHUNK})`, db);

/** That a video was watched stays counted; by whom is forgotten. */
export const forgetViewChunk = (db: Db, { user_id }: AccountRef): Promise<number> =>
  affected(
    sql`update video_views set user_id = null where (video_id, view_id) in (select video_id, view_id from video_views where user_id = ${user_id} limit ${CHUNK})`,
    db,
  );

export const emptyDirectMessageChunk = (db: Db, { user_id }: AccountRef): Promise<number> =>
  removeCounted(db, user_id, 'messages', (trx) =>
    affected(sql`update direct_messages set message = '', deleted_at = now() where id in (select id from direct_messages where sender_id = ${user_id} and deleted_at is null limit ${CHUNK})`, trx),
  );

/** What they said in the chats of streams, of which there are few compared with messages: each stream's index finds a user's own. */
export async function listChatMessages(db: Db, { user_id }: AccountRef): Promise<{ id: string; stream_id: string }[]> {
  const { rows } = await sql<{ id: string; stream_id: string }>`
    select m.id, m.stream_id from chat_rooms r
      cross join lateral (select id, stream_id from chat_messages where stream_id = r.stream_id and user_id = ${user_id} and (message <> '' or user_name <> '')) m
    limit ${CHUNK}`.execute(db);
  return rows;
}

/** The message was deleted before; its name goes too. */
export const forgetChatName = (db: Db, { user_id }: AccountRef, messageIds: readonly string[]): Promise<number> =>
  removeCounted(db, user_id, 'messages', (trx) => affected(sql`update chat_messages set user_name = '' where id = any(${messageIds}::uuid[]) and user_id = ${user_id} and user_name <> ''`, trx));

export const listLikedVideos = (db: Db, { user_id }: AccountRef): Promise<{ video_id: string }[]> =>
  db.selectFrom('video_likes').select('video_id').where('user_id', '=', user_id).limit(CHUNK).execute();

/** Of a video that is not shown any more: nothing counts it. */
export const dropVideoLike = async (db: Db, { user_id }: AccountRef, videoId: string): Promise<void> => {
  await db.deleteFrom('video_likes').where('user_id', '=', user_id).where('video_id', '=', videoId).execute();
};

export const listLikedComments = (db: Db, { user_id }: AccountRef): Promise<{ comment_id: string }[]> =>
  db.selectFrom('comment_likes').select('comment_id').where('user_id', '=', user_id).limit(CHUNK).execute();

export const dropCommentLike = async (db: Db, { user_id }: AccountRef, commentId: string): Promise<void> => {
  await db.deleteFrom('comment_likes').where('user_id', '=', user_id).where('comment_id', '=', commentId).execute();
};

export const listOwnComments = (db: Db, { user_id }: AccountRef): Promise<{ id: string }[]> =>
  db.selectFrom('video_comments').select('id').where('user_id', '=', user_id).where('deleted_at', 'is', null).limit(CHUNK).execute();

/** Deleted ones keep their place and lose their text. */
export const emptyComments = (db: Db, { user_id }: AccountRef): Promise<number> =>
  removeCounted(db, user_id, 'comments', (trx) => affected(sql`update video_comments set comment = '' where user_id = ${user_id} and deleted_at is not null and comment <> ''`, trx));

export const listOwnVideos = (db: Db, { user_id, workspace_id }: AccountRef): Promise<{ id: string }[]> =>
  db.selectFrom('videos').select('id').where('workspace_id', '=', workspace_id).where('user_id', '=', user_id).where('deleted_at', 'is', null).limit(CHUNK).execute();

/** Deleted ones whose text or files are still there. */
export const listVideosToForget = (db: Db, { user_id, workspace_id }: AccountRef): Promise<{ id: string }[]> =>
  db
    .selectFrom('videos')
    .select('id')
    .where('workspace_id', '=', workspace_id)
    .where('user_id', '=', user_id)
    .where('deleted_at', 'is not', null)
    .where((is) => is.or([is('description', '<>', ''), is('source_key', 'is not', null), is('playlist_key', 'is not', null), is('thumbnail_key', 'is not', null)]))
    .limit(CHUNK)
    .execute();

export const forgetVideo = (db: Db, { user_id }: AccountRef, id: string): Promise<number> =>
  affected(sql`update videos set description = '', source_key = null, playlist_key = null, thumbnail_key = null where id = ${id} and user_id = ${user_id}`, db);

/** Their names told whose they are: what others use of a sound stays, under a name of nobody. */
export const forgetSounds = async (db: Db, { user_id }: AccountRef): Promise<void> => {
  await sql`update sounds set name = 'original sound', created_by = null where created_by = ${user_id}`.execute(db);
};

const affected = async (statement: ReturnType<typeof sql>, db: Db | Transaction<Database>): Promise<number> => Number((await statement.execute(db)).numAffectedRows ?? 0);
