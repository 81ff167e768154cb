import { sql } from 'kysely';
import type { PostMode, PostState } from '../domain/contracts/post.ts';
import type { Db } from './client.ts';

/** TikTok ids that stand for other posts of the account. */
export async function idsOfOtherPosts(db: Db, socialAccountId: string, postId: string): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select unnest(tiktok_post_ids) as id from posts where social_account_id = ${socialAccountId} and id <> ${postId}
    union select video_id from sampled_videos where social_account_id = ${socialAccountId} and post_id <> ${postId}`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

/** The post that a publish_id of this TikTok account stands for. */
export function findPostByPublishId(
  db: Db,
  publishId: string,
  openId: string,
): Promise<{ post_id: string; workspace_id: string; run: number; mode: PostMode; state: PostState; username: string | null; social_account_id: string } | undefined> {
  return db
    .selectFrom('posts')
    .innerJoin('social_accounts as account', 'account.id', 'posts.social_account_id')
    .select(['posts.id as post_id', 'posts.workspace_id', 'posts.run', 'posts.mode', 'posts.state', 'account.username', 'posts.social_account_id'])
    .where('posts.publish_id', '=', publishId)
    .where('account.open_id', '=', openId)
    .executeTakeFirst();
}

export interface NeglectedPost {
  post_id: string;
  social_account_id: string;
  workspace_id: string;
  publish_at: Date | null;
}

/**
 * Posts that no workflow has taken up for `olderThanMs`, or that have not moved for `stuckMs` although their time has come.
 * Starting the workflow of one that has it changes nothing.
 */
export async function listNeglectedPosts(db: Db, { olderThanMs, stuckMs, limit }: { olderThanMs: number; stuckMs: number; limit: number }): Promise<NeglectedPost[]> {
  const { rows } = await sql<NeglectedPost>`
    select id as post_id, social_account_id, workspace_id, publish_at from posts
    where state in ('scheduled', 'waiting_quota', 'preparing', 'uploading', 'processing', 'unconfirmed')
      and updated_at < now() - make_interval(secs => ${olderThanMs / 1_000}::float8)
      and (
        not exists (select from post_timeline where post_id = posts.id and dedupe_key = posts.run || ':scheduled')
        or (coalesce(publish_at, created_at) < now() and updated_at < now() - make_interval(secs => ${stuckMs / 1_000}::float8))
      )
    order by updated_at limit ${limit}`.execute(db);
  return rows;
}
