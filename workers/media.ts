import { createAdaptorServer } from '@hono/node-server';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { createMediaGate } from '../activities/streaming/media-gate.ts';
import { createSessionBook } from '../activities/streaming/session-book.ts';
import type { Env } from '../config/env.ts';
import { findWorkerBinary } from '../config/mediasoup-worker.ts';
import { mediaHostTaskQueue, taskQueue, vodsTaskQueue } from '../domain/names.ts';
import { isFfmpegThere } from '../media/ffmpeg-there.ts';
import { mediaHttp } from '../media/http/app.ts';
import { createMediaStorage } from '../media/index.ts';
import type { StagePool } from '../media/stage.ts';
import { createStagePool } from '../media/webrtc/stage-pool.ts';
import type { WorkerContext } from './context.ts';
import { createChatPart } from './media/chat.ts';
import { createEgressPart } from './media/egress.ts';
import { addMediaMetrics, observeMediaHttp } from './media/media-metrics.ts';
import type { MediaContext, MediaHost, MediaPart } from './media/parts.ts';
import { createRtmpPart } from './media/rtmp.ts';
import { createSignallingPart } from './media/signalling.ts';
import { createStreamsPart } from './media/streams.ts';
import { createVodsPart } from './media/vods.ts';
import { createWebrtcPart } from './media/webrtc.ts';
import type { RoleParts } from './role.ts';
import { runWorker, type RunningWorker } from './run-worker.ts';

const PARTS: readonly ((media: MediaContext) => MediaPart)[] = [createStreamsPart, createChatPart, createVodsPart, createWebrtcPart, createRtmpPart, createSignallingPart, createEgressPart];

/** Long jobs that one process does at once: most wait for disk and network, and encoders beside them must not starve. */
const LONG_AT_ONCE = Math.max(4, availableParallelism());

/**
 * The role that carries streams: the lives of broadcasts, videos and restrictions on its own task queue, and, on a host with
 * mediasoup and ffmpeg, encoders, viewers and recordings on a task queue of that host.
 */
export async function createMediaRole(context: WorkerContext): Promise<RoleParts> {
  const { env, log, database, client } = context;
  const ffmpeg = await isFfmpegThere(env.FFMPEG_PATH);
  const workerBin = findWorkerBinary(env.MEDIASOUP_WORKER_BIN);
  const stages = workerBin === null ? null : await stagePool(context, workerBin);
  const http = mediaHttp(log, observeMediaHttp(context.metrics.registry));
  const server = stages || ffmpeg ? (createAdaptorServer({ fetch: http.fetch }) as Server) : null;
  const host = hostOf(env, stages !== null, ffmpeg);
  http.get('/health', (c) => c.json({ status: 'ok', host: host.id, features: host.features }));
  const sessions = createSessionBook({
    db: database.db,
    client,
    stages,
    host,
    taskQueuePrefix: env.TEMPORAL_TASK_QUEUE_PREFIX,
    silentMs: env.STREAM_SILENT_S * 1_000,
    graceMs: env.STREAM_GRACE_S * 1_000,
    logger: log,
  });
  const media: MediaContext = {
    context,
    log,
    host,
    stages,
    gate: createMediaGate({ db: database.db, jwtSecret: env.JWT_SECRET ?? '' }),
    sessions,
    audiences: new Set(),
    storage: createMediaStorage(env),
    http,
    server,
  };
  addMediaMetrics({ registry: context.metrics.registry, db: database.db, hostId: host.id, folder: host.folder });
  const parts = PARTS.map((create) => create(media));
  const workers: RunningWorker[] = [];
  return {
    activities: together(parts.map(({ activities }) => activities)),
    workerOptions: { maxConcurrentActivityTaskExecutions: 50, maxHeartbeatThrottleInterval: '1s' },
    async started() {
      const common = {
        connection: context.connection,
        namespace: env.TEMPORAL_NAMESPACE,
        // The role's worker may have taken its 15 s before; 10 of the process' 30 s remain for the sessions.
        shutdownForceTime: '5s',
        maxHeartbeatThrottleInterval: '1s',
      } as const;
      const atHost = { ...common, taskQueue: host.task_queue, activities: together(parts.map(({ hostActivities }) => hostActivities)), identity: context.slot, maxConcurrentActivityTaskExecutions: 1_000 };
      const vods = {
        ...common,
        taskQueue: vodsTaskQueue(taskQueue('media', env.TEMPORAL_TASK_QUEUE_PREFIX)),
        activities: together(parts.map(({ longActivities }) => longActivities)),
        identity: `${context.slot}:vods`,
        maxConcurrentActivityTaskExecutions: LONG_AT_ONCE,
      };
      for (const options of [atHost, vods]) workers.push(await runWorker(options, log));
      if (server) await listen(server, env, host);
      for (const part of parts) await part.started?.();
      log.info({ host, features: host.features }, 'the media host is ready');
    },
    async close() {
      await sessions.close();
      await Promise.all(workers.map((worker) => worker.stop()));
      for (const part of parts.toReversed()) await part.close?.();
      server?.close();
      server?.closeAllConnections();
      await stages?.shutdown();
    },
  };
}

const together = (activities: readonly (object | undefined)[]): object => Object.assign({}, ...activities) as object;

const stagePool = ({ env, log }: WorkerContext, workerBin: string): Promise<StagePool> =>
  createStagePool({
    workerBin,
    workers: env.MEDIA_WORKERS ?? availableParallelism(),
    rtcPort: env.MEDIA_RTC_PORT,
    listenIp: env.HOST,
    announcedAddress: env.MEDIA_ANNOUNCED_ADDRESS,
    maxViewers: env.MEDIA_MAX_VIEWERS,
    logger: log,
  });

function hostOf(env: Env, webrtc: boolean, ffmpeg: boolean): MediaHost {
  const id = env.MEDIA_HOST_ID ?? hostname().replaceAll(/[^\w.-]/g, '-');
  return {
    id,
    task_queue: mediaHostTaskQueue(taskQueue('media', env.TEMPORAL_TASK_QUEUE_PREFIX), id),
    public_url: (env.MEDIA_PUBLIC_URL ?? `http://${env.HOST}:${env.MEDIA_PORT}`).replace(/\/+$/, ''),
    rtmp_url: webrtc && ffmpeg ? (env.RTMP_PUBLIC_URL ?? `rtmp://${env.HOST}:${env.RTMP_PORT}/live`) : null,
    features: [...(webrtc ? (['whip'] as const) : []), ...(webrtc && ffmpeg ? (['rtmp', 'hls', 'recording'] as const) : [])],
    folder: join(env.DATA_DIR, 'streams'),
  };
}

async function listen(server: Server, { HOST, MEDIA_PORT, MEDIA_PUBLIC_URL }: Env, host: MediaHost): Promise<void> {
  server.listen(MEDIA_PORT, HOST);
  await once(server, 'listening');
  // With MEDIA_PORT=0 the port is known only now.
  if (!MEDIA_PUBLIC_URL) host.public_url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
}

