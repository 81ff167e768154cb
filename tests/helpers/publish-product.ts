import { openAsBlob } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostView } from '../../api/schemas/post.ts';
import { publishWorkflowId, tiktokTokenWorkflowId } from '../../domain/names.ts';
import { writeClip } from '../../scripts/demo/clip.ts';
import { ApiClient } from './api-client.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { Product } from './product.ts';
import { testTemporal, testTemporalAddress, type TestTemporal } from './temporal.ts';
import { connectAccount, openApiControlOf } from './tiktok-consent.ts';

export interface PostDetail extends PostView {
  timeline: { kind: string; detail: string | null; run: number }[];
}

/** A post as the sandbox has it. */
export interface SandboxPost {
  publish_id: string;
  status: string;
  fail_reason: string | null;
  video_ids: string[];
  caption: string;
  upload: { size: number; sha256: string | null; chunk_count: number; uploaded: number; puts: { chunk: number | null; status: number | null; bytes: number }[] } | null;
}

/** A TikTok account of the sandbox, connected. */
export interface Creator {
  id: string;
  username: string;
}

const MIB = 1024 * 1024;
/** Three chunks. */
export const CLIP_BYTES = 150 * MIB;

/** API, worker and sandbox as processes, with webhooks from one to the other. */
export class PublishProduct {
  readonly product: Product;
  readonly database: TestDatabase;
  readonly temporal: TestTemporal;
  readonly api: ApiClient;
  readonly control: ReturnType<typeof openApiControlOf>;
  readonly dataDir: string;
  /** A stored clip of CLIP_BYTES. */
  mediaId = '';

  private constructor(product: Product, database: TestDatabase, temporal: TestTemporal, api: ApiClient, dataDir: string) {
    this.product = product;
    this.database = database;
    this.temporal = temporal;
    this.api = api;
    this.dataDir = dataDir;
    this.control = openApiControlOf(product.sandboxUrl);
  }

