import { Context } from '@temporalio/activity';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createBroadcastActivities } from '../../activities/streaming/broadcast.activities.ts';
import { createBroadcastHostActivities } from '../../activities/streaming/broadcast-host.activities.ts';
import { createBroadcastStarter } from '../../activities/streaming/broadcast-starter.ts';
import { createHostRegister, type HostRegister } from '../../activities/streaming/host-register.ts';
import { createSessionBook } from '../../activities/streaming/session-book.ts';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { registerMediaHost } from '../../db/media-host.repository.ts';
import type { NewRow } from '../../db/schema.ts';
import { hashStreamKey, hintOfStreamKey, newStreamKey } from '../../db/stream-key.ts';
import type { BroadcastInput, BroadcastTimings } from '../../domain/contracts/stream.ts';
import { broadcastWorkflowId, mediaHostTaskQueue, taskQueue } from '../../domain/names.ts';
import type { WorkspaceRole } from '../../domain/permissions.ts';
import type { LiveSession, SessionBook, SessionRequest } from '../../media/live-session.ts';
import type { Stage, StagePool } from '../../media/stage.ts';
import { broadcastViewQuery } from '../../workflows/broadcast.messages.ts';
import { createTestDatabase } from './database.ts';
import { quietLog } from './quiet-log.ts';
import { seedWorkspace, type Seeded } from './seed.ts';
import { testTemporal } from './temporal.ts';

export interface SeededStream extends Seeded {
  id: string;
  key: string;
}

/** A stream with its key, straight in the tables. */
export async function seedStream(db: Db, owner: Seeded, over: Partial<NewRow<'streams'>> = {}): Promise<SeededStream> {
  const key = newStreamKey();
  const id = newId();
  await db
    .insertInto('streams')
    .values({
      id,
      workspace_id: owner.workspace_id,
      user_id: owner.user_id,
      title: 'Test',
      status: 'waiting',
      visibility: 'public',
      record: true,
      latency: 'low',
      stream_key_hash: hashStreamKey(key),
      stream_key_hint: hintOfStreamKey(key),
      ...over,
    })
    .execute();
  return { ...owner, id, key };
}

/** A further member of a workspace. @returns the user's id */
export async function addUser(db: Db, workspace_id: string, role: WorkspaceRole): Promise<string> {
  const id = newId();
  await db.insertInto('users').values({ id, email: `${id}@example.test`, full_name: 'Test', password_hash: 'none' }).execute();
  await db.insertInto('workspace_members').values({ workspace_id, user_id: id, role }).execute();
  return id;
}

/** A stage on which media comes as the test says: for what is not about sockets. */
export interface CountedStage extends Stage {
  bytes: number;
  watching: number;
}

export function createCountedStages(): StagePool & { stages: Map<string, CountedStage> } {
  const stages = new Map<string, CountedStage>();
  const unused = (): never => {
    throw new Error('this test has no mediasoup');
  };
  const make = (stream_id: string): CountedStage => ({
    stream_id,
    bytes: 0,
    watching: 0,
    get capabilities() {
      return unused();
    },
    get origin() {
      return unused();
    },
    webRtcServerOf: unused,
    add: unused,
    producers: () => [],
    main: () => null,
    edge: () => Promise.resolve(unused()),
    viewers() {
      return this.watching;
    },
    receivedBytes() {
      return Promise.resolve(this.bytes);
    },
    on: () => () => undefined,
  });
  return {
    stages,
    get capabilities() {
      return unused();
    },
    open(streamId) {
      const stage = stages.get(streamId) ?? make(streamId);
      stages.set(streamId, stage);
      return Promise.resolve(stage);
    },
    find: (streamId) => stages.get(streamId) ?? null,
    close: (streamId) => void stages.delete(streamId),
    stats: unused,
    shutdown: () => Promise.resolve(stages.clear()),
  };
}

export interface TestHost {
  id: string;
  task_queue: string;
  sessions: SessionBook;
  stages: ReturnType<typeof createCountedStages>;
  /** Begins a session for the stream and lets its media flow. */
  publish(stream: SeededStream, over?: Partial<SessionRequest>): Promise<LiveSession>;
  /** Polls the host's own task queue. */
  work(): Promise<void>;
  /** As after kill -9: no media comes, no heartbeat goes out, and nothing is said. */
  vanish(): void;
  register: HostRegister;
  audiences: Set<(streamId: string) => number>;
}

