import { sql } from 'kysely';
import { ACCOUNT_COUNTS, VIDEO_COUNTS, type FollowerHistory, type Period, type VideoHistory } from '../domain/analytics/summary.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

type PostSample = Omit<Row<'post_metrics'>, 'social_account_id' | 'post_id'>;
type AccountSample = Omit<Row<'account_metrics'>, 'social_account_id'>;

export interface Span {
  from: Date;
  /** Not included. */
  to: Date;
  /** Most rows. */
  limit: number;
}

/** Samples of all of a post's videos, by video and time. */
export const listPostSamples = (db: Db, postId: string, { from, to, limit }: Span): Promise<PostSample[]> =>
  db
    .selectFrom('post_metrics')
    .select(['video_id', 'at', ...VIDEO_COUNTS])
    .where('post_id', '=', postId)
    .where('at', '>=', from)
    .where('at', '<', to)
    .orderBy('video_id')
    .orderBy('at')
    .limit(limit)
    .execute();

/** Of each of a post's videos the last sample before `from`. */
export const lastPostSamplesBefore = (db: Db, postId: string, from: Date): Promise<PostSample[]> =>
  db
    .selectFrom('post_metrics')
    .distinctOn('video_id')
    .select(['video_id', 'at', ...VIDEO_COUNTS])
    .where('post_id', '=', postId)
    .where('at', '<', from)
    .orderBy('video_id')
    .orderBy('at', 'desc')
    .execute();

export const listPostVideos = (db: Db, postId: string) =>
  db.selectFrom('sampled_videos').select(['video_id', 'published_at', 'gone_at']).where('post_id', '=', postId).orderBy('video_id').execute();

/** What tells why a post has no numbers. */
export const findMeasuredPost = (db: Db, workspaceId: string, id: string) =>
  db
    .selectFrom('posts')
    .innerJoin('social_accounts', 'social_accounts.id', 'posts.social_account_id')
    .select(['posts.id', 'posts.social_account_id', 'posts.state', 'posts.content', 'social_accounts.state as account_state', 'social_accounts.scopes'])
    .where('posts.workspace_id', '=', workspaceId)
    .where('posts.id', '=', id)
    .executeTakeFirst();

export const listAccountSamples = (db: Db, accountId: string, { from, to, limit }: Span): Promise<AccountSample[]> =>
  db
    .selectFrom('account_metrics')
    .select(['at', ...ACCOUNT_COUNTS])
    .where('social_account_id', '=', accountId)
    .where('at', '>=', from)
    .where('at', '<', to)
    .orderBy('at')
    .limit(limit)
    .execute();

export const lastAccountSampleBefore = (db: Db, accountId: string, from: Date): Promise<AccountSample | undefined> =>
  db
    .selectFrom('account_metrics')
    .select(['at', ...ACCOUNT_COUNTS])
    .where('social_account_id', '=', accountId)
    .where('at', '<', from)
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst();

export interface Scope {
  workspace_id: string;
  /** null: all of the workspace. */
  social_account_id: string | null;
}

const accountsOf = ({ workspace_id, social_account_id }: Scope) =>
  sql`(select id from social_accounts where workspace_id = ${workspace_id} ${social_account_id === null ? sql`` : sql`and id = ${social_account_id}`})`;

const counts = sql`view_count, like_count, comment_count, share_count`;
const lastBefore = (time: Date) => sql`(
  select jsonb_build_object('view_count', view_count, 'like_count', like_count, 'comment_count', comment_count, 'share_count', share_count)
  from post_metrics m where m.social_account_id = v.social_account_id and m.video_id = v.video_id and m.at < ${time} order by m.at desc limit 1)`;

interface HistoryRow extends Omit<VideoHistory, 'first'> {
  first_at: Date | null;
  view_count: number;
  like_count: number;
  comment_count: number;
  share_count: number;
}

/** Totals of each video at the times of the period. Videos that were not sampled since the period before it began are left out. */
export async function listVideoHistories(db: Db, scope: Scope, period: Period, limit: number): Promise<VideoHistory[]> {
  const [before, from, to] = [new Date(period.before), new Date(period.from), new Date(period.to)];
  const { rows } = await sql<HistoryRow>`
    select v.post_id, v.video_id, v.published_at, f.at as first_at, f.view_count, f.like_count, f.comment_count, f.share_count,
      ${lastBefore(before)} as at_before, ${lastBefore(from)} as at_from, ${lastBefore(to)} as at_to
    from sampled_videos v
    left join lateral (
      select at, ${counts} from post_metrics m where m.social_account_id = v.social_account_id and m.video_id = v.video_id order by m.at limit 1
    ) f on true
    where v.social_account_id in ${accountsOf(scope)} and exists (
      select 1 from post_metrics m where m.social_account_id = v.social_account_id and m.video_id = v.video_id and m.at >= ${before} and m.at < ${to})
    order by v.video_id limit ${limit}`.execute(db);
  return rows.map(({ first_at, view_count, like_count, comment_count, share_count, ...row }) => ({
    ...row,
    first: first_at && { at: first_at, view_count, like_count, comment_count, share_count },
  }));
}

export async function listFollowerHistories(db: Db, scope: Scope, from: Date, to: Date): Promise<FollowerHistory[]> {
  const followers = (where: ReturnType<typeof sql>, direction: ReturnType<typeof sql>) =>
    sql`(select follower_count from account_metrics m where m.social_account_id = a.id and ${where} order by m.at ${direction} limit 1)`;
  const { rows } = await sql<FollowerHistory>`
    select ${followers(sql`m.at < ${from}`, sql`desc`)} as at_from,
      ${followers(sql`m.at >= ${from} and m.at < ${to}`, sql`asc`)} as first_in_period,
      ${followers(sql`m.at < ${to}`, sql`desc`)} as at_to
    from social_accounts a where a.id in ${accountsOf(scope)}`.execute(db);
  return rows;
}

/** Posts published in [from, to), the private ones too. */
export async function countPublished(db: Db, scope: Scope, from: Date, to: Date): Promise<number> {
  const { rows } = await sql<{ posts: number }>`
    select count(*) as posts from posts
    where workspace_id = ${scope.workspace_id} and social_account_id in ${accountsOf(scope)}
      and state = 'published' and published_at >= ${from} and published_at < ${to}`.execute(db);
  return rows[0]!.posts;
}

/** What a list of posts shows. */
export const listPostTitles = async (db: Db, ids: readonly string[]) =>
  ids.length === 0 ? [] : db.selectFrom('posts').select(['id', 'social_account_id', 'content', 'permalink']).where('id', 'in', ids).execute();
