import { sql, type Selectable } from 'kysely';
import type { MediaProbe } from '../domain/contracts/media.ts';
import { FINAL_POST_STATES, type PostState } from '../domain/contracts/post.ts';
import { CHANNELS } from '../domain/names.ts';
import type { Db } from './client.ts';
import { deleteUnused } from './media.repository.ts';
import type { Row } from './schema.ts';
import type { PostsTable } from './schema-publishing.ts';

/** A post with what people know it by. The upload URL stays in the table: whoever has it can upload. */
export interface PostRow extends Omit<Selectable<PostsTable>, 'upload_url'> {
  account_username: string | null;
  account_display_name: string | null;
  account_avatar_url: string | null;
  media_file_name: string | null;
  media_content_type: string | null;
  media_size_bytes: number | null;
  media_sha256: string | null;
  media_probe: MediaProbe | null;
  media_created_at: Date | null;
}

export interface PostQuery {
  workspace_id: string;
  state?: readonly PostState[] | undefined;
  social_account_id?: string | undefined;
  group_id?: string | undefined;
  created_from?: Date | undefined;
  created_to?: Date | undefined;
  publish_from?: Date | undefined;
  publish_to?: Date | undefined;
  /** Only those made before this id. */
  before?: string | undefined;
  limit: number;
}

const COLUMNS = [
  'posts.id',
  'posts.workspace_id',
  'posts.social_account_id',
  'posts.group_id',
  'posts.kind',
  'posts.mode',
  'posts.source',
  'posts.media_id',
  'posts.video_url',
  'posts.photo_urls',
  'posts.content',
  'posts.publish_at',
  'posts.time_zone',
  'posts.state',
  'posts.state_code',
  'posts.state_reason',
  'posts.run',
  'posts.init_count',
  'posts.init_sent_at',
  'posts.publish_id',
  'posts.chunk_size',
  'posts.chunk_count',
  'posts.bytes_total',
  'posts.bytes_uploaded',
  'posts.tiktok_post_ids',
  'posts.permalink',
  'posts.created_by',
  'posts.created_at',
  'posts.updated_at',
  'posts.started_at',
  'posts.published_at',
] as const;

const MEDIA_COLUMNS = [
  'media.file_name as media_file_name',
  'media.content_type as media_content_type',
  'media.size_bytes as media_size_bytes',
  'media.sha256 as media_sha256',
  'media.probe as media_probe',
  'media.created_at as media_created_at',
] as const;

const posts = (db: Db) =>
  db
    .selectFrom('posts')
    .innerJoin('social_accounts as account', 'account.id', 'posts.social_account_id')
    .leftJoin('media', 'media.id', 'posts.media_id')
    .select(COLUMNS)
    .select(MEDIA_COLUMNS)
    .select(['account.username as account_username', 'account.display_name as account_display_name', 'account.avatar_url as account_avatar_url']);

/** Newest first. */
export function listPosts(db: Db, query: PostQuery): Promise<PostRow[]> {
  let found = posts(db).where('posts.workspace_id', '=', query.workspace_id);
  if (query.state !== undefined) found = found.where('posts.state', 'in', query.state);
  if (query.social_account_id !== undefined) found = found.where('posts.social_account_id', '=', query.social_account_id);
  if (query.group_id !== undefined) found = found.where('posts.group_id', '=', query.group_id);
  if (query.created_from !== undefined) found = found.where('posts.created_at', '>=', query.created_from);
  if (query.created_to !== undefined) found = found.where('posts.created_at', '<', query.created_to);
  if (query.publish_from !== undefined) found = found.where('posts.publish_at', '>=', query.publish_from);
  if (query.publish_to !== undefined) found = found.where('posts.publish_at', '<', query.publish_to);
  if (query.before !== undefined) found = found.where('posts.id', '<', query.before);
  return found.orderBy('posts.id', 'desc').limit(query.limit).execute();
}

export function findPost(db: Db, workspaceId: string, id: string): Promise<PostRow | undefined> {
  return posts(db).where('posts.workspace_id', '=', workspaceId).where('posts.id', '=', id).executeTakeFirst();
}

