import { NativeConnection, Worker } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { createTranscodeActivities } from '../../activities/social/videos/video.activities.ts';
import { openDb } from '../../db/client.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import { quietLog } from './quiet-log.ts';

/** What a process of tests/integration/social.videos.faults.test.ts is told, as its one argument. */
export interface VideoWorkerInput {
  databaseUrl: string;
  temporalAddress: string;
  taskQueue: string;
  storageFolder: string;
  workRoot: string;
  maxS: number;
}

/** Transcodes until it is killed. */
const { databaseUrl, temporalAddress, taskQueue, storageFolder, workRoot, maxS } = JSON.parse(process.argv[2]!) as VideoWorkerInput;
const database = openDb({ url: databaseUrl, max: 4, name: 'video-worker' });
const connection = await NativeConnection.connect({ address: temporalAddress });
const activities = createTranscodeActivities({
  db: database.db,
  client: new Client({ connection }),
  taskQueuePrefix: '',
  storage: createLocalStorage(storageFolder),
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffprobe',
  workRoot,
  maxS,
  logger: quietLog,
});
const worker = await Worker.create({ connection, taskQueue, activities, maxHeartbeatThrottleInterval: '500ms' });
// Ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume();
await worker.run();
