import { sql, type Transaction } from 'kysely';
import { hashtagsOf } from '../domain/social/hashtags.ts';
import type { Db } from './client.ts';
import { newId, stableId } from './ids.ts';
import type { Database } from './schema.ts';
import type { VideoRow } from './video.repository.ts';

/**
 * A video comes into sight, and goes out of it, with every figure that counts it. Hashtags and sounds count public videos alone, since
 * what they list is what everybody may see. Rows are locked in one order everywhere: video, hashtags by name, sound, author. By name in
 * the collation "C": a database's own, or that of JavaScript, is another order.
 */

/** The sound that was first heard in a video. */
export const originalSoundId = (videoId: string): string => stableId(`sound of video ${videoId}`);

/**
 * Publishes a video whose files are stored, once.
 * @param hasSound it can be the origin of a sound
 * @param soundKeyOf where a sound's file lies
 * @returns the row; null: it was deleted meanwhile, or is published already
 */
export const publishVideo = (db: Db, id: string, { hasSound, soundKeyOf }: { hasSound: boolean; soundKeyOf: (soundId: string) => string }): Promise<VideoRow | null> =>
  db.transaction().execute(async (trx) => {
    const video = await trx
      .updateTable('videos')
      .set({ status: 'ready', status_code: null, status_reason: null, published_at: sql`now()` })
      .where('id', '=', id)
      .where('status', '=', 'processing')
      .where('playlist_key', 'is not', null)
      .where('deleted_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    if (!video) return null;
    if (video.privacy === 'public') {
      await addHashtags(trx, video);
      const isCounted = video.sound_id !== null && (await countSound(trx, video.sound_id));
      // It was taken out of the catalogue meanwhile: what is not counted is not named, or it would be counted off some day.
      if (!isCounted) await trx.updateTable('videos').set({ sound_id: null }).where('id', '=', id).execute();
      if (!isCounted && hasSound) await addOriginalSound(trx, video, soundKeyOf);
    }
    await trx.updateTable('app_users').set((eb) => ({ videos: eb('videos', '+', 1) })).where('id', '=', video.user_id).execute();
    return video;
  });

async function addHashtags(trx: Transaction<Database>, { id, workspace_id, description }: VideoRow): Promise<void> {
  const names = hashtagsOf(description);
  if (names.length === 0) return;
  await sql`
    with named as (
      insert into hashtags (id, workspace_id, name, videos)
      select id, ${workspace_id}::uuid, name, 1 from unnest(${names.map(newId)}::uuid[], ${names}::text[]) as given (id, name) order by name collate "C"
      on conflict (workspace_id, name) do update set videos = hashtags.videos + 1
      returning id)
    insert into video_hashtags (video_id, hashtag_id) select ${id}::uuid, id from named`.execute(trx);
}

/** @returns false: it was taken out of the catalogue */
async function countSound(trx: Transaction<Database>, id: string): Promise<boolean> {
  const row = await trx.updateTable('sounds').set((eb) => ({ videos: eb('videos', '+', 1) })).where('id', '=', id).where('deleted_at', 'is', null).returning('id').executeTakeFirst();
  return row !== undefined;
}

/** What a private account shows to its followers is no sound for everybody. */
async function addOriginalSound(trx: Transaction<Database>, { id, workspace_id, user_id, duration_ms }: VideoRow, soundKeyOf: (soundId: string) => string): Promise<void> {
  const sound_id = originalSoundId(id);
  const { rows } = await sql`
    insert into sounds (id, workspace_id, name, created_by, video_id, audio_key, duration_ms, videos)
    select ${sound_id}::uuid, ${workspace_id}::uuid, 'original sound - ' || username, id, ${id}::uuid, ${soundKeyOf(sound_id)}, ${duration_ms ?? 0}::integer, 1
    from app_users where id = ${user_id} and not is_private
    returning id`.execute(trx);
  if (rows.length > 0) await trx.updateTable('videos').set({ sound_id }).where('id', '=', id).execute();
}

interface VideoOf {
  workspace_id: string;
  user_id: string;
  id: string;
}

/**
 * Takes a video of a user out of sight, and out of all figures; its files are the sweep's. What people said of it stays in the tables.
 * @returns false: there is none, or it was deleted before
 */
export const deleteVideo = (db: Db, video: VideoOf): Promise<boolean> => db.transaction().execute((trx) => deleteVideoIn(trx, video));

/** The same as part of the caller's transaction. */
export async function deleteVideoIn(trx: Transaction<Database>, { workspace_id, user_id, id }: VideoOf): Promise<boolean> {
  const video = await trx
    .updateTable('videos')
    .set({ deleted_at: sql`now()` })
    .where('id', '=', id)
    .where('workspace_id', '=', workspace_id)
    .where('user_id', '=', user_id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!video) return false;
  const isCounted = video.status === 'ready';
  if (isCounted) await dropHashtags(trx, video);
  if (video.sound_id !== null) await dropSound(trx, video.sound_id, isCounted && video.privacy === 'public');
  if (isCounted)
    await trx
      .updateTable('app_users')
      .set((eb) => ({ videos: eb('videos', '-', 1), likes: eb('likes', '-', video.likes) }))
      .where('id', '=', user_id)
      .execute();
  return true;
}

async function dropHashtags(trx: Transaction<Database>, { id }: VideoRow): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select h.id from hashtags h join video_hashtags t on t.hashtag_id = h.id where t.video_id = ${id} order by h.name collate "C" for no key update of h`.execute(trx);
  if (rows.length === 0) return;
  await trx.updateTable('hashtags').set((eb) => ({ videos: eb('videos', '-', 1) })).where('id', 'in', rows.map((row) => row.id)).execute();
  await trx.deleteFrom('video_hashtags').where('video_id', '=', id).execute();
}

/** A sound that came of a video goes with the last one that has it; a catalogue's stays. */
async function dropSound(trx: Transaction<Database>, id: string, isCounted: boolean): Promise<void> {
  // Also where nothing is taken off: who deletes another one of its videos must see that this one is gone.
  await trx.updateTable('sounds').set((eb) => ({ videos: eb('videos', '-', isCounted ? 1 : 0) })).where('id', '=', id).execute();
  await sql`
    update sounds set deleted_at = now()
    where id = ${id} and video_id is not null and deleted_at is null
      and not exists (select from videos v where v.sound_id = sounds.id and v.deleted_at is null)`.execute(trx);
}
