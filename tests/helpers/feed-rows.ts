import { newId } from '../../db/ids.ts';
import type { NewRow, Row } from '../../db/schema.ts';
import type { TestAppUser } from './social.ts';
import type { TestApi } from './test-api.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export interface VideoOver extends Partial<NewRow<'videos'>> {
  age_ms?: number;
  hashtag?: Row<'hashtags'>;
}

/** A video, straight in the tables: public and ready, published an hour ago. */
export async function appVideo({ deps: { db } }: TestApi, { id: user_id, row }: TestAppUser, { age_ms = HOUR, hashtag, ...over }: VideoOver = {}): Promise<string> {
  const id = over.id ?? newId();
  const published_at = new Date(Date.now() - age_ms);
  await db
    .insertInto('videos')
    .values({ workspace_id: row.workspace_id, user_id, status: 'ready', privacy: 'public', created_at: published_at, published_at, ...over, id })
    .execute();
  if (hashtag) await db.insertInto('video_hashtags').values({ video_id: id, hashtag_id: hashtag.id }).execute();
  return id;
}

export async function appHashtag({ deps: { db } }: TestApi, workspace_id: string, name: string, videos = 1): Promise<Row<'hashtags'>> {
  return db.insertInto('hashtags').values({ id: newId(), workspace_id, name, videos }).returningAll().executeTakeFirstOrThrow();
}

export async function appSound({ deps: { db } }: TestApi, workspace_id: string, over: Partial<NewRow<'sounds'>> = {}): Promise<Row<'sounds'>> {
  return db
    .insertInto('sounds')
    .values({ id: newId(), workspace_id, name: 'A sound', created_by: null, video_id: null, audio_key: null, deleted_at: null, ...over })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function follow({ deps: { db } }: TestApi, follower: TestAppUser, followee: TestAppUser, state: 'accepted' | 'requested' = 'accepted'): Promise<void> {
  await db.insertInto('follows').values({ follower_id: follower.id, followee_id: followee.id, state }).execute();
}

export async function block({ deps: { db } }: TestApi, user: TestAppUser, blocked: TestAppUser): Promise<void> {
  await db.insertInto('blocks').values({ user_id: user.id, blocked_id: blocked.id }).execute();
}

export async function like({ deps: { db } }: TestApi, user: TestAppUser, videoId: string, at = new Date()): Promise<void> {
  await db.insertInto('video_likes').values({ user_id: user.id, video_id: videoId, created_at: at }).execute();
}

export async function watch({ deps: { db } }: TestApi, user: TestAppUser, videoId: string): Promise<void> {
  await db.insertInto('video_views').values({ video_id: videoId, view_id: newId(), user_id: user.id, watch_ms: 5_000 }).execute();
}

export interface VideosMsg {
  Videos: { Video: Record<string, string>; User: Record<string, string>; Sound: Record<string, string> | null }[];
  next: string;
}

export const idsOf = (msg: VideosMsg): string[] => msg.Videos.map(({ Video }) => Video.id!);
