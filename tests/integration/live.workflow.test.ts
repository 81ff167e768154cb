import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLivestreamActivities } from '../../activities/live/livestream.activities.ts';
import { RunningConsumers } from '../../activities/live/running-consumers.ts';
import { consumeOnce } from '../../activities/live/session.ts';
import type { LivestreamSessionInput, SessionTimings } from '../../domain/contracts/livestream.ts';
import { livestreamWorkflowId } from '../../domain/names.ts';
import { createSandbox, type Sandbox } from '../../sandbox/server.ts';
import { controlOf } from '../helpers/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { sessionHarness, type SessionHarness } from '../helpers/live-session.ts';
import { seedLivestream, seedWorkspace } from '../helpers/seed.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

const QUICK: Partial<SessionTimings> = { wait_initial_ms: 100, wait_max_ms: 200, reconnect_initial_ms: 100, reconnect_max_ms: 200, heartbeat_timeout_ms: 5_000 };

let database: TestDatabase;
let sandbox: Sandbox;
let temporal: TestTemporal;
let control: ReturnType<typeof controlOf>;
let harness: SessionHarness;
let consumers: RunningConsumers;
let workspace_id: string;
let room: string;

beforeAll(async () => {
  [database, sandbox, temporal] = await Promise.all([createTestDatabase(), createSandbox({}), testTemporal()]);
  control = controlOf(sandbox.url);
  harness = sessionHarness(database, sandbox.url, {
    onOpened: (id) => void temporal.client.workflow.getHandle(livestreamWorkflowId(id)).signal('opened').catch(() => undefined),
  });
  consumers = new RunningConsumers((input, onProgress, signal) => consumeOnce(harness.deps, input, onProgress, signal));
  await temporal.runWorker({ activities: createLivestreamActivities({ db: database.db, consumers }), maxHeartbeatThrottleInterval: '1s', defaultHeartbeatThrottleInterval: '1s' });
}, 120_000);
afterAll(async () => {
  await temporal.close();
  await consumers.close();
  await harness.close();
  await sandbox.close();
  await database.drop();
});
const started: string[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((id) => temporal.client.workflow.getHandle(id).terminate().catch(() => undefined)));
});
beforeEach(async () => {
  ({ workspace_id } = await seedWorkspace(database.db));
  room = `wf${randomUUID().slice(0, 8)}`;
});

async function start(over: Partial<LivestreamSessionInput> = {}, settings: object = {}): Promise<string> {
  await control.post('/rooms', { name: room, history: 0, ...settings });
  const id = await seedLivestream(database.db, workspace_id, { tiktok_input: `@${room}`, tiktok_username: room });
  const workflowId = livestreamWorkflowId(id);
  started.push(workflowId);
  await temporal.client.workflow.start('livestreamSession', {
    taskQueue: temporal.taskQueue,
    workflowId,
    args: [{ livestream_id: id, workspace_id, wait_for_live: false, timings: QUICK, ...over } satisfies LivestreamSessionInput],
  });
  return id;
}
const rowOf = (id: string) => database.db.selectFrom('livestreams').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const reaches = (id: string, status: string) => eventually(async () => ((await rowOf(id)).status === status ? rowOf(id) : false));
const handleOf = (id: string) => temporal.client.workflow.getHandle(livestreamWorkflowId(id));

test('a session goes live, is seen in the search attributes, and ends with the LIVE', async () => {
  const id = await start();
  await reaches(id, 'live');
  await eventually(async () => (await handleOf(id).describe()).searchAttributes.LivestreamStatus?.[0] === 'live');
  await control.post(`/rooms/${room}/end`);
  expect(await handleOf(id).result()).toMatchObject({ status: 'ended' });
  expect(await rowOf(id)).toMatchObject({ status: 'ended', status_reason: expect.stringMatching(/ended/), consumer_owner: null });
});

test('a person ends it: what came before is stored, the row says disconnected', async () => {
  const id = await start();
  await reaches(id, 'live');
  await control.post(`/rooms/${room}/events`, { type: 'comment', comment: 'last words' });
  await eventually(async () => (await rowOf(id)).total_comments === 1);
  await handleOf(id).signal('disconnect');
  expect(await handleOf(id).result()).toMatchObject({ status: 'disconnected' });
  const events = await database.db.selectFrom('events').select('type').where('livestream_id', '=', id).orderBy('position').execute();
  expect(events.map((event) => event.type)).toEqual(['connect', 'comment', 'disconnect']);
});

test('a session that was cut again and again comes back each time, in a fresh history when the old one is long', async () => {
  const id = await start({ timings: { ...QUICK, max_history: 30 } });
  const first = (await handleOf(id).describe()).runId;
  for (let cut = 1; cut <= 4; cut++) {
    await reaches(id, 'live');
    await eventually(async () => (await control.post<{ dropped: number }>(`/rooms/${room}/drop`)).dropped > 0);
    await control.post(`/rooms/${room}/events`, { type: 'comment', comment: `after cut ${cut}` });
    await eventually(async () => (await rowOf(id)).total_comments === cut);
  }
  await eventually(async () => (await handleOf(id).describe()).runId !== first);
  expect((await rowOf(id)).total_comments).toBe(4);
});

test('a LIVE that has not begun is waited for, if asked, else it is a failure with a reason', async () => {
  const waiting = await start({ wait_for_live: true }, { starts: 'offline' });
  expect(await reaches(waiting, 'waiting')).toMatchObject({ status_code: 'user_offline' });
  await control.post(`/rooms/${room}/online`);
  await reaches(waiting, 'live');
  room = `wf${randomUUID().slice(0, 8)}`;
  const failing = await start({}, { starts: 'offline' });
  expect(await reaches(failing, 'failed')).toMatchObject({ status_code: 'user_offline', status_reason: expect.stringContaining('not live') });
});

test('the sign service is asked again no sooner than it said', async () => {
  const begun = Date.now();
  const id = await start({}, { sign: { mode: 'rate_limited', times: 1, retry_after_s: 2 } });
  expect(await reaches(id, 'connecting')).toMatchObject({});
  await eventually(async () => (await rowOf(id)).status_code === 'sign_rate_limited');
  await reaches(id, 'live');
  expect(Date.now() - begun).toBeGreaterThanOrEqual(2_000);
});

test('a second start of the same livestream is refused', async () => {
  const id = await start();
  await expect(
    temporal.client.workflow.start('livestreamSession', { taskQueue: temporal.taskQueue, workflowId: livestreamWorkflowId(id), args: [{}] }),
  ).rejects.toThrow(/already started/i);
});

test('an attempt that Temporal has given up leaves its consumer to the next: the socket stays', async () => {
  const id = await start();
  await reaches(id, 'live');
  const { raw } = await handleOf(id).describe();
  const activityId = raw.pendingActivities![0]!.activityId!;
  await temporal.client.activity.fail({ workflowId: livestreamWorkflowId(id), activityId }, new Error('heartbeat timed out, says the test'));
  await eventually(async () => ((await handleOf(id).describe()).raw.pendingActivities?.[0]?.attempt ?? 0) >= 2);
  await control.post(`/rooms/${room}/events`, { type: 'comment', comment: 'still here' });
  await eventually(async () => (await rowOf(id)).total_comments === 1);
  const connections = await database.db.selectFrom('livestream_connections').selectAll().where('livestream_id', '=', id).execute();
  expect(connections).toHaveLength(1);
});
