import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createApp } from '../../api/app.ts';
import { createTranscodeActivities, createVideoActivities } from '../../activities/social/videos/video.activities.ts';
import type { SweepPatience } from '../../activities/social/videos/sweep-videos.ts';
import type { VideoDeps } from '../../activities/social/videos/video-deps.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow } from '../../db/schema.ts';
import { findVideo, type VideoRow } from '../../db/video.repository.ts';
import { videoFileKey, videoKeys, videoSourceKey, type ProcessVideoInput, type VideoFile } from '../../domain/contracts/video.ts';
import { processVideoWorkflowId, transcodeTaskQueue } from '../../domain/names.ts';
import type { MediaStorage } from '../../media/storage.ts';
import { quietLog } from './quiet-log.ts';
import { appUser, type TestAppUser } from './social.ts';
import { testTemporal, type TestTemporal } from './temporal.ts';
import { createTestApi, type TestApi } from './test-api.ts';

/** The API with real Temporal, ffmpeg and files behind it. */
export interface AppVideoWorld {
  api: TestApi;
  temporal: TestTemporal;
  folder: string;
  deps: VideoDeps;
  worker(over?: Partial<VideoDeps>, patience?: SweepPatience): Promise<{ stop(): Promise<void> }>;
  /** A row with its source in storage, as an upload leaves it. */
  uploaded(bytes: Buffer | Readable, over?: Partial<NewRow<'videos'>> & { author?: TestAppUser }): Promise<string>;
  /** Runs the workflow to its end. */
  process(id: string, over?: Partial<ProcessVideoInput>): Promise<VideoRow>;
  /** What of a video lies in storage. */
  stored(id: string): Promise<string[]>;
  /** A stored file on this machine's disk. */
  path(id: string, file: VideoFile): Promise<string>;
  /** What lies in the work folder. */
  leftovers(): Promise<string[]>;
  close(): Promise<void>;
}

export async function createAppVideoWorld(storage?: MediaStorage): Promise<AppVideoWorld> {
  const [api, temporal, folder] = await Promise.all([createTestApi(), testTemporal(), mkdtemp(join(tmpdir(), 'showrunner-app-videos-'))]);
  if (storage) Object.assign(api, { app: createApp(Object.assign(api.deps, { media: storage })) });
  const deps: VideoDeps = {
    db: api.deps.db,
    client: temporal.client,
    taskQueuePrefix: `${temporal.taskQueue}-`,
    storage: api.deps.media,
    ffmpeg: 'ffmpeg',
    ffprobe: 'ffprobe',
    workRoot: join(folder, 'work'),
    maxS: 10,
    logger: quietLog,
  };
  return {
    api,
    temporal,
    folder,
    deps,
    async worker(over, patience) {
      const used = { ...deps, ...over };
      const workers = [
        await temporal.runWorker({ activities: createVideoActivities(used, patience) }),
        await temporal.runWorker({ taskQueue: transcodeTaskQueue(temporal.taskQueue), workflowBundle: undefined, activities: createTranscodeActivities(used), maxHeartbeatThrottleInterval: '500ms' }),
      ];
      return { stop: async () => void (await Promise.all(workers.map((worker) => worker.stop()))) };
    },
    async uploaded(bytes, { author, ...over } = {}) {
      const { id: user_id, row } = author ?? (await appUser(api));
      const id = over.id ?? newId();
      const { size_bytes } = await deps.storage.put(videoSourceKey(id), bytes instanceof Readable ? bytes : Readable.from([bytes]), 1e9);
      await deps.db
        .insertInto('videos')
        .values({ workspace_id: row.workspace_id, user_id, status: 'processing', privacy: 'public', source_key: videoSourceKey(id), size_bytes, ...over, id })
        .execute();
      return id;
    },
    async process(id, over) {
      const video = await findVideo(deps.db, id);
      const args: [ProcessVideoInput] = [{ video_id: id, workspace_id: video!.workspace_id, request_id: null, timings: { heartbeat_timeout_ms: 10_000 }, ...over }];
      await temporal.client.workflow.execute('processVideo', { taskQueue: temporal.taskQueue, workflowId: processVideoWorkflowId(id), args });
      return (await findVideo(deps.db, id))!;
    },
    async stored(id) {
      const found = await Promise.all(videoKeys(id).map(async (key) => ((await deps.storage.stat(key)) ? [key.split('/').at(-1)!] : [])));
      return found.flat().sort();
    },
    path: async (id, file) => (await deps.storage.localPath(videoFileKey(id, file))).path,
    leftovers: () => readdir(deps.workRoot).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error))),
    async close() {
      await temporal.close();
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A video that can be watched, straight in the tables; its files are not there. */
export async function readyVideo(api: TestApi, author: TestAppUser, over: Partial<NewRow<'videos'>> = {}): Promise<string> {
  const id = newId();
  await api.deps.db
    .insertInto('videos')
    .values({
      id,
      workspace_id: author.row.workspace_id,
      user_id: author.id,
      status: 'ready',
      privacy: 'public',
      playlist_key: videoFileKey(id, 'master.m3u8'),
      thumbnail_key: videoFileKey(id, 'thumbnail.jpg'),
      duration_ms: 10_000,
      width: 720,
      height: 1280,
      published_at: new Date(),
      ...over,
    })
    .execute();
  await api.deps.db.updateTable('app_users').set((eb) => ({ videos: eb('videos', '+', 1) })).where('id', '=', author.id).execute();
  return id;
}
