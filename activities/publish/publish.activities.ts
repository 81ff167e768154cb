import type pg from 'pg';
import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import type { probeMedia } from '../../media/probe.ts';
import type { MediaStorage } from '../../media/storage.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { createCancelAtTikTok } from './cancel-at-tiktok.ts';
import { createFindVideo } from './find-video.ts';
import { createInitPost } from './init-post.ts';
import { createPollStatus } from './poll-status.ts';
import { createPostRows } from './post-rows.ts';
import { createPreparePost } from './prepare-post.ts';
import { createUploadChunk } from './upload-chunk.ts';

export interface PublishActivityDeps {
  db: Db;
  pool: Pick<pg.Pool, 'query'>;
  secrets: SecretBox;
  tiktok: OpenApiClient;
  calls: AccountCalls;
  media: MediaStorage;
  probe: typeof probeMedia;
  logger: Pick<Logger, 'warn'>;
}

/** All activities of `publishVideo`. */
export function createPublishActivities(deps: PublishActivityDeps) {
  return {
    ...createPostRows(deps),
    ...createPreparePost(deps),
    ...createInitPost(deps),
    ...createUploadChunk(deps),
    ...createPollStatus(deps),
    ...createFindVideo(deps),
    ...createCancelAtTikTok(deps),
  };
}

export type PublishActivities = ReturnType<typeof createPublishActivities>;
