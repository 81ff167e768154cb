import { sql } from 'kysely';
import type { ClipPosts } from '../domain/contracts/vod.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Row } from './schema.ts';

export type ClipRow = Row<'vod_clips'>;

export interface NewClip extends Pick<ClipRow, 'workspace_id' | 'vod_id' | 'start_ms' | 'end_ms' | 'crop_x' | 'created_by'> {
  request: ClipPosts;
}

export const insertClip = (db: Db, { request, ...clip }: NewClip): Promise<ClipRow> =>
  db
    .insertInto('vod_clips')
    .values({ id: newId(), ...clip, request: JSON.stringify(request), state: 'making', state_code: null, state_reason: null, media_id: null, group_id: null })
    .returningAll()
    .executeTakeFirstOrThrow();

export const findClip = (db: Db, id: string): Promise<ClipRow | undefined> => db.selectFrom('vod_clips').selectAll().where('id', '=', id).executeTakeFirst();

/** Ids of the posts that were made of it. */
export async function postsOfClip(db: Db, { workspace_id, group_id }: Pick<ClipRow, 'workspace_id' | 'group_id'>): Promise<string[]> {
  if (group_id === null) return [];
  const rows = await db.selectFrom('posts').select('id').where('workspace_id', '=', workspace_id).where('group_id', '=', group_id).orderBy('id').execute();
  return rows.map(({ id }) => id);
}

/** What became of it, while it is being made. */
export async function changeClip(db: Db, id: string, change: Partial<Pick<ClipRow, 'state' | 'state_code' | 'state_reason' | 'media_id' | 'group_id'>>): Promise<void> {
  await db
    .updateTable('vod_clips')
    .set({ ...change, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('state', '=', 'making')
    .execute();
}

/** Those whose making should be under way for so long already. */
export const listUnfinishedClips = (db: Db, olderThanMs: number, limit: number): Promise<Pick<ClipRow, 'id' | 'vod_id' | 'workspace_id'>[]> =>
  db
    .selectFrom('vod_clips')
    .select(['id', 'vod_id', 'workspace_id'])
    .where('state', '=', 'making')
    .where('created_at', '<', sql<Date>`now() - ${olderThanMs} * interval '1 millisecond'`)
    .orderBy('created_at')
    .limit(limit)
    .execute();
