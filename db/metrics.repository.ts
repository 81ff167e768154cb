import { sql } from 'kysely';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export interface VideoCounts {
  view_count: number;
  like_count: number;
  comment_count: number;
  share_count: number;
}
export interface AccountCounts {
  follower_count: number;
  following_count: number;
  likes_count: number;
  video_count: number;
}

/** What decides whether an account is sampled. */
export const findSamplingAccount = (db: Db, workspaceId: string, id: string) =>
  db
    .selectFrom('social_accounts')
    .select(['id', 'state', 'state_reason', 'scopes'])
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst();

/** Accounts that should have a Schedule, a page by id. */
export const listSampledAccounts = (db: Db, after: string | null, limit: number) =>
  db
    .selectFrom('social_accounts')
    .select(['id as social_account_id', 'workspace_id'])
    .where('state', 'in', ['connected', 'expiring'])
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();

/** @returns rows written; 0: this sample is there already */
export async function recordAccountSample(db: Db, social_account_id: string, at: Date, counts: AccountCounts): Promise<number> {
  const result = await db
    .insertInto('account_metrics')
    .values({ social_account_id, at, ...counts })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0);
}

/**
 * Makes a row to sample by for each public TikTok post of ours that has none yet. TikTok tells the id hours after
 * publication at times, and several ids of one draft: so the posts are looked at each round, whoever wrote the id.
 */
export async function adoptPublishedVideos(db: Db, workspaceId: string, accountId: string, now: Date): Promise<void> {
  await sql`
    insert into sampled_videos (video_id, social_account_id, post_id, published_at, next_sample_at)
    select video_id, social_account_id, id, coalesce(published_at, updated_at), ${now}
    from posts cross join unnest(tiktok_post_ids) as video_id
    where social_account_id = ${accountId} and workspace_id = ${workspaceId}
      and coalesce(published_at, updated_at) > ${now}::timestamptz - interval '1 year'
    on conflict do nothing`.execute(db);
}

export type DueVideo = Pick<Row<'sampled_videos'>, 'video_id' | 'published_at'>;

/** The most overdue first. */
export const listDueVideos = (db: Db, accountId: string, due: Date, limit: number): Promise<DueVideo[]> =>
  db
    .selectFrom('sampled_videos')
    .select(['video_id', 'published_at'])
    .where('social_account_id', '=', accountId)
    .where('gone_at', 'is', null)
    .where('next_sample_at', '<=', due)
    .orderBy('next_sample_at')
    .orderBy('video_id')
    .limit(limit)
    .execute();

export interface VideoSamples {
  /** Time of the rows. */
  at: Date;
  /** Only videos that were due by then are touched: what an attempt before this one has written stays as it is. */
  due: Date;
  misses_until_gone: number;
  samples: readonly { video_id: string; next_sample_at: Date | null; counts: VideoCounts | null }[];
}

/** Writes one answer of TikTok in one statement: the numbers, when each video is next, and which ones are gone. */
export async function recordVideoSamples(db: Db, accountId: string, { at, due, misses_until_gone, samples }: VideoSamples): Promise<{ rows: number; gone: number }> {
  const column = <K extends keyof VideoCounts>(name: K) => samples.map(({ counts }) => counts?.[name] ?? null);
  const { rows } = await sql<{ rows: number; gone: number }>`
    with answer as (
      select * from unnest(
        ${samples.map(({ video_id }) => video_id)}::text[],
        ${samples.map(({ counts }) => counts !== null)}::boolean[],
        ${samples.map(({ next_sample_at }) => next_sample_at?.toISOString() ?? 'infinity')}::timestamptz[],
        ${column('view_count')}::bigint[], ${column('like_count')}::bigint[], ${column('comment_count')}::bigint[], ${column('share_count')}::bigint[]
      ) as a (video_id, returned, next_sample_at, view_count, like_count, comment_count, share_count)
    ), touched as (
      update sampled_videos v set
        next_sample_at = a.next_sample_at,
        misses = case when a.returned then 0 else v.misses + 1 end,
        gone_at = case when not a.returned and v.misses + 1 >= ${misses_until_gone} then ${at}::timestamptz end
      from answer a
      where v.social_account_id = ${accountId} and v.video_id = a.video_id and v.gone_at is null and v.next_sample_at <= ${due}
      returning v.social_account_id, v.video_id, v.post_id, v.gone_at, a.returned, a.view_count, a.like_count, a.comment_count, a.share_count
    ), written as (
      insert into post_metrics (social_account_id, video_id, post_id, at, view_count, like_count, comment_count, share_count)
      select social_account_id, video_id, post_id, ${at}::timestamptz, view_count, like_count, comment_count, share_count from touched where returned
      on conflict do nothing
      returning 1
    )
    select (select count(*) from written) as rows, (select count(gone_at) from touched) as gone`.execute(db);
  return rows[0]!;
}
