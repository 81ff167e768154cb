import type { Selectable } from 'kysely';
import type { MediaProbe } from '../domain/contracts/media.ts';
import type { PostState } from '../domain/contracts/post.ts';
import type { Db } from './client.ts';
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
