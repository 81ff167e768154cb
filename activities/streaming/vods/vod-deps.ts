import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../../../db/client.ts';
import type { MediaStorage } from '../../../media/storage.ts';
import type { Download } from '../../../messaging/outgoing-download.ts';

export interface VodDeps {
  db: Db;
  client: Client;
  taskQueuePrefix: string;
  storage: MediaStorage;
  /** FFMPEG_PATH and FFPROBE_PATH. */
  ffmpeg: string;
  ffprobe: string;
  /** Folder for what is being made. */
  workRoot: string;
  /** Folder of unfinished uploads. */
  uploadRoot: string;
  /** VOD_IMPORT_DIR; null: nothing is taken from disk. */
  importRoot: string | null;
  download: Download;
  /** VOD_MAX_BYTES. */
  maxBytes: number;
  /** MEDIA_MAX_BYTES: of clips. */
  clipMaxBytes: number;
  logger: Pick<Logger, 'info' | 'warn'>;
}
