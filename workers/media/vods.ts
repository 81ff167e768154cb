import { join } from 'node:path';
import { createLongVodActivities, createVodActivities } from '../../activities/streaming/vods/vod.activities.ts';
import { createDownload } from '../../messaging/outgoing-download.ts';
import type { MediaContext, MediaPart } from './parts.ts';

/** Makes videos of recordings, uploads and fetched files. Where ffmpeg is missing each says so in its row. */
export function createVodsPart({ context, storage, log }: MediaContext): MediaPart {
  const { env, database, client } = context;
  const download = createDownload({ allowPrivate: env.ALLOW_PRIVATE_WEBHOOKS });
  const deps = {
    db: database.db,
    client,
    taskQueuePrefix: env.TEMPORAL_TASK_QUEUE_PREFIX,
    storage,
    ffmpeg: env.FFMPEG_PATH,
    ffprobe: env.FFPROBE_PATH,
    workRoot: join(env.DATA_DIR, 'vods'),
    uploadRoot: join(env.DATA_DIR, 'uploads'),
    importRoot: env.VOD_IMPORT_DIR ?? null,
    download,
    maxBytes: env.VOD_MAX_BYTES,
    clipMaxBytes: env.MEDIA_MAX_BYTES,
    logger: log,
  };
  return { activities: createVodActivities(deps), longActivities: createLongVodActivities(deps), close: () => download.close() };
}
