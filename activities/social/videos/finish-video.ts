import { mentionedViewers, tellEach } from '../../../db/video-notice.ts';
import { originalSoundId, publishVideo } from '../../../db/video-life.repository.ts';
import { failVideo, findVideo, forgetSource, type VideoRow } from '../../../db/video.repository.ts';
import { soundKey, videoSourceKey, type ProcessVideoActivities } from '../../../domain/contracts/video.ts';
import { removeFiles } from './remove-files.ts';
import type { VideoDeps } from './video-deps.ts';

/** Each step may be done again: whatever dies in between, the next attempt goes on. */
export function createFinishVideo({ db, storage, logger }: Pick<VideoDeps, 'db' | 'storage' | 'logger'>): Pick<ProcessVideoActivities, 'finishVideo'> {
  return {
    async finishVideo({ video_id, outcome }) {
      if (outcome.ok) await publishVideo(db, video_id, { hasSound: outcome.has_sound, soundKeyOf: soundKey });
      else await failVideo(db, video_id, outcome);
      const video = await findVideo(db, video_id);
      if (!video || video.deleted_at !== null || video.status === 'failed') await removeFiles({ db, storage }, video_id);
      if (!video || video.deleted_at !== null) return;
      if (video.status === 'ready') await keepWhatPlays(video);
      await tell(video);
      logger.info({ video_id, status: video.status, code: video.status_code }, 'a video is finished');
    },
  };

  async function keepWhatPlays({ id, sound_id }: VideoRow): Promise<void> {
    await storage.delete(videoSourceKey(id));
    await forgetSource(db, id);
    await dropUnusedSound(id, sound_id);
  }

  /** It was made before it was known whether anybody may hear it alone. */
  async function dropUnusedSound(videoId: string, soundId: string | null): Promise<void> {
    const original = originalSoundId(videoId);
    if (soundId !== original) await storage.delete(soundKey(original));
  }

  async function tell({ id, workspace_id, user_id, status, status_reason, description }: VideoRow): Promise<void> {
    const notice = { workspace_id, video_id: id };
    const words = status === 'ready' ? 'Your video is ready.' : `Your video could not be made ready. ${status_reason ?? ''}`.trim();
    await tellEach(db, [user_id], { ...notice, sender_id: null, kind: 'video', text: words, dedupe_key: `video:${id}` });
    if (status !== 'ready') return;
    const author = await db.selectFrom('app_users').select('username').where('id', '=', user_id).executeTakeFirstOrThrow();
    const mentioned = await mentionedViewers(db, { workspace_id, video_id: id, text: description });
    await tellEach(db, mentioned, { ...notice, sender_id: user_id, kind: 'mention', text: `${author.username} mentioned you in a video.`, dedupe_key: `video_mention:${id}` });
  }
}
