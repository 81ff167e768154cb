import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLongVodActivities, createVodActivities } from '../../activities/streaming/vods/vod.activities.ts';
import type { VodDeps } from '../../activities/streaming/vods/vod-deps.ts';
import { findVod, type VodRow } from '../../db/vod.repository.ts';
import type { IngestVodInput } from '../../domain/contracts/vod.ts';
import { ingestVodWorkflowId, vodsTaskQueue } from '../../domain/names.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import type { MediaStorage } from '../../media/storage.ts';
import { createDownload } from '../../messaging/outgoing-download.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { quietLog } from './quiet-log.ts';
import { seedWorkspace, type Seeded } from './seed.ts';
import { testTemporal, type TestTemporal } from './temporal.ts';

export interface VodWorld {
  database: TestDatabase;
  temporal: TestTemporal;
  storage: MediaStorage;
  /** Folder of everything. */
  folder: string;
  owner: Seeded;
  deps: VodDeps;
  /** Runs a worker with the activities of videos. */
  worker(over?: Partial<VodDeps>): Promise<{ stop(): Promise<void> }>;
  /** Runs the workflow to its end. */
  ingest(input: Pick<IngestVodInput, 'vod_id' | 'source' | 'stream_id'> & Partial<IngestVodInput>): Promise<VodRow>;
  /** What lies in the work folder. */
  leftovers(): Promise<string[]>;
  close(): Promise<void>;
}

/** Two workers as the role media has them: what takes long is done by its own alone. */
export async function runVodWorkers(temporal: TestTemporal, deps: VodDeps): Promise<{ stop(): Promise<void> }> {
  const { joinRecording: _j, fetchVod: _f, processVod: _p, makeClip: _m, ...short } = createVodActivities(deps);
  const workers = await Promise.all([
    temporal.runWorker({ activities: short, maxHeartbeatThrottleInterval: '500ms' }),
    temporal.runWorker({ taskQueue: vodsTaskQueue(temporal.taskQueue), workflowBundle: undefined, activities: createLongVodActivities(deps), maxHeartbeatThrottleInterval: '500ms' }),
  ]);
  return { stop: async () => void (await Promise.all(workers.map((worker) => worker.stop()))) };
}

/** Videos with real PostgreSQL, Temporal, ffmpeg and files. */
export async function createVodWorld(): Promise<VodWorld> {
  const [database, temporal, folder] = await Promise.all([createTestDatabase(), testTemporal(), mkdtemp(join(tmpdir(), 'showrunner-vods-'))]);
  const storage = createLocalStorage(join(folder, 'media'));
  const download = createDownload({ allowPrivate: true });
  const owner = await seedWorkspace(database.db);
  const deps: VodDeps = {
    db: database.db,
    client: temporal.client,
    taskQueuePrefix: `${temporal.taskQueue}-`,
    storage,
    ffmpeg: 'ffmpeg',
    ffprobe: 'ffprobe',
    workRoot: join(folder, 'work'),
    uploadRoot: join(folder, 'uploads'),
    importRoot: join(folder, 'import'),
    download,
    maxBytes: 64 * 1024 * 1024,
    clipMaxBytes: 64 * 1024 * 1024,
    logger: quietLog,
  };
  const world: VodWorld = {
    database,
    temporal,
    storage,
    folder,
    owner,
    deps,
    worker: (over) => runVodWorkers(temporal, { ...deps, ...over }),
    async ingest(input) {
      const { taskQueue, client } = temporal;
      const args: [IngestVodInput] = [{ workspace_id: owner.workspace_id, request_id: null, timings: { settle_poll_ms: 50, settle_max_ms: 60_000, heartbeat_timeout_ms: 10_000 }, ...input }];
      await client.workflow.execute('ingestVod', { taskQueue, workflowId: ingestVodWorkflowId(input.vod_id), args });
      return (await findVod(database.db, input.vod_id))!;
    },
    leftovers: () => readdir(deps.workRoot).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error))),
    async close() {
      await temporal.close();
      await download.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}
