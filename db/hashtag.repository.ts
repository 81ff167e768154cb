import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export type Hashtag = Row<'hashtags'>;

/** @param name as stored: see hashtagName */
export const findHashtag = (db: Db, workspaceId: string, name: string): Promise<Hashtag | undefined> =>
  db.selectFrom('hashtags').selectAll().where('workspace_id', '=', workspaceId).where('name', '=', name).executeTakeFirst();

/** Those of them that are there, in the given order. */
export async function readHashtags(db: Db, workspaceId: string, ids: readonly string[]): Promise<Hashtag[]> {
  if (ids.length === 0) return [];
  const rows = await db.selectFrom('hashtags').selectAll().where('workspace_id', '=', workspaceId).where('id', 'in', ids).execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
