import type { Kysely } from 'kysely';
import { mentionsOf } from '../domain/social/hashtags.ts';
import { notifyAppUser, type AppNotificationDraft } from './app-notification.repository.ts';
import type { Db } from './client.ts';
import { isThere } from './relation.repository.ts';
import type { Database } from './schema.ts';
import { readVideo } from './video-read.repository.ts';

/** The users whom a text mentions and who may see the video that it is about. */
export async function mentionedViewers(db: Db, { workspace_id, video_id, text }: { workspace_id: string; video_id: string; text: string }): Promise<string[]> {
  const names = mentionsOf(text);
  if (names.length === 0) return [];
  const users = await db.selectFrom('app_users').select('id').where('workspace_id', '=', workspace_id).where('username', 'in', names).where(isThere('app_users')).execute();
  const seeing = await Promise.all(users.map(async ({ id }) => ((await readVideo(db, { workspace_id, viewer_id: id, id: video_id })) ? [id] : [])));
  return seeing.flat();
}

type Notice = Omit<AppNotificationDraft, 'user_id'>;

/** Tells each of them once, in the order of their ids; who causes it, or has blocked, is not told: see notifyAppUser. */
export async function tellEach(db: Kysely<Database>, userIds: readonly string[], notice: Notice): Promise<void> {
  for (const user_id of [...new Set(userIds)].sort()) await notifyAppUser(db, { ...notice, user_id });
}
