import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import { createMediaGate } from '../../activities/streaming/media-gate.ts';
import { createSessionBook } from '../../activities/streaming/session-book.ts';
import { newId } from '../../db/ids.ts';
import { hashStreamKey, hintOfStreamKey, newStreamKey } from '../../db/stream-key.ts';
import { broadcastWorkflowId } from '../../domain/names.ts';
import { describeEnd, runFfmpeg, type FfmpegRun } from '../../media/ffmpeg/run-ffmpeg.ts';
import { openTaps } from '../../media/egress/plain-taps.ts';
import { egressSdp } from '../../media/egress/egress-sdp.ts';
import type { LiveSession, MediaGate, SessionBook } from '../../media/live-session.ts';
import type { Stage } from '../../media/stage.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { seedWorkspace, type Seeded } from './seed.ts';
import { openStageWorld, type StageWorld } from './stage-world.ts';
import { testTemporal, type TestTemporal } from './temporal.ts';

export const JWT_SECRET = 'a-secret-of-the-tests-that-is-long-enough';

export interface TestStream extends Seeded {
  id: string;
  key: string;
}

export interface IngestWorld {
  database: TestDatabase;
  stages: StageWorld;
  sessions: SessionBook;
  host_id: string;
  gate: MediaGate;
  logger: Logger;
  /** What was logged. */
  lines: Record<string, unknown>[];
  stream(over?: { visibility?: 'public' | 'private' }): Promise<TestStream>;
  /** The stream's session, once there is one. */
  session(stream: Pick<TestStream, 'id'>): Promise<LiveSession>;
  close(): Promise<void>;
}

/** Real gate, session book, PostgreSQL, Temporal and mediasoup; encoders are up to the test. */
export async function openIngestWorld({ silentMs = 60_000 } = {}): Promise<IngestWorld> {
  const [database, temporal, stages]: [TestDatabase, TestTemporal, StageWorld] = await Promise.all([createTestDatabase(), testTemporal(), openStageWorld({ workers: 1 })]);
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'debug' }, new Writable({ write: (chunk: Buffer, _, done) => (lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>), done()) }));
  const host = { id: `host-${randomUUID()}`, task_queue: `test-host-${randomUUID()}` };
  await database.db.insertInto('media_hosts').values({ id: host.id, public_url: 'http://127.0.0.1:1', rtmp_url: null, task_queue: host.task_queue, features: [] }).execute();
  const sessions = createSessionBook({ db: database.db, client: temporal.client, stages: stages.pool, host, taskQueuePrefix: `${temporal.taskQueue}-`, silentMs, graceMs: 60_000, logger });
  const made: string[] = [];
  return {
    database,
    stages,
    sessions,
    host_id: host.id,
    logger,
    lines,
    gate: createMediaGate({ db: database.db, jwtSecret: JWT_SECRET }),
    async stream({ visibility = 'public' } = {}) {
      const seeded = await seedWorkspace(database.db);
      const id = newId();
      const key = newStreamKey();
      made.push(id);
      await database.db
        .insertInto('streams')
        .values({ ...seeded, id, title: 'A stream', description: null, thumbnail: null, thumbnail_taken_at: null, status: 'waiting', status_code: null, status_reason: null, visibility, record: false, latency: 'low', scheduled_for: null, start_time: null, end_time: null, stream_key_hash: hashStreamKey(key), stream_key_hint: hintOfStreamKey(key), media_host_id: null, deleted_at: null })
        .execute();
      return { ...seeded, id, key };
    },
    session: (stream) => eventually(() => sessions.ofStream(stream.id), { timeoutMs: 30_000 }),
    async close() {
      await sessions.close();
      await stages.close();
      for (const id of made) {
        await temporal.client.workflow
          .getHandle(broadcastWorkflowId(id))
          .terminate()
          .catch(() => undefined);
      }
      await temporal.close();
      await database.drop();
    },
  };
}

export interface EncoderOptions {
  /** Arguments of its picture; [] for none. */
  video?: readonly string[];
  audio?: readonly string[];
  seconds?: number;
  extra?: readonly string[];
}

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '15'];

/** An encoder as OBS is one: a test picture of 320×180 at 15 frames a second and a tone, by RTMP. */
export function publishRtmp(url: string, { video = [...X264, '-tune', 'zerolatency'], audio = ['-c:a', 'aac'], seconds = 120, extra = [] }: EncoderOptions = {}): FfmpegRun {
  const picture = video.length > 0 ? ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=15'] : [];
  const sound = audio.length > 0 ? ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'] : [];
  return runFfmpeg({ command: 'ffmpeg', args: [...picture, ...sound, ...video, ...audio, ...extra, '-t', String(seconds), '-f', 'flv', url], timeoutMs: 150_000 });
}

/** Waits until a main producer of each kind is there and gets bytes. */
export async function flowing(stage: Stage, kinds: readonly ('audio' | 'video')[], more = 0): Promise<void> {
  await eventually(
    async () => {
      for (const kind of kinds) {
        const stats = (await stage.main(kind)?.getStats()) ?? [];
        if (!stats.some(({ byteCount }) => byteCount > more)) return null;
      }
      return true;
    },
    { timeoutMs: 30_000, intervalMs: 100 },
  );
}

export interface Decoding {
  frames: number;
  words: string | null;
}

/** Takes one kind from the stage as a viewer would, and has ffmpeg decode it for some frames. */
export async function decodeStage(stage: Stage, kind: 'audio' | 'video', frames: number): Promise<Decoding> {
  for (;;) {
    const decoding = await decodeOnce(stage, kind, frames);
    // Another process of this machine was given a port between our asking for it and ffmpeg's binding it.
    if (!/bind failed: Address already in use/.test(decoding.words ?? '')) return decoding;
  }
}

async function decodeOnce(stage: Stage, kind: 'audio' | 'video', frames: number): Promise<Decoding> {
  const [tap] = await openTaps(stage.origin, [stage.main(kind)!]);
  const { consumer, media } = tap!;
  const run = runFfmpeg({ command: 'ffmpeg', args: ['-protocol_whitelist', 'pipe,udp,rtp,data', '-f', 'sdp', '-i', 'pipe:0', '-frames', String(frames), '-f', 'framecrc', 'pipe:1'], stdin: true, stdout: true, timeoutMs: 40_000 });
  let lines = '';
  run.stdout!.on('data', (text: Buffer) => (lines += text.toString()));
  run.stdin!.end(egressSdp([media]));
  await consumer.resume();
  const end = await run.ended;
  tap!.close();
  return { frames: lines.split('\n').filter((line) => /^0,/.test(line)).length, words: [run.words(), describeEnd(end)].join('\n') };
}

/** The one media worker of this process. */
export async function killMediaWorker(): Promise<void> {
  const children = (await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')).trim().split(' ').map(Number);
  const names = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8')));
  const worker = children.find((_, i) => names[i]!.startsWith('mediasoup'));
  process.kill(worker!, 'SIGKILL');
}
