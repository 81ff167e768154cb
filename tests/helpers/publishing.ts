import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { WorkflowHandle } from '@temporalio/client';
import { createPublishActivities } from '../../activities/publish/publish.activities.ts';
import { createWebhookActivities } from '../../activities/publish/webhook.activities.ts';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow, Row } from '../../db/schema.ts';
import type { PostContent, PublishTimings, PublishVideoInput } from '../../domain/contracts/post.ts';
import { publishWorkflowId, taskQueue } from '../../domain/names.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import type { MediaStorage } from '../../media/storage.ts';
import { createFakeTikTok } from './fake-tiktok.ts';
import { seedSocialAccount, testSecrets } from './accounts.ts';
import type { TestDatabase } from './database.ts';
import { createFakePublishing, type FakePublishing } from './fake-publishing.ts';
import { mp4Head } from './posts.ts';
import { quietLog } from './quiet-log.ts';
import { seedWorkspace } from './seed.ts';
import type { TestTemporal } from './temporal.ts';
import { CONTENT as PLAIN } from './post-content.ts';

export const MIB = 1024 * 1024;

/** Fast, and long enough that a busy machine does not lose its patience. */
export const SHORT: Partial<PublishTimings> = {
  poll_initial_ms: 20,
  poll_max_ms: 100,
  processing_max_ms: 2_000,
  reconcile_initial_ms: 50,
  reconcile_max_ms: 150,
  reconcile_give_up_ms: 20_000,
  inbox_watch_ms: 20_000,
  ids_watch_ms: 20_000,
  retry_initial_ms: 50,
  retry_max_ms: 200,
  upload_doubt_ms: 100,
};

export const CONTENT: PostContent = { ...PLAIN, caption: 'A clip #test' };

export interface PostSeed {
  account?: string;
  /** Bytes of the file; null: TikTok fetches a URL. */
  bytes?: number | null;
  content?: Partial<PostContent>;
  over?: Partial<NewRow<'posts'>>;
}

export interface Publishing {
  db: Db;
  tiktok: FakePublishing;
  media: MediaStorage;
  mediaFolder: string;
  queue: string;
  prefix: string;
  workspace_id: string;
  activities: ReturnType<typeof createPublishActivities>;
  webhooks: ReturnType<typeof createWebhookActivities>;
  /** A connected account. */
  account(openId?: string): Promise<string>;
  post(seed?: PostSeed): Promise<Row<'posts'>>;
  start(post: Row<'posts'>, timings?: Partial<PublishTimings>): Promise<WorkflowHandle>;
  row(id: string): Promise<Row<'posts'>>;
  timeline(id: string): Promise<string[]>;
  close(): Promise<void>;
}

/** Everything of publishing but TikTok, which is a fake: real Temporal, PostgreSQL and files. */
export async function publishingHarness(database: TestDatabase, temporal: TestTemporal): Promise<Publishing> {
  const { db, pool } = database;
  const mediaFolder = await mkdtemp(join(tmpdir(), 'showrunner-media-'));
  const media = createLocalStorage(mediaFolder);
  const tiktok = createFakePublishing();
  const secrets = testSecrets();
  const prefix = `${temporal.taskQueue}-`;
  const queue = taskQueue('publish', prefix);
  const activities = createPublishActivities({ db, pool, secrets, tiktok, calls: tiktok.calls, media, probe: async () => ({ kind: 'not_installed' }), logger: quietLog });
  const webhooks = createWebhookActivities({ db, client: temporal.client, taskQueuePrefix: prefix, logger: quietLog });
  await temporal.runWorker({ taskQueue: queue, activities: { ...activities, ...webhooks, sampleAnalyticsNow: async () => undefined }, maxHeartbeatThrottleInterval: '1s' });
  const { workspace_id } = await seedWorkspace(db);
  const account = (openId: string = newId()): Promise<string> => seedSocialAccount(db, secrets, workspace_id, createFakeTikTok().grant(openId), { username: 'ada' });

  return {
    db,
    tiktok,
    media,
    mediaFolder,
    queue,
    prefix,
    workspace_id,
    activities,
    webhooks,
    account,
    async post({ account: social_account_id, bytes = 10_000, content, over } = {}) {
      const media_id = bytes === null ? null : await storeFile(db, media, workspace_id, bytes);
      return db
        .insertInto('posts')
        .values({
          id: newId(),
          workspace_id,
          social_account_id: social_account_id ?? (await account()),
          group_id: newId(),
          kind: 'video',
          mode: 'direct',
          source: bytes === null ? 'url' : 'file',
          media_id,
          video_url: bytes === null ? 'https://media.example.test/clip.mp4' : null,
          content: JSON.stringify({ ...CONTENT, ...content }),
          state: 'scheduled',
          bytes_total: bytes,
          updated_at: new Date(),
          ...over,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    },
    start: ({ id, social_account_id, publish_at }, timings = {}) =>
      temporal.client.workflow.start('publishVideo', {
        taskQueue: queue,
        workflowId: publishWorkflowId(id),
        args: [{ post_id: id, social_account_id, workspace_id, publish_at_ms: publish_at?.getTime() ?? null, timings: { ...SHORT, ...timings } } satisfies PublishVideoInput],
      }),
    row: (id) => db.selectFrom('posts').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    timeline: async (id) => (await db.selectFrom('post_timeline').select('kind').where('post_id', '=', id).orderBy('id').execute()).map(({ kind }) => kind),
    close: () => rm(mediaFolder, { recursive: true, force: true }),
  };
}

/** A file that begins as an MP4 does, stored as an upload stores it. */
export async function storeFile(db: Db, media: MediaStorage, workspace_id: string, bytes: number): Promise<string> {
  const id = newId();
  const stored = await media.put(`${workspace_id}/${id}`, Readable.from(parts(bytes)), bytes);
  await db
    .insertInto('media')
    .values({
      id,
      workspace_id,
      storage_key: `${workspace_id}/${id}`,
      file_name: 'clip.mp4',
      content_type: 'video/mp4',
      size_bytes: stored.size_bytes,
      sha256: stored.sha256,
      storage_version: stored.version,
      probe: null,
    })
    .execute();
  return id;
}

export function* parts(bytes: number): Generator<Buffer> {
  const head = mp4Head(Math.max(0, bytes - 48)).subarray(0, bytes);
  yield head;
  const part = Buffer.alloc(MIB, 7);
  for (let left = bytes - head.length; left > 0; left -= part.length) yield left >= part.length ? part : part.subarray(0, left);
}
