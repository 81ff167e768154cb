import { sql, type Transaction } from 'kysely';
import type { PostContent, PostKind, PostMode, PostSource } from '../domain/contracts/post.ts';
import { AppError } from '../domain/errors.ts';
import { CHANNELS } from '../domain/names.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import { holdMedia, insertMedia, type NewMedia } from './media.repository.ts';
import type { Database, Row } from './schema.ts';

/** What a person asks for: the same post on each of these accounts. */
export interface PostRequest {
  workspace_id: string;
  created_by: string;
  social_account_ids: readonly string[];
  kind: PostKind;
  mode: PostMode;
  source: PostSource;
  content: PostContent;
  publish_at: Date | null;
  time_zone: string | null;
  video_url: string | null;
  photo_urls: readonly string[] | null;
  /** A file that was just stored, or the id of one from before. */
  media: { added: NewMedia } | { id: string; size_bytes: number } | null;
  /** null: asked for without an Idempotency-Key. */
  idempotency: Idempotency | null;
}

export interface Idempotency {
  key: string;
  /** Of what was asked: the same key with something else is refused. */
  fingerprint: string;
}

export type AccountRow = Pick<Row<'social_accounts'>, 'id' | 'state' | 'state_code' | 'state_reason' | 'scopes' | 'username'>;

export type RequestedPosts =
  | { kind: 'created'; group_id: string }
  /** The key was used before, for this; nothing was made. */
  | { kind: 'repeated'; group_id: string }
  /** The key was used before, for something else. */
  | { kind: 'key_taken' };

/** What was made under a key. */
export const findPostRequest = (db: Db, workspaceId: string, key: string): Promise<Row<'post_requests'> | undefined> =>
  db.selectFrom('post_requests').selectAll().where('workspace_id', '=', workspaceId).where('idempotency_key', '=', key).executeTakeFirst();

/** Those of these accounts that the workspace has. */
export const findAccounts = (db: Db, workspaceId: string, ids: readonly string[]): Promise<AccountRow[]> => accounts(db, workspaceId, ids).execute();

/**
 * Makes one post for each account, and the file's row, all or nothing. The accounts can't be disconnected meanwhile, so whoever
 * disconnects one afterwards finds its posts.
 * @param check throws where an account can't be posted to; nothing is then made
 * @throws AppError media_missing where the file of before has been deleted
 */
export function createPosts(db: Db, request: PostRequest, check: (accounts: AccountRow[]) => void): Promise<RequestedPosts> {
  return db.transaction().execute(async (trx) => {
    const group_id = newId();
    const earlier = request.idempotency && (await takeKey(trx, request.workspace_id, request.idempotency, group_id));
    if (earlier) return earlier;
    check(await accounts(trx, request.workspace_id, request.social_account_ids).orderBy('id').forShare().execute());
    await insertPosts(trx, request, group_id, await mediaOf(trx, request));
    return { kind: 'created', group_id };
  });
}

const accounts = (db: Db, workspaceId: string, ids: readonly string[]) =>
  db
    .selectFrom('social_accounts')
    .select(['id', 'state', 'state_code', 'state_reason', 'scopes', 'username'])
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', ids);

/** A second request with the same key waits here until the first has committed. */
async function takeKey(trx: Transaction<Database>, workspace_id: string, { key, fingerprint }: Idempotency, group_id: string): Promise<RequestedPosts | null> {
  const taken = await trx
    .insertInto('post_requests')
    .values({ workspace_id, idempotency_key: key, fingerprint, group_id })
    .onConflict((conflict) => conflict.doNothing())
    .returning('group_id')
    .executeTakeFirst();
  if (taken) return null;
  const earlier = await findPostRequest(trx, workspace_id, key);
  if (!earlier) throw new AppError('conflict');
  return earlier.fingerprint === fingerprint ? { kind: 'repeated', group_id: earlier.group_id } : { kind: 'key_taken' };
}

async function mediaOf(trx: Transaction<Database>, { media, workspace_id }: PostRequest): Promise<{ id: string; size_bytes: number } | null> {
  if (media === null) return null;
  if ('added' in media) return insertMedia(trx, media.added);
  if (!(await holdMedia(trx, workspace_id, media.id))) throw new AppError('media_missing');
  return media;
}

async function insertPosts(trx: Transaction<Database>, request: PostRequest, group_id: string, media: { id: string; size_bytes: number } | null): Promise<void> {
  const rows = request.social_account_ids.map((social_account_id) => ({
    id: newId(),
    workspace_id: request.workspace_id,
    social_account_id,
    group_id,
    kind: request.kind,
    mode: request.mode,
    source: request.source,
    media_id: media?.id ?? null,
    video_url: request.video_url,
    photo_urls: request.photo_urls && [...request.photo_urls],
    content: JSON.stringify(request.content),
    publish_at: request.publish_at,
    time_zone: request.time_zone,
    // Its workflow moves it on, at once where there is nothing to wait for.
    state: 'scheduled' as const,
    bytes_total: media?.size_bytes ?? null,
    created_by: request.created_by,
    updated_at: sql<Date>`now()`,
  }));
  await trx.insertInto('posts').values(rows).execute();
  await trx
    .insertInto('post_timeline')
    .values(rows.map(({ id }) => ({ post_id: id, run: 1, kind: 'created' as const, detail: null, dedupe_key: 'created' })))
    .execute();
  for (const { id } of rows) await sql`select pg_notify(${CHANNELS.posts}, ${id})`.execute(trx);
}
