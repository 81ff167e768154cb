import { randomUUID } from 'node:crypto';
import { createAdaptorServer } from '@hono/node-server';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHlsArchive } from '../../activities/streaming/hls-archive.ts';
import { createRecordingLedger } from '../../activities/streaming/recording-ledger.ts';
import { openDb } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { RecordingSegment } from '../../domain/contracts/recording.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { createEgress, WINDOW_SEGMENTS, type Egress, type EgressOptions } from '../../media/egress/egress.ts';
import { createHlsMedia } from '../../media/hls/hls-media.ts';
import { createHlsPlaylists } from '../../media/hls/hls-playlists.ts';
import { createViewerCount, type ViewerCount } from '../../media/hls/viewer-count.ts';
import { addHlsRoutes } from '../../media/http/hls.ts';
import { mediaHttp } from '../../media/http/app.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import type { LiveSession } from '../../media/live-session.ts';
import type { MediaStorage } from '../../media/storage.ts';
import { eventually } from './eventually.ts';
import { openIngestWorld, type IngestWorld, type TestStream } from './ingest-world.ts';
import type { SourceOptions, StageSource } from './stage-world.ts';

export interface EgressWorld {
  ingest: IngestWorld;
  egress: Egress;
  viewers: ViewerCount;
  storage: MediaStorage;
  /** Folder of what is being recorded. */
  folder: string;
  /** Where HLS is served, without a slash at the end. */
  url: string;
  /** Codes of what people were told of. */
  troubles: ErrorCode[];
  stream(over?: { visibility?: 'public' | 'private'; record?: boolean; latency?: 'low' | 'normal' }): Promise<TestStream>;
  /** A session whose test picture flows and is announced. */
  publish(stream: TestStream, source?: SourceOptions): Promise<Published>;
  segments(stream: Pick<TestStream, 'id'>): Promise<Pick<RecordingSegment, 'sequence' | 'state' | 'duration_ms' | 'size_bytes' | 'sha256' | 'reason' | 'run_id' | 'started_at'>[]>;
  runs(stream: Pick<TestStream, 'id'>): Promise<{ id: string; number: number; init_state: string; end_reason: string | null; codecs: string | null }[]>;
  notifications(stream: TestStream): Promise<string[]>;
  /** The recording as one file: each run's init segment and its stored segments. */
  joined(stream: TestStream): Promise<Buffer[]>;
  close(): Promise<void>;
}

export interface Published {
  session: LiveSession;
  source: StageSource;
  /** The encoder says goodbye. */
  stop(): Promise<void>;
}

/** A media host without the workflow of streams: real sessions, mediasoup, ffmpeg, PostgreSQL, HTTP. */
export async function openEgressWorld(over: Partial<EgressOptions> & { databaseUrl?: (url: string) => Promise<string> } = {}): Promise<EgressWorld> {
  const root = await mkdtemp(join(tmpdir(), 'showrunner-egress-'));
  const folder = over.folder ?? join(root, 'streams');
  const ingest = await openIngestWorld();
  const { database } = ingest;
  const storage = over.storage ?? createLocalStorage(join(root, 'storage'));
  const troubles: ErrorCode[] = [];
  // The recording's own connections: a test may cut them.
  const own = openDb({ url: (await over.databaseUrl?.(database.url)) ?? database.url, max: 4, name: 'egress' });
  const archive = createHlsArchive(database.db);
  const egress = createEgress({
    ffmpeg: process.env.FFMPEG_PATH || 'ffmpeg',
    storage,
    ledger: createRecordingLedger({ database: own, hostId: ingest.host_id, hint: () => undefined }),
    archive,
    observer: { runBegan: () => undefined, runEnded: () => undefined, fragment: () => undefined, segment: () => undefined, trouble: (code) => troubles.push(code), storage: () => undefined },
    newId,
    logger: ingest.logger,
    ...over,
    folder,
  });
  const viewers = createViewerCount();
  const http = mediaHttp(ingest.logger);
  addHlsRoutes(http, {
    gate: ingest.gate,
    hostId: ingest.host_id,
    playlists: createHlsPlaylists({ windows: egress.windows, archive, cutting: egress.cutting, windowSegments: over.windowSegments ?? WINDOW_SEGMENTS }),
    media: createHlsMedia({ windows: egress.windows, archive, storage, partWaitMs: 4_000 }),
    viewers,
    trustedProxies: 0,
  });
  const server = createAdaptorServer({ fetch: http.fetch }) as Server;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stopListening = ingest.sessions.onAnnounced((session) => egress.follow(session));

  const world: EgressWorld = {
    ingest,
    egress,
    viewers,
    storage,
    folder,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    troubles,
    async stream({ visibility = 'public', record = true, latency = 'low' } = {}) {
      const stream = await ingest.stream({ visibility });
      await database.db.updateTable('streams').set({ record, latency }).where('id', '=', stream.id).execute();
      return stream;
    },
    async publish(stream, options) {
      const grant = await ingest.gate.publisherByKey(stream.key);
      const session = await ingest.sessions.begin({ grant, kind: 'whip', remote_address: null, user_agent: null, request_id: randomUUID() });
      const source = await ingest.stages.feed(session.stage, { participantId: session.id, ...options });
      await session.announce();
      return {
        session,
        source,
        async stop() {
          session.end('closed');
          await source.stop();
          await session.ended;
        },
      };
    },
    segments: ({ id }) => database.db.selectFrom('recording_segments').select(['sequence', 'state', 'duration_ms', 'size_bytes', 'sha256', 'reason', 'run_id', 'started_at']).where('stream_id', '=', id).orderBy('sequence').execute(),
    runs: ({ id }) => database.db.selectFrom('recording_runs').select(['id', 'number', 'init_state', 'end_reason', 'codecs']).where('stream_id', '=', id).orderBy('number').execute(),
    notifications: async ({ workspace_id }) => (await database.db.selectFrom('notifications').select('message').where('workspace_id', '=', workspace_id).orderBy('id').execute()).map(({ message }) => message),
    async joined(stream) {
      const segments = await world.segments(stream);
      const files: Buffer[] = [];
      for (const run of await world.runs(stream)) {
        const keys = segments.filter(({ run_id, state }) => run_id === run.id && state === 'stored').map(({ sequence }) => `streams/${stream.id}/${run.id}/${sequence}.m4s`);
        if (keys.length === 0) continue;
        files.push(Buffer.concat(await Promise.all([`streams/${stream.id}/${run.id}/init.mp4`, ...keys].map((key) => bytesOf(storage, key)))));
      }
      return files;
    },
    async close() {
      stopListening();
      for (const session of ingest.sessions.all()) session.end('shutdown');
      await egress.close();
      server.closeAllConnections();
      server.close();
      await own.close();
      await ingest.close();
      await rm(root, { recursive: true, force: true });
    },
  };
  return world;
}

export async function bytesOf(storage: MediaStorage, key: string): Promise<Buffer> {
  const facts = await storage.stat(key);
  if (!facts) throw new Error(`${key} is not in storage`);
  const chunks: Buffer[] = [];
  for await (const chunk of await storage.read(key, 0, facts.size_bytes - 1)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Waits until everything that was begun is in storage or known to be lost. */
export const settled = (world: EgressWorld, stream: TestStream, atLeast = 1): ReturnType<EgressWorld['segments']> =>
  eventually(
    async () => {
      const segments = await world.segments(stream);
      return segments.length >= atLeast && segments.every(({ state }) => state === 'stored' || state === 'lost') ? segments : null;
    },
    { timeoutMs: 60_000, intervalMs: 100 },
  );

/** All files below the folder. */
export const filesIn = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