  static async start(): Promise<PublishProduct> {
    const dataDir = await mkdtemp(join(tmpdir(), 'showrunner-publish-'));
    const [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
    const product = await Product.start({
      databaseUrl: database.url,
      temporalAddress: testTemporalAddress(),
      env: { DATA_DIR: dataDir, TEMPORAL_TASK_QUEUE_PREFIX: `publish-${randomUUID()}-` },
      parts: ['sandbox', 'publish', 'api'],
    });
    const started = new PublishProduct(product, database, temporal, await ApiClient.register(product.apiUrl), dataDir);
    await started.control.patch('/settings', {
      webhooks: { url: `${product.apiUrl}/webhook/tiktok`, retry_initial_ms: 200, retry_max_ms: 1_000 },
      limits: { creator_info: 1_000, status: 1_000, video_list: 10_000 },
      timings: { processing_ms: 300, moderation_ms: 300 },
      behaviour: { sha256: true },
    });
    started.mediaId = await started.upload();
    return started;
  }

  async close(): Promise<void> {
    const { workflow, schedule } = this.temporal.client;
    for (const { id } of await this.database.db.selectFrom('posts').select('id').execute()) await workflow.getHandle(publishWorkflowId(id)).terminate().catch(() => undefined);
    for (const { id } of await this.database.db.selectFrom('social_accounts').select('id').execute()) {
      await workflow.getHandle(tiktokTokenWorkflowId(id)).terminate().catch(() => undefined);
      await schedule.getHandle(`analytics:${id}`).delete().catch(() => undefined);
    }
    await this.product.stop();
    await this.temporal.close();
    await this.database.drop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Stores a clip as a person does, and keeps its file. @returns its id */
  async upload(bytes = CLIP_BYTES): Promise<string> {
    const path = join(this.dataDir, `${randomUUID()}.mp4`);
    await writeVideo(path, bytes);
    const form = new FormData();
    form.append('file', await openAsBlob(path, { type: 'video/mp4' }), 'clip.mp4');
    const response = await fetch(`${this.product.apiUrl}/api/media`, { method: 'POST', headers: { authorization: `Bearer ${this.api.token}` }, body: form });
    await rm(path);
    if (!response.ok) throw new Error(`upload: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { id: string }).id;
  }

  async creator(): Promise<Creator> {
    const username = `u${randomUUID().slice(0, 8)}`;
    await this.control.post('/accounts', { username });
    return { username, id: await connectAccount(this.api, this.product.sandboxUrl, username) };
  }

  /** Asks for a post of the stored clip. */
  async publish({ id }: Creator, over: object = {}): Promise<PostView> {
    const { items } = await this.api.post<{ items: PostView[] }>('/api/posts', {
      social_account_ids: [id],
      media_id: this.mediaId,
      caption: `A clip ${randomUUID()}`,
      privacy_level: 'PUBLIC_TO_EVERYONE',
      ...over,
    });
    return items[0]!;
  }

  show = (post: Pick<PostView, 'id'>): Promise<PostDetail> => this.api.get<PostDetail>(`/api/posts/${post.id}`);

  reaches(post: Pick<PostView, 'id'>, state: PostView['state'], timeoutMs = 120_000): Promise<PostDetail> {
    return eventually(
      async () => {
        const seen = await this.show(post);
        if (seen.state !== state) throw new Error(`${seen.state}: ${seen.state_reason}; ${seen.timeline.map(({ kind, detail }) => `${kind} (${detail})`).join(', ')}`);
        return seen;
      },
      { timeoutMs, intervalMs: 200 },
    );
  }

  /** Its id may come after it is published. */
  linked(post: Pick<PostView, 'id'>): Promise<PostDetail> {
    return eventually(
      async () => {
        const seen = await this.show(post);
        return seen.permalink === null ? null : seen;
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
  }

  /** What the sandbox has of a creator: inits, and posts that really exist. */
  async atTikTok({ username }: Creator): Promise<{ posts: SandboxPost[]; published: SandboxPost[]; videos: { id: string }[] }> {
    const { posts } = await this.control.get<{ posts: SandboxPost[] }>(`/posts?username=${username}`);
    const { videos } = await this.control.get<{ videos: { id: string }[] }>(`/videos?username=${username}`);
    return { posts, published: posts.filter(({ status }) => status === 'PUBLISH_COMPLETE'), videos };
  }

  /** Of the stored clip. */
  async sha256(mediaId = this.mediaId): Promise<string> {
    return (await this.database.db.selectFrom('media').select('sha256').where('id', '=', mediaId).executeTakeFirstOrThrow()).sha256;
  }

  /** Orders a fault for a creator's next call. */
  async fault({ username }: Creator, fault: object): Promise<number> {
    return (await this.control.post<{ id: number }>('/faults', { username, ...fault })).id;
  }

  /** Waits until a call has run into the fault. */
  async struck(fault: number): Promise<void> {
    await eventually(async () => !(await this.control.get<{ faults: { id: number }[] }>('/faults')).faults.some(({ id }) => id === fault), { timeoutMs: 120_000, intervalMs: 50 });
  }
}

/** Of no size that anything is read or sent by: no two places of a clip are mistaken for each other. */
const FILLING = randomBytes(MIB + 7);

/** A clip that TikTok and ffprobe take, made up to a size by a box that players skip. */
export async function writeVideo(path: string, bytes: number): Promise<void> {
  const { size_bytes } = await writeClip(path, { seconds: 1 });
  const file = await open(path, 'r+');
  try {
    const box = Buffer.alloc(8);
    box.writeUInt32BE(bytes - size_bytes);
    box.write('free', 4, 'latin1');
    await file.write(box, 0, box.length, size_bytes);
    for (let at = size_bytes + box.length; at < bytes; at += FILLING.length) await file.write(FILLING, 0, Math.min(FILLING.length, bytes - at), at);
  } finally {
    await file.close();
  }
}
