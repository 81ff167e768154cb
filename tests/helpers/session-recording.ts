import { createLivestreamActivities } from '../../activities/live/livestream.activities.ts';
import { RunningConsumers } from '../../activities/live/running-consumers.ts';
import { consumeOnce } from '../../activities/live/session.ts';
import { livestreamWorkflowId } from '../../domain/names.ts';
import { createSandbox } from '../../sandbox/server.ts';
import { controlOf } from './api-client.ts';
import { createTestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { sessionHarness } from './live-session.ts';
import { recordHistory } from './record-history.ts';
import { seedLivestream, seedWorkspace } from './seed.ts';
import { testTemporal } from './temporal.ts';

/** A session that waits for its LIVE, goes live, is cut, comes back, and is ended by a person. @returns the file */
export async function recordSession(): Promise<string> {
  const [database, sandbox, temporal] = await Promise.all([createTestDatabase(), createSandbox({}), testTemporal()]);
  const control = controlOf(sandbox.url);
  const harness = sessionHarness(database, sandbox.url, {
    onOpened: (id) => void temporal.client.workflow.getHandle(livestreamWorkflowId(id)).signal('opened'),
  });
  const consumers = new RunningConsumers((input, onProgress, signal) => consumeOnce(harness.deps, input, onProgress, signal));
  await temporal.runWorker({ activities: createLivestreamActivities({ db: database.db, consumers }), maxHeartbeatThrottleInterval: '1s', defaultHeartbeatThrottleInterval: '1s' });
  const { workspace_id } = await seedWorkspace(database.db);
  await control.post('/rooms', { name: 'recorded', history: 0, starts: 'offline' });
  const livestream_id = await seedLivestream(database.db, workspace_id, { tiktok_input: '@recorded', tiktok_username: 'recorded' });
  const reaches = (status: string) =>
    eventually(async () => (await database.db.selectFrom('livestreams').select('status').where('id', '=', livestream_id).executeTakeFirstOrThrow()).status === status);
  const handle = await temporal.client.workflow.start('livestreamSession', {
    taskQueue: temporal.taskQueue,
    workflowId: livestreamWorkflowId(livestream_id),
    args: [{ livestream_id, workspace_id, wait_for_live: true, timings: { wait_initial_ms: 200, wait_max_ms: 200, reconnect_initial_ms: 200 } }],
  });
  try {
    await reaches('waiting');
    await control.post('/rooms/recorded/online');
    await reaches('live');
    await control.post('/rooms/recorded/drop');
    await reaches('reconnecting');
    await reaches('live');
    await handle.signal('disconnect');
    await handle.result();
    return await recordHistory(temporal.client, 'livestream-session', handle.workflowId);
  } finally {
    await temporal.close();
    await consumers.close();
    await harness.close();
    await sandbox.close();
    await database.drop();
  }
}
