import { sql } from 'kysely';
import type { Db } from './client.ts';

/** Whole uploads that nobody has finished for so long, oldest first. */
export const listUnfinishedVideos = (db: Db, olderThanMs: number, limit: number): Promise<{ id: string; workspace_id: string }[]> =>
  db
    .selectFrom('videos')
    .select(['id', 'workspace_id'])
    .where('status', '=', 'processing')
    .where('deleted_at', 'is', null)
    .where('source_key', 'is not', null)
    .where('created_at', '<', ago(olderThanMs))
    .orderBy('created_at')
    .limit(limit)
    .execute();

/** Uploads whose file never came to its end. */
export const listLostUploads = (db: Db, olderThanMs: number, limit: number): Promise<{ id: string }[]> =>
  db
    .selectFrom('videos')
    .select('id')
    .where('status', '=', 'processing')
    .where('deleted_at', 'is', null)
    .where('source_key', 'is', null)
    .where('playlist_key', 'is', null)
    .where('created_at', '<', ago(olderThanMs))
    .orderBy('created_at')
    .limit(limit)
    .execute();

/** Deleted ones whose files are still there. */
export const listVideosToRemove = (db: Db, limit: number): Promise<{ id: string }[]> =>
  db
    .selectFrom('videos')
    .select('id')
    .where('deleted_at', 'is not', null)
    .where((eb) => eb.or([eb('source_key', 'is not', null), eb('playlist_key', 'is not', null)]))
    .orderBy('deleted_at')
    .limit(limit)
    .execute();

export const listSoundsToRemove = async (db: Db, limit: number): Promise<{ id: string; audio_key: string }[]> =>
  (await db.selectFrom('sounds').select(['id', 'audio_key']).where('deleted_at', 'is not', null).where('audio_key', 'is not', null).orderBy('deleted_at').limit(limit).execute()).map(({ id, audio_key }) => ({ id, audio_key: audio_key! }));

export async function forgetAudio(db: Db, soundId: string): Promise<void> {
  await db.updateTable('sounds').set({ audio_key: null }).where('id', '=', soundId).execute();
}

const ago = (ms: number) => sql<Date>`now() - ${ms} * interval '1 millisecond'`;
