import type { Transaction } from 'kysely';
import type { Db } from './client.ts';
import type { Database, NewRow, Row } from './schema.ts';

export type MediaRow = Row<'media'>;
export type NewMedia = Omit<NewRow<'media'>, 'created_at'>;

export const insertMedia = (db: Db, media: NewMedia): Promise<MediaRow> =>
  db.insertInto('media').values(media).returningAll().executeTakeFirstOrThrow();

export const findMedia = (db: Db, workspaceId: string, id: string): Promise<MediaRow | undefined> =>
  db.selectFrom('media').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();

/** Newest first. @param before only those made before this id */
export const listMedia = (db: Db, workspaceId: string, limit: number, before?: string): Promise<MediaRow[]> =>
  db
    .selectFrom('media')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** Whether the file is there, and stays there until the transaction ends. */
export async function holdMedia(trx: Transaction<Database>, workspaceId: string, id: string): Promise<boolean> {
  const row = await trx.selectFrom('media').select('id').where('workspace_id', '=', workspaceId).where('id', '=', id).forKeyShare().executeTakeFirst();
  return row !== undefined;
}

export type DeletedMedia = 'deleted' | 'in_use' | 'not_found';

/** Deletes a file that no post uses. @param removeFile by its storage key, where the row goes */
export const deleteMedia = (db: Db, workspaceId: string, id: string, removeFile: (storageKey: string) => Promise<void>): Promise<DeletedMedia> =>
  db.transaction().execute((trx) => deleteUnused(trx, workspaceId, id, removeFile));

/**
 * The file goes before the commit: a crash in between leaves a row whose file is gone, which can be deleted again, and never a
 * file that nobody knows of.
 */
export async function deleteUnused(
  trx: Transaction<Database>,
  workspaceId: string,
  id: string,
  removeFile: (storageKey: string) => Promise<void>,
): Promise<DeletedMedia> {
  // Waits for transactions that are making a post of it; the next statement then sees their posts.
  const media = await trx.selectFrom('media').select('storage_key').where('workspace_id', '=', workspaceId).where('id', '=', id).forUpdate().executeTakeFirst();
  if (!media) return 'not_found';
  const user = await trx.selectFrom('posts').select('id').where('media_id', '=', id).limit(1).executeTakeFirst();
  if (user) return 'in_use';
  await trx.deleteFrom('media').where('id', '=', id).execute();
  await removeFile(media.storage_key);
  return 'deleted';
}
