import { sql } from 'kysely';
import type { EventType } from '../domain/contracts/live-event.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export interface MinuteCounters {
  minute: Date;
  events: number;
  comments: number;
  gifts: number;
  diamonds: number;
  likes: number;
  joins: number;
  follows: number;
  shares: number;
}

/** What happened in each minute of [from, to) by TikTok's time; minutes without events are left out. Counts as the counters do. */
export async function countersByMinute(db: Db, livestreamId: string, from: Date, to: Date): Promise<MinuteCounters[]> {
  const { rows } = await sql<MinuteCounters>`
    select date_trunc('minute', occurred_at) as minute,
      count(*) as events,
      count(*) filter (where type = 'comment') as comments,
      coalesce(sum((data->>'increment')::bigint) filter (where type = 'gift'), 0)::bigint as gifts,
      coalesce(sum((data->>'increment')::bigint * (data->>'diamond_count')::bigint) filter (where type = 'gift'), 0)::bigint as diamonds,
      coalesce(sum((data->>'like_count')::bigint) filter (where type = 'like'), 0)::bigint as likes,
      count(*) filter (where type = 'join') as joins,
      count(*) filter (where type = 'follow') as follows,
      count(*) filter (where type = 'share') as shares
    from events
    where livestream_id = ${livestreamId} and occurred_at >= ${from} and occurred_at < ${to}
    group by 1 order by 1`.execute(db);
  return rows;
}

export interface TopGifter {
  user_id: string | null;
  username: string | null;
  nickname: string | null;
  diamonds: number;
  gifts: number;
}

/** Diamonds by what each event adds: the running totals of a streak would count a combo many times. */
export async function topGifters(db: Db, livestreamId: string, limit: number): Promise<TopGifter[]> {
  const { rows } = await sql<TopGifter>`
    select user_id,
      (array_agg(data->>'username' order by position desc))[1] as username,
      (array_agg(data->>'nickname' order by position desc))[1] as nickname,
      sum((data->>'increment')::bigint * (data->>'diamond_count')::bigint)::bigint as diamonds,
      sum((data->>'increment')::bigint)::bigint as gifts
    from events
    where livestream_id = ${livestreamId} and type = 'gift'
    group by user_id, case when user_id is null then data->>'username' end
    having sum((data->>'increment')::bigint) > 0
    order by diamonds desc, gifts desc, user_id
    limit ${limit}`.execute(db);
  return rows;
}

export interface TopCommenter {
  user_id: string | null;
  username: string | null;
  nickname: string | null;
  comments: number;
}

export async function topCommenters(db: Db, livestreamId: string, limit: number): Promise<TopCommenter[]> {
  const { rows } = await sql<TopCommenter>`
    select user_id,
      (array_agg(data->>'username' order by position desc))[1] as username,
      (array_agg(data->>'nickname' order by position desc))[1] as nickname,
      count(*) as comments
    from events
    where livestream_id = ${livestreamId} and type = 'comment'
    group by user_id, case when user_id is null then data->>'username' end
    order by comments desc, user_id
    limit ${limit}`.execute(db);
  return rows;
}

export function listConnections(db: Db, livestreamId: string): Promise<Row<'livestream_connections'>[]> {
  return db
    .selectFrom('livestream_connections')
    .selectAll()
    .where('livestream_id', '=', livestreamId)
    .orderBy('connected_at')
    .orderBy('id')
    .execute();
}

/** A gap by TikTok's time. Windows are handed over in order and do not overlap. */
export interface GapWindow {
  from: Date;
  to: Date;
}

export interface RecoveredCount {
  /** Index of the window. */
  window: number;
  type: EventType;
  /** Likes for like, gifts for gift, events for the rest. */
  amount: number;
}

/**
 * What TikTok replayed after each gap: events that happened inside the window and were received at its end or later.
 * One walk over the events, however many windows: width_bucket finds each event's window by binary search.
 */
export async function recoveredByReplay(db: Db, livestreamId: string, windows: readonly GapWindow[]): Promise<RecoveredCount[]> {
  if (windows.length === 0) return [];
  const edges = windows.flatMap(({ from, to }) => [from, to]);
  const { rows } = await sql<RecoveredCount>`
    select bucket / 2 as window, type,
      sum(case type when 'like' then (data->>'like_count')::bigint when 'gift' then (data->>'increment')::bigint else 1 end)::bigint as amount
    from (
      select type, data, received_at, width_bucket(occurred_at, ${edges}::timestamptz[]) as bucket
      from events where livestream_id = ${livestreamId} and type not in ('connect', 'disconnect')
    ) as e
    where bucket % 2 = 1 and received_at >= (${edges}::timestamptz[])[bucket + 1]
    group by 1, 2 order by 1, 2`.execute(db);
  return rows;
}
