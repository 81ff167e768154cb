import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createTranscodeActivities, createVideoActivities } from '../../activities/social/videos/video.activities.ts';
import { taskQueue, transcodeTaskQueue } from '../../domain/names.ts';
import { runWorker, type RunningWorker } from '../run-worker.ts';
import type { SocialContext, SocialPart } from './parts.ts';

/** ffmpeg uses several processors itself: more at once would only share them. */
const AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2));

/** Makes uploaded videos play everywhere. Where ffmpeg is missing each says so in its row, and waits for it. */
export function createVideosPart({ context, log, storage }: SocialContext): SocialPart {
  const { env, database, client, connection, slot } = context;
  const taskQueuePrefix = env.TEMPORAL_TASK_QUEUE_PREFIX;
  const deps = {
    db: database.db,
    client,
    taskQueuePrefix,
    storage,
    ffmpeg: env.FFMPEG_PATH,
    ffprobe: env.FFPROBE_PATH,
    workRoot: join(env.DATA_DIR, 'app-videos'),
    maxS: env.VIDEO_MAX_S,
    logger: log,
  };
  let transcoder: RunningWorker | null = null;
  return {
    activities: createVideoActivities(deps),
    async started() {
      transcoder = await runWorker(
        {
          connection,
          namespace: env.TEMPORAL_NAMESPACE,
          taskQueue: transcodeTaskQueue(taskQueue('social', taskQueuePrefix)),
          activities: createTranscodeActivities(deps),
          identity: `${slot}:transcode`,
          maxConcurrentActivityTaskExecutions: AT_ONCE,
          maxHeartbeatThrottleInterval: '2s',
        },
        log,
      );
    },
    close: async () => transcoder?.stop(),
  };
}
