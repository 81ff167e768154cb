import { sql, type RawBuilder } from 'kysely';
import type { StreamStatus } from '../domain/contracts/stream.ts';
import type { AppUser } from './app-user.repository.ts';
import type { Db } from './client.ts';
import { isThere, notBlocked } from './relation.repository.ts';

/**
 * A condition over `streams s join app_users a on a.id = s.user_id`: its owner is there and the viewer may watch it, blocks apart. Everybody may where stream
 * and account are public, else followers whom the owner accepted.
 */
export const liveVisibleTo = (viewerId: string): RawBuilder<boolean> => sql<boolean>`coalesce(${isThere('a')} and (s.user_id = ${viewerId}::uuid or (s.visibility = 'public' and not a.is_private)
  or exists (select from follows f where f.follower_id = ${viewerId}::uuid and f.followee_id = s.user_id and f.state = 'accepted')), false)`;

export interface LiveQuery {
  workspace_id: string;
  viewer_id: string;
  /** Only streams made before this one. */
  before: string | null;
  offset: number;
  limit: number;
}

export interface LiveStream {
  id: string;
  user_id: string;
  title: string;
  status: StreamStatus;
  visibility: 'public' | 'private';
  viewer_count: number;
  start_time: Date | null;
  /** Of the host that holds it; null: none does. */
  host_url: string | null;
}

/** Who is live, the latest first, as far as the viewer may watch. */
export async function listLiveStreams(db: Db, { workspace_id, viewer_id, before, offset, limit }: LiveQuery): Promise<LiveStream[]> {
  const { rows } = await sql<LiveStream>`
    select s.id, s.user_id, s.title, s.status, s.visibility, s.viewer_count, s.start_time, h.public_url as host_url
    from streams s join app_users a on a.id = s.user_id left join media_hosts h on h.id = s.media_host_id
    where s.workspace_id = ${workspace_id} and s.status in ('live', 'reconnecting') and s.deleted_at is null
      and (${before}::uuid is null or s.id < ${before}::uuid) and ${liveVisibleTo(viewer_id)} and ${notBlocked(viewer_id, 's.user_id')}
    order by s.id desc offset ${offset} limit ${limit}`.execute(db);
  return rows;
}

/** Makes the streams of a user whose account is private, and that are not over, private as well. @returns those that were public */
export async function hideOpenStreams(db: Db, workspaceId: string, userId: string): Promise<string[]> {
  const rows = await db
    .updateTable('streams')
    .from('app_users')
    .set({ visibility: 'private', updated_at: sql<Date>`now()` })
    .whereRef('app_users.id', '=', 'streams.user_id')
    .where('app_users.is_private', '=', true)
    .where('streams.workspace_id', '=', workspaceId)
    .where('streams.user_id', '=', userId)
    .where('streams.visibility', '=', 'public')
    .where('streams.status', 'in', ['waiting', 'live', 'reconnecting'])
    .returning('streams.id')
    .execute();
  return rows.map(({ id }) => id);
}

/** A user's streams that are not over. */
export const listOpenStreams = (db: Db, workspaceId: string, userId: string): Promise<{ id: string; status: StreamStatus }[]> =>
  db
    .selectFrom('streams')
    .select(['id', 'status'])
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', userId)
    .where('status', 'in', ['waiting', 'live', 'reconnecting'])
    .where('deleted_at', 'is', null)
    .orderBy('id', 'desc')
    .limit(MOST_OPEN)
    .execute();

const MOST_OPEN = 100;

/** What a suspended user still shows: what is on air, and what an encoder has just begun. None of who is not suspended (any more). */
export async function listSuspendedStreams(db: Db, workspaceId: string, userId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select s.id from streams s join app_users a on a.id = s.user_id
    where s.workspace_id = ${workspaceId} and s.user_id = ${userId} and s.deleted_at is null and a.suspended_at is not null
      and (s.status in ('live', 'reconnecting') or s.status = 'waiting' and exists (select from stream_sessions e where e.stream_id = s.id and e.ended_at is null))`.execute(db);
  return rows.map(({ id }) => id);
}

/** Asks that the owner's followers be told as soon as the stream is live. */
export async function insertLiveCall(db: Db, call: { stream_id: string; workspace_id: string; user_id: string }): Promise<void> {
  await db.insertInto('live_calls').values(call).onConflict((conflict) => conflict.doNothing()).execute();
}

export interface LiveCall {
  stream_id: string;
  workspace_id: string;
  user: Pick<AppUser, 'id' | 'username'>;
  told_until: string | null;
  told: number;
  status: StreamStatus;
  /** The stream, or who is live, is gone. */
  is_gone: boolean;
}

/** The oldest call that can be answered, or need not be any more, and that nobody else has taken; locked until the transaction ends. */
export async function takeLiveCall(trx: Db, forgetAfterMs: number): Promise<LiveCall | undefined> {
  const { rows } = await sql<LiveCall>`
    select c.stream_id, c.workspace_id, json_build_object('id', a.id, 'username', a.username) as "user", c.told_until, c.told, s.status,
      s.deleted_at is not null or not ${isThere('a')} as is_gone
    from live_calls c join streams s on s.id = c.stream_id join app_users a on a.id = c.user_id
    where c.done_at is null and (s.status <> 'waiting' or s.deleted_at is not null or not ${isThere('a')} or c.created_at < now() - ${forgetAfterMs} * interval '1 millisecond')
    order by c.created_at limit 1 for update of c skip locked`.execute(trx);
  return rows[0];
}

/** Accepted followers behind one of them, by id. */
export const listFollowerIds = async (db: Db, userId: string, after: string | null, limit: number): Promise<string[]> => {
  const rows = await db
    .selectFrom('follows')
    .select('follower_id')
    .where('followee_id', '=', userId)
    .where('state', '=', 'accepted')
    .$if(after !== null, (query) => query.where('follower_id', '>', after ?? ''))
    .orderBy('follower_id')
    .limit(limit)
    .execute();
  return rows.map(({ follower_id }) => follower_id);
};

export async function noteLiveCall(trx: Db, streamId: string, { told_until, told, is_done }: { told_until: string | null; told: number; is_done: boolean }): Promise<void> {
  await trx
    .updateTable('live_calls')
    .set({ told_until, told, ...(is_done && { done_at: sql<Date>`now()` }) })
    .where('stream_id', '=', streamId)
    .execute();
}
