import { sql } from 'kysely';
import type { Db } from './client.ts';
import { isThere } from './relation.repository.ts';

/** What is needed to serve a video's files. */
export interface ServedVideo {
  id: string;
  /** Everybody may see it; else whoever has a token of it. */
  is_open: boolean;
}

/** A video that can be played: ready, not deleted, its author there. */
export async function findServedVideo(db: Db, id: string): Promise<ServedVideo | undefined> {
  const { rows } = await sql<ServedVideo>`
    select v.id, v.privacy = 'public' and not a.is_private as is_open
    from videos v join app_users a on a.id = v.user_id
    where v.id = ${id} and v.status = 'ready' and v.deleted_at is null and ${isThere('a')}`.execute(db);
  return rows[0];
}

/** Where a sound of the catalogue lies; null: it has no file, or is not there any more. */
export async function findSoundFile(db: Db, id: string): Promise<string | null> {
  const row = await db.selectFrom('sounds').select('audio_key').where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst();
  return row?.audio_key ?? null;
}
