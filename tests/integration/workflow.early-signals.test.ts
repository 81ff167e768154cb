import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LivestreamStatus } from '../../domain/contracts/livestream.ts';
import type { BroadcastActivities, BroadcastCarried } from '../../domain/contracts/stream.ts';
import { broadcastWorkflowId, livestreamWorkflowId } from '../../domain/names.ts';
import { publishAnnouncedSignal } from '../../workflows/broadcast.messages.ts';
import { openedSignal, statusQuery } from '../../workflows/livestream-session.messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { createStreamWorld, seedStream, type StreamWorld } from '../helpers/streams.ts';

/** A signal that came before the first step of a run, as by signalWithStart or right after continue-as-new, is handled while the workflow sets its handlers. */
jest.setTimeout(120_000);
let world: StreamWorld;
beforeAll(async () => {
  world = await createStreamWorld();
});
afterAll(() => world.close());

test('A broadcast that was announced before its first step has the stream fetched, and goes on', async () => {
  const [fresh, continued] = [await seedStream(world.db, world.owner), await seedStream(world.db, world.owner)];
  const carried: BroadcastCarried = { status: 'waiting', code: null, reason: null, session: null, epoch: 0, key_version: 1, started_at_ms: null, deadline_ms: null, sessions: 0, announcements: [] };
  for (const [stream, over] of [[fresh, {}], [continued, { carried }]] as const) {
    await world.temporal.client.workflow.signalWithStart('broadcast', {
      taskQueue: world.queue,
      workflowId: broadcastWorkflowId(stream.id),
      args: [world.inputOf(stream, over)],
      signal: publishAnnouncedSignal,
      signalArgs: [{ announcement_id: 'early', at_ms: Date.now(), request_id: 'request-1' }],
    });
  }

  const pulled: Parameters<BroadcastActivities['pullStream']>[0][] = [];
  await world.work({
    pullStream: (input: (typeof pulled)[number]) => {
      pulled.push(input);
      return Promise.resolve();
    },
  });
  const host = await world.host();
  await host.work();
  for (const stream of [fresh, continued]) {
    await eventually(() => pulled.some(({ stream_id }) => stream_id === stream.id));
    expect(pulled.filter(({ stream_id }) => stream_id === stream.id)).toEqual([{ stream_id: stream.id, announcement_id: 'early', request_id: 'request-1' }]);
    await host.publish(stream);
    await eventually(async () => (await world.row(stream)).status === 'live');
    await world.handle(stream).terminate();
  }
});

test('A session that was told of its LIVE before its first step is live', async () => {
  const taskQueue = `${world.queue}-sessions`;
  const livestream_id = randomUUID();
  const handle = await world.temporal.client.workflow.signalWithStart('livestreamSession', {
    taskQueue,
    workflowId: livestreamWorkflowId(livestream_id),
    args: [{ livestream_id, workspace_id: randomUUID(), wait_for_live: true }],
    signal: openedSignal,
    signalArgs: [],
  });
  let stop = (): void => undefined;
  const listening = new Promise<void>((resolve) => (stop = resolve));
  const told: LivestreamStatus[] = [];
  await world.temporal.runWorker({
    taskQueue,
    activities: {
      consumeLivestream: () => listening,
      setLivestreamStatus: (_: string, { status }: { status: LivestreamStatus }) => Promise.resolve(void told.push(status)),
    },
  });
  await eventually(async () => (await handle.query(statusQuery)).status === 'live');
  await handle.terminate();
  stop();
  expect(told).toEqual([]);
});
