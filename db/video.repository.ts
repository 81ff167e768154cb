import { sql } from 'kysely';
import type { VideoPrivacy } from '../domain/contracts/video.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { lockAppUser } from './app-user-lock.repository.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export type VideoRow = Row<'videos'>;

/** Whatever its state, deleted ones too. */
export const findVideo = (db: Db, id: string): Promise<VideoRow | undefined> => db.selectFrom('videos').selectAll().where('id', '=', id).executeTakeFirst();

export interface VideoFields {
  description: string;
  privacy: VideoPrivacy;
  allow_comments: boolean;
  allow_duet: boolean;
  sound_id: string | null;
}

/**
 * The row of a file that comes in: it has none yet, and nobody sees it. A process that dies leaves it to the sweep, which removes what came of the file.
 * @param atOnce how many of a user may be in the making
 * @returns false: there are as many, or the account is gone
 */
export const beginVideo = (db: Db, video: { id: string; workspace_id: string; user_id: string }, atOnce: number): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    // One after the other: those that begin in the same moment would not count each other.
    if (!(await lockAppUser(trx, video.workspace_id, video.user_id))) return false;
    const { rows } = await sql`
      insert into videos (id, workspace_id, user_id, status, privacy)
      select ${video.id}, ${video.workspace_id}, ${video.user_id}, 'processing', 'private'
      where (select count(*) from videos where user_id = ${video.user_id} and status = 'processing' and deleted_at is null) < ${atOnce}
      returning id`.execute(trx);
    return rows.length > 0;
  });

/** The whole file is there. @returns false: the row is not, since the sweep gave the upload up, or its author is gone */
export async function videoReceived(db: Db, id: string, file: VideoFields & { source_key: string; size_bytes: number }): Promise<boolean> {
  const row = await db.updateTable('videos').set(file).where('id', '=', id).where('source_key', 'is', null).where('status', '=', 'processing').where('deleted_at', 'is', null).returning('id').executeTakeFirst();
  return row !== undefined;
}

/** An upload that came to nothing. */
export async function dropUpload(db: Db, id: string): Promise<void> {
  await db.deleteFrom('videos').where('id', '=', id).where('source_key', 'is', null).where('status', '=', 'processing').execute();
}

/** Why it takes longer; it is tried again. @returns how often ffmpeg has failed at it, this time included */
export async function noteVideoDelay(db: Db, id: string, { code, reason }: { code: ErrorCode; reason: string }): Promise<number> {
  const row = await db
    .updateTable('videos')
    .set({ status_code: code, status_reason: reason.slice(0, 1_000), ...(code === 'ffmpeg_failed' && { ffmpeg_failures: sql<number>`ffmpeg_failures + 1` }) })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .returning('ffmpeg_failures')
    .executeTakeFirst();
  return row?.ffmpeg_failures ?? 0;
}

/** What was made of it lies in storage. @returns false: it was deleted meanwhile, or somebody else was faster: what this one made is not needed */
export async function storeVideoFacts(db: Db, id: string, facts: { playlist_key: string; thumbnail_key: string; duration_ms: number; width: number; height: number }): Promise<boolean> {
  const row = await db.updateTable('videos').set(facts).where('id', '=', id).where('status', '=', 'processing').where('deleted_at', 'is', null).returning('id').executeTakeFirst();
  return row !== undefined;
}

/** @returns false: it was deleted meanwhile, or is finished already */
export async function failVideo(db: Db, id: string, { code, reason }: { code: ErrorCode; reason: string }): Promise<boolean> {
  const row = await db
    .updateTable('videos')
    .set({ status: 'failed', status_code: code, status_reason: reason.slice(0, 1_000), playlist_key: null, thumbnail_key: null })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .where('deleted_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Its source is gone from storage. */
export async function forgetSource(db: Db, id: string): Promise<void> {
  await db.updateTable('videos').set({ source_key: null }).where('id', '=', id).execute();
}

/** All its files are gone from storage. */
export async function forgetFiles(db: Db, id: string): Promise<void> {
  await db.updateTable('videos').set({ source_key: null, playlist_key: null, thumbnail_key: null }).where('id', '=', id).execute();
}

/** Whether a sound is in the catalogue. */
export const isSoundThere = async (db: Db, workspaceId: string, id: string): Promise<boolean> =>
  (await db.selectFrom('sounds').select('id').where('workspace_id', '=', workspaceId).where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()) !== undefined;
