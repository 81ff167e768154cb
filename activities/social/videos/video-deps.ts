import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../../../db/client.ts';
import type { MediaStorage } from '../../../media/storage.ts';

export interface VideoDeps {
  db: Db;
  client: Client;
  taskQueuePrefix: string;
  storage: MediaStorage;
  /** FFMPEG_PATH and FFPROBE_PATH. */
  ffmpeg: string;
  ffprobe: string;
  /** Folder for what is being made. */
  workRoot: string;
  /** VIDEO_MAX_S. */
  maxS: number;
  logger: Pick<Logger, 'info' | 'warn'>;
}