/** In the order in which they were asked for. */
export function postsOfGroup(db: Db, workspaceId: string, groupId: string): Promise<PostRow[]> {
  return posts(db).where('posts.workspace_id', '=', workspaceId).where('posts.group_id', '=', groupId).orderBy('posts.id').execute();
}

export type TimelineRow = Row<'post_timeline'>;

/** The last `limit` entries, oldest first. */
export async function lastOfTimeline(db: Db, postId: string, limit: number): Promise<TimelineRow[]> {
  const rows = await db.selectFrom('post_timeline').selectAll().where('post_id', '=', postId).orderBy('id', 'desc').limit(limit).execute();
  return rows.reverse();
}

/** Entries behind `after`, oldest first. */
export const timelineAfter = (db: Db, postId: string, after: number, limit: number): Promise<TimelineRow[]> =>
  db.selectFrom('post_timeline').selectAll().where('post_id', '=', postId).where('id', '>', after).orderBy('id').limit(limit).execute();

/**
 * The last entries of the last minute between two places, oldest first: ids are given before commit, so an entry can become
 * visible when later ones have been read.
 */
export async function lateInTimeline(db: Db, postId: string, after: number, upTo: number, limit: number): Promise<TimelineRow[]> {
  const rows = await db
    .selectFrom('post_timeline')
    .selectAll()
    .where('post_id', '=', postId)
    .where('id', '>', after)
    .where('id', '<=', upTo)
    .where('at', '>', sql<Date>`now() - interval '1 minute'`)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.reverse();
}

/** Says why posts wait that nobody could be told of; the first step of their workflow takes it back. */
export async function noteNotStarted(db: Db, ids: readonly string[], reason: string): Promise<void> {
  await db
    .updateTable('posts')
    .set({ state_code: 'unavailable', state_reason: reason, updated_at: sql<Date>`now()` })
    .where('id', 'in', ids)
    .where('state', '=', 'scheduled')
    .where('started_at', 'is', null)
    .execute();
}

/**
 * Begins a post that failed or was cancelled once more, as if nothing had been sent: no post can come of what was.
 * One whose end TikTok never told is begun only where a person has looked (`confirmed`); what still asks about its last run then
 * finds itself outrun, and ends.
 * @param run the one that the person saw
 * @returns false where the post is in another state or run by now
 */
export async function retryPost(db: Db, workspaceId: string, { id, run }: Pick<PostRow, 'id' | 'run'>, confirmed: boolean): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('posts')
      .set({
        run: run + 1,
        state: 'scheduled',
        state_code: null,
        state_reason: null,
        publish_at: sql<Date | null>`case when publish_at > now() then publish_at end`,
        init_count: 0,
        init_sent_at: null,
        publish_id: null,
        upload_url: null,
        chunk_size: null,
        chunk_count: null,
        bytes_uploaded: 0,
        tiktok_post_ids: [],
        permalink: null,
        started_at: null,
        published_at: null,
        updated_at: sql<Date>`now()`,
      })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .where('run', '=', run)
      .where('state', 'in', confirmed ? ['failed', 'cancelled', 'unconfirmed'] : ['failed', 'cancelled'])
      .$if(!confirmed, (update) => update.where((eb) => eb.or([eb('state_code', 'is', null), eb('state_code', '!=', 'post_unconfirmed')])))
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return false;
    await trx.insertInto('post_timeline').values({ post_id: id, run: run + 1, kind: 'retried', detail: null, dedupe_key: `retried:${run + 1}` }).execute();
    await sql`select pg_notify(${CHANNELS.posts}, ${id})`.execute(trx);
    return true;
  });
}

/**
 * Deletes a post whose life is over, with its timeline and metrics, and its file where no other post uses that.
 * @returns false where there is none, or its life goes on
 */
export async function deletePost(db: Db, workspaceId: string, id: string, removeFile: (storageKey: string) => Promise<void>): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const deleted = await trx
      .deleteFrom('posts')
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .where('state', 'in', FINAL_POST_STATES)
      .returning('media_id')
      .executeTakeFirst();
    if (!deleted) return false;
    if (deleted.media_id !== null) await deleteUnused(trx, workspaceId, deleted.media_id, removeFile);
    await sql`select pg_notify(${CHANNELS.posts}, ${id})`.execute(trx);
    return true;
  });
}