/** Streams with a database and Temporal of their own, and as many media hosts as a test asks for. */
export async function createStreamWorld(timings: Partial<BroadcastTimings> = {}) {
  const [database, temporal] = await Promise.all([createTestDatabase(30), testTemporal()]);
  const { db, pool } = database;
  const prefix = `${temporal.taskQueue}-`;
  const queue = taskQueue('media', prefix);
  const starter = createBroadcastStarter(temporal.client, prefix);
  const flowing = new Set<() => void>();
  const flow = setInterval(() => flowing.forEach((more) => more()), 200);
  const hosts: TestHost[] = [];
  const grace_ms = timings.grace_ms ?? 60_000;

  return {
    database,
    db,
    temporal,
    queue,
    starter,
    owner: await seedWorkspace(db),
    inputOf: (stream: SeededStream, over: Partial<BroadcastInput> = {}): BroadcastInput => ({
      stream_id: stream.id,
      workspace_id: stream.workspace_id,
      record: true,
      scheduled_for_ms: null,
      request_id: null,
      timings: { grace_ms, ...timings },
      ...over,
    }),
    /** Polls the role's task queue. */
    work: (more: object = {}) =>
      temporal.runWorker({
        taskQueue: queue,
        activities: { ...createBroadcastActivities({ db, pool, startBroadcast: (input) => starter.start(input), graceMs: grace_ms }), ...more },
        maxHeartbeatThrottleInterval: '1s',
      }),
    handle: (stream: SeededStream) => temporal.client.workflow.getHandle(broadcastWorkflowId(stream.id)),
    view: (stream: SeededStream) => temporal.client.workflow.getHandle(broadcastWorkflowId(stream.id)).query(broadcastViewQuery),
    row: (stream: SeededStream) => db.selectFrom('streams').selectAll().where('id', '=', stream.id).executeTakeFirstOrThrow(),
    sessionRows: (stream: SeededStream) => db.selectFrom('stream_sessions').selectAll().where('stream_id', '=', stream.id).orderBy('epoch').execute(),
    notices: async () => (await db.selectFrom('notifications').select('message').orderBy('id').execute()).map(({ message }) => message),
    async host({ silentMs = 10_000, graceMs = grace_ms } = {}): Promise<TestHost> {
      const id = `host-${randomUUID().slice(0, 8)}`;
      const task_queue = mediaHostTaskQueue(queue, id);
      await registerMediaHost(db, { id, public_url: `http://${id}.example`, rtmp_url: null, task_queue, features: ['whip'], sessions: 0, viewers: 0 }, true);
      const stages = createCountedStages();
      const vanished = new AbortController();
      const audiences = new Set<(streamId: string) => number>();
      const sessions = createSessionBook({ db, client: temporal.client, stages, host: { id, task_queue }, taskQueuePrefix: prefix, silentMs, graceMs, logger: quietLog as never });
      const host: TestHost = {
        id,
        task_queue,
        sessions,
        stages,
        async publish(stream, over = {}) {
          const session = await sessions.begin(requestOf(stream, over));
          const more = (): void => void ((session.stage as CountedStage).bytes += vanished.signal.aborted ? 0 : 1_000);
          flowing.add(more);
          void session.ended.then(() => flowing.delete(more));
          await session.announce();
          return session;
        },
        async work() {
          const gone = once(vanished.signal, 'abort').then(() => Promise.reject(new Error('vanished')));
          gone.catch(() => undefined);
          const find = (id: string): LiveSession | null => {
            const session = sessions.find(id);
            return session && { ...session, ended: Promise.race([session.ended, gone]) };
          };
          const { carrySession, closeSession } = createBroadcastHostActivities(db, { ...sessions, find });
          const unheard = (error?: Error): Promise<never> => (error && !vanished.signal.aborted ? Promise.reject(error) : Context.current().cancelled);
          await temporal.runWorker({
            taskQueue: task_queue,
            activities: {
              carrySession: (input: Parameters<typeof carrySession>[0]) => (vanished.signal.aborted ? unheard() : carrySession(input).catch(unheard)),
              closeSession: (input: Parameters<typeof closeSession>[0]) => (vanished.signal.aborted ? unheard() : closeSession(input)),
            },
            maxHeartbeatThrottleInterval: '1s',
            shutdownGraceTime: 0,
          });
        },
        vanish: () => vanished.abort(),
        register: createHostRegister({
          db,
          host: () => ({ id, public_url: `http://${id}.example`, rtmp_url: null, task_queue, features: ['whip'] }),
          sessions,
          audiences,
          everyMs: 200,
          logger: quietLog,
        }),
        audiences,
      };
      hosts.push(host);
      return host;
    },
    async close() {
      clearInterval(flow);
      await Promise.all(hosts.map(({ sessions }) => sessions.close()));
      await temporal.close();
      await database.drop();
    },
  };
}
export type StreamWorld = Awaited<ReturnType<typeof createStreamWorld>>;

export const requestOf = (stream: SeededStream, over: Partial<SessionRequest> = {}): SessionRequest => ({
  grant: { stream_id: stream.id, workspace_id: stream.workspace_id, user_id: stream.user_id, key_version: 1, record: true, latency: 'low' },
  kind: 'whip',
  remote_address: '192.0.2.1',
  user_agent: 'test',
  request_id: null,
  ...over,
});
