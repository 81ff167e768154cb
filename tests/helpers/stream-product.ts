import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { broadcastWorkflowId } from '../../domain/names.ts';
import { publishTestPicture, type Encoder } from '../../scripts/demo/test-picture.ts';
import { ApiClient, call } from './api-client.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { Product } from './product.ts';
import { freePort } from './start.ts';
import { testTemporal, testTemporalAddress, type TestTemporal } from './temporal.ts';

export interface MadeStream {
  id: string;
  status: string;
  status_reason: string | null;
  start_time: string | null;
  end_time: string | null;
  viewer_count: number;
  peak_viewers: number;
  stream_key: string;
  urls: { rtmp: string; whip: string; whep: string; hls: string; watch: string; studio: string };
}

export interface MadeVod {
  id: string;
  status: string;
  status_reason: string | null;
  duration_ms: number;
  width: number;
  height: number;
  segments_total: number;
  segments_lost: number;
  gaps: { at_ms: number; from: string; to: string; reason: string }[];
}

/** API and media host as processes; its ports stay the same when it is started again. */
export class StreamProduct {
  readonly product: Product;
  readonly database: TestDatabase;
  readonly temporal: TestTemporal;
  readonly api: ApiClient;
  readonly dataDir: string;

  private constructor(product: Product, database: TestDatabase, temporal: TestTemporal, api: ApiClient, dataDir: string) {
    this.product = product;
    this.database = database;
    this.temporal = temporal;
    this.api = api;
    this.dataDir = dataDir;
  }

  static async start(env: Record<string, string> = {}): Promise<StreamProduct> {
    const dataDir = await mkdtemp(join(tmpdir(), 'showrunner-streams-'));
    const [database, temporal, media, rtmp] = await Promise.all([createTestDatabase(), testTemporal(), freePort(), freePort()]);
    const product = await Product.start({
      databaseUrl: database.url,
      temporalAddress: testTemporalAddress(),
      env: {
        DATA_DIR: dataDir,
        TEMPORAL_TASK_QUEUE_PREFIX: `streams-${randomUUID()}-`,
        MEDIA_PORT: String(media),
        RTMP_PORT: String(rtmp),
        MEDIA_PUBLIC_URL: `http://127.0.0.1:${media}`,
        RTMP_PUBLIC_URL: `rtmp://127.0.0.1:${rtmp}/live`,
        MEDIA_HOST_ID: `host-${media}`,
        MEDIA_WORKERS: '1',
        ...env,
      },
      parts: ['media', 'api'],
    });
    return new StreamProduct(product, database, temporal, await ApiClient.register(product.apiUrl), dataDir);
  }

  async close(): Promise<void> {
    for (const { id } of await this.database.db.selectFrom('streams').select('id').execute()) {
      await this.temporal.client.workflow
        .getHandle(broadcastWorkflowId(id))
        .terminate()
        .catch(() => undefined);
    }
    await this.product.stop();
    await this.temporal.close();
    await this.database.drop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  make = (over: object = {}): Promise<MadeStream> => this.api.post<MadeStream>('/streams', { title: 'A stream of the tests', ...over });
  show = ({ id }: Pick<MadeStream, 'id'>): Promise<MadeStream> => this.api.get<MadeStream>(`/streams/${id}`);
  end = ({ id }: Pick<MadeStream, 'id'>): Promise<MadeStream> => call<MadeStream>(this.product.apiUrl, this.api.token, 'PUT', `/streams/${id}`, { status: 'ended' });

  /** An encoder that publishes by RTMP, once its first second is out. */
  async encoder({ urls, stream_key }: MadeStream): Promise<Encoder> {
    const encoder = publishTestPicture(`${urls.rtmp}/${stream_key}`, 'ffmpeg');
    await encoder.started;
    return encoder;
  }

  reaches(stream: Pick<MadeStream, 'id'>, status: string, timeoutMs = 60_000): Promise<MadeStream> {
    return eventually(
      async () => {
        const seen = await this.show(stream);
        if (seen.status !== status) throw new Error(`${seen.status}: ${seen.status_reason}`);
        return seen;
      },
      { timeoutMs, intervalMs: 100 },
    );
  }

  /** How many segments of the recording are whole. */
  async segments({ id }: Pick<MadeStream, 'id'>): Promise<number> {
    const { count } = await this.database.db
      .selectFrom('recording_segments')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('stream_id', '=', id)
      .where('state', 'in', ['closed', 'stored'])
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  recorded(stream: Pick<MadeStream, 'id'>, atLeast: number): Promise<number> {
    return eventually(
      async () => {
        const segments = await this.segments(stream);
        return segments >= atLeast ? segments : null;
      },
      { timeoutMs: 60_000, intervalMs: 100 },
    );
  }

  /** The recording's video, once it is finished. */
  vod({ id }: Pick<MadeStream, 'id'>, timeoutMs = 120_000): Promise<MadeVod> {
    return eventually(
      async () => {
        const { items } = await this.api.get<{ items: MadeVod[] }>(`/vod?stream_id=${id}`);
        return items.find(({ status }) => ['ready', 'incomplete', 'failed'].includes(status)) ?? null;
      },
      { timeoutMs, intervalMs: 250 },
    );
  }

  /** The bytes of a video, as a viewer gets them. */
  async download({ id }: Pick<MadeVod, 'id'>): Promise<Buffer> {
    const response = await fetch(`${this.product.apiUrl}/vod/${id}/play`, { headers: { authorization: `Bearer ${this.api.token}` }, signal: AbortSignal.timeout(60_000) });
    if (!response.ok) throw new Error(`play: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }
}
