import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import type { BroadcastActivities } from '../../domain/contracts/stream.ts';
import { ingestVodWorkflowId } from '../../domain/names.ts';
import { endBroadcastSignal, keyRotatedSignal, publishAnnouncedSignal, sessionStartedSignal } from '../../workflows/broadcast.messages.ts';
import { createStreamWorld, seedStream, type CountedStage, type SeededStream, type StreamWorld } from '../helpers/streams.ts';
import { eventually } from '../helpers/eventually.ts';

jest.setTimeout(180_000);
const GRACE_MS = 4_000;
let world: StreamWorld;
const pulled: Parameters<BroadcastActivities['pullStream']>[0][] = [];
beforeAll(async () => {
  world = await createStreamWorld({ grace_ms: GRACE_MS, heartbeat_timeout_ms: 5_000 });
  await world.work({
    pullStream: (input: (typeof pulled)[number]) => {
      pulled.push(input);
      return Promise.resolve();
    },
    // The child's own work is another test's.
    openRecordingVod: ({ vod_id }: { vod_id: string }) => Promise.resolve(vod_id),
    readLedger: () => Promise.resolve({ unsettled: 1, total: 1, lost: 0 }),
  });
});
afterAll(() => world.close());

const made: SeededStream[] = [];
afterEach(async () => {
  for (const { id } of made.splice(0)) {
    const handle = world.handle({ id } as SeededStream);
    await handle.terminate().catch(() => undefined);
  }
});
async function stream(over = {}): Promise<SeededStream> {
  const seeded = await seedStream(world.db, world.owner, over);
  made.push(seeded);
  return seeded;
}
const reaches = (which: SeededStream, status: string) =>
  eventually(
    async () => {
      const row = await world.row(which);
      if (row.status !== status) throw new Error(`${row.status}: ${row.status_reason}`);
      return row;
    },
    { timeoutMs: 60_000 },
  );
const end = (which: SeededStream) => world.handle(which).signal(endBroadcastSignal, { user_id: which.user_id, request_id: null });
const segmentOf = async (which: SeededStream, sessionId: string): Promise<void> => {
  const run_id = newId();
  await world.db
    .insertInto('recording_runs')
    .values({ id: run_id, stream_id: which.id, session_id: sessionId, host_id: 'host', number: 1, started_at: new Date(), init_state: 'open' })
    .execute();
  await world.db.insertInto('recording_segments').values({ stream_id: which.id, sequence: 1, run_id, state: 'open', started_at: new Date(), size_bytes: 0 }).execute();
};

describe('A broadcast', () => {
  test('lives from its first encoder over a drop to the end that a person asks for, and its recording is made into a video', async () => {
    const host = await world.host();
    await host.work();
    const show = await stream({ title: 'Friday' });
    await world.starter.start(world.inputOf(show, { request_id: 'request-1' }));
    await eventually(async () => (await world.view(show)).status === 'waiting');
    const first = await host.publish(show);
    const live = await reaches(show, 'live');
    expect(live).toMatchObject({ end_time: null, status_reason: null, media_host_id: host.id });
    expect(await world.view(show)).toMatchObject({ status: 'live', session_id: first.id, sessions: 1, deadline_ms: null });
    await segmentOf(show, first.id);

    first.end('connection_lost', 'ICE failed');
    const cut = await reaches(show, 'reconnecting');
    expect(cut).toMatchObject({ status_code: 'encoder_gone', status_reason: 'The encoder’s connection broke. (ICE failed)' });
    const second = await host.publish(show);
    expect((await reaches(show, 'live')).start_time).toEqual(live.start_time);
    expect(await world.view(show)).toMatchObject({ session_id: second.id, sessions: 2 });

    await end(show);
    expect((await second.ended).reason).toBe('stream_ended');
    const over = await reaches(show, 'ended');
    expect([over.end_time !== null, over.viewer_count, over.media_host_id]).toEqual([true, 0, null]);
    await world.handle(show).result();
    expect((await world.sessionRows(show)).map(({ end_reason }) => end_reason)).toEqual(['connection_lost', 'stream_ended']);
    expect((await world.notices()).filter((message) => message.includes('Friday'))).toEqual([
      '“Friday” is live.',
      '“Friday” is cut. The encoder’s connection broke. (ICE failed)',
      '“Friday” is live again.',
      '“Friday” has ended.',
    ]);

    const { history } = { history: await world.handle(show).fetchHistory() };
    const child = history.events?.map(({ startChildWorkflowExecutionInitiatedEventAttributes }) => startChildWorkflowExecutionInitiatedEventAttributes).find(Boolean);
    expect(child?.workflowType?.name).toBe('ingestVod');
    const input = JSON.parse(Buffer.from(child!.input!.payloads![0]!.data as Uint8Array).toString()) as { vod_id: string };
    expect(input).toMatchObject({ stream_id: show.id, workspace_id: show.workspace_id, source: 'recording', request_id: 'request-1' });
    expect(child?.workflowId).toBe(ingestVodWorkflowId(input.vod_id));
    await world.temporal.client.workflow.getHandle(child!.workflowId!).terminate().catch(() => undefined);
  });

  test('ends when its encoder does not come back in time, and turns away what comes later', async () => {
    const host = await world.host();
    await host.work();
    const lost = await stream({ record: false });
    (await host.publish(lost)).end('silent');
    await reaches(lost, 'reconnecting');
    expect(await reaches(lost, 'ended')).toMatchObject({ status_code: 'encoder_gone', status_reason: 'The encoder did not come back within 4 s.' });
    await expect(host.publish(lost)).rejects.toMatchObject({ code: 'stream_over' });
    await world.handle(lost).result();
    expect(await world.starter.sessionStarted(world.inputOf(lost), { session_id: newId(), epoch: 9, kind: 'whip', key_version: 1, host_task_queue: host.task_queue, at_ms: 0, request_id: null })).toBe(false);
  });

  test('notices by its heartbeat that a media host is dead, and goes on with the encoder’s next one', async () => {
    const [dying, other] = [await world.host(), await world.host()];
    await dying.work();
    await other.work();
    const show = await stream();
    const first = await dying.publish(show);
    await reaches(show, 'live');
    await eventually(async () => (await world.handle(show).describe()).raw.pendingActivities?.some(({ lastWorkerIdentity }) => lastWorkerIdentity));
    // As after kill -9: nothing is said, nothing is written, no media comes.
    dying.vanish();
    const cut = await reaches(show, 'reconnecting');
    expect(cut).toMatchObject({ status_code: 'media_worker_died', status_reason: 'The media host died.' });
    expect((await world.sessionRows(show))[0]).toMatchObject({ id: first.id, end_reason: 'media_host_died' });
    const second = await other.publish(show);
    await reaches(show, 'live');
    expect(await world.view(show)).toMatchObject({ session_id: second.id, sessions: 2 });
  });

  test('goes on over a host whose Temporal worker is away while media flows', async () => {
    const host = await world.host();
    const show = await stream();
    const session = await host.publish(show);
    await reaches(show, 'live');
    // Nobody polls the host's queue: the table alone tells that it lives.
    await eventually(async () => {
      const { events } = await world.handle(show).fetchHistory();
      return (events ?? []).filter(({ activityTaskTimedOutEventAttributes }) => activityTaskTimedOutEventAttributes).length >= 2;
    }, { timeoutMs: 60_000 });
    expect((await world.row(show)).status).toBe('live');
    await host.work();
    session.end('closed');
    expect(await reaches(show, 'reconnecting')).toMatchObject({ status_reason: 'The encoder stopped publishing.' });
  });

  test('cuts the encoder whose key was rotated, and takes the one with the new key', async () => {
    const host = await world.host();
    await host.work();
    const show = await stream();
    const old = await host.publish(show);
    await reaches(show, 'live');
    await world.db.updateTable('streams').set({ key_version: 2 }).where('id', '=', show.id).execute();
    await world.handle(show).signal(keyRotatedSignal, { key_version: 2 });
    expect((await old.ended).reason).toBe('key_revoked');
    expect(await reaches(show, 'reconnecting')).toMatchObject({ status_code: 'stream_key_unknown' });
    const request = { grant: { ...old.grant, key_version: 2 } };
    const next = await host.publish(show, request);
    await reaches(show, 'live');
    expect((await world.view(show)).session_id).toBe(next.id);
  });

  test('takes no notice of sessions that are older, or heard of again', async () => {
    const host = await world.host();
    await host.work();
    const show = await stream();
    const session = await host.publish(show);
    await reaches(show, 'live');
    const started = { session_id: session.id, epoch: 1, kind: 'whip' as const, key_version: 1, host_task_queue: host.task_queue, at_ms: 0, request_id: null };
    await world.handle(show).signal(sessionStartedSignal, started);
    await world.handle(show).signal(sessionStartedSignal, { ...started, session_id: newId(), epoch: 0 });
    session.end('closed');
    await reaches(show, 'reconnecting');
    expect((await world.view(show)).sessions).toBe(1);
  });

  test('has an announced stream fetched, each announcement once', async () => {
    const show = await stream();
    await world.starter.start(world.inputOf(show));
    for (const announcement_id of ['a', 'a', 'b']) await world.handle(show).signal(publishAnnouncedSignal, { announcement_id, at_ms: Date.now(), request_id: 'r' });
    // A task that reached a worker of the test before, while that one stopped, is given out again after its heartbeat timeout of 30 s.
    await eventually(() => pulled.filter(({ stream_id }) => stream_id === show.id).some(({ announcement_id }) => announcement_id === 'b'), { timeoutMs: 45_000 });
    const ids = pulled.filter(({ stream_id }) => stream_id === show.id).map(({ announcement_id }) => announcement_id);
    expect(ids.filter((id) => id === 'a').length).toBeLessThanOrEqual(1);
    expect(ids.filter((id) => id === 'b')).toHaveLength(1);
  });

  test('that waits is over at once when it is ended, and when nobody ever came', async () => {
    const [ended, unused] = [await stream({ title: 'Never' }), await stream({ title: 'Never' })];
    await world.starter.start(world.inputOf(ended));
    await end(ended);
    await reaches(ended, 'ended');
    await world.starter.start(world.inputOf(unused, { timings: { unused_ms: 500 } }));
    expect(await reaches(unused, 'ended')).toMatchObject({ status_reason: 'Nobody ever published to it.' });
    expect((await world.notices()).filter((message) => message.includes('Never'))).toEqual([]);
  });

  test('waits longer where its time was moved', async () => {
    const moved = await stream();
    await world.starter.start(world.inputOf(moved, { timings: { unused_ms: 8_000 } }));
    const before = (await world.view(moved)).deadline_ms ?? 0;
    await world.db.updateTable('streams').set({ scheduled_for: new Date(Date.now() + 60_000) }).where('id', '=', moved.id).execute();
    await eventually(async () => ((await world.view(moved)).deadline_ms ?? 0) > before + 30_000);
    expect((await world.row(moved)).status).toBe('waiting');
  });

  test('continues as new in the midst of a session, which it carries on', async () => {
    const host = await world.host();
    await host.work();
    const long = await stream();
    await world.starter.start(world.inputOf(long, { timings: { grace_ms: 60_000, max_history: 20 } }));
    const runs = new Set([(await world.handle(long).describe()).runId]);
    for (let times = 0; times < 4; times++) {
      const session = await host.publish(long);
      await reaches(long, 'live');
      runs.add((await world.handle(long).describe()).runId);
      session.end('closed');
      await reaches(long, 'reconnecting');
    }
    const last = await host.publish(long);
    await reaches(long, 'live');
    runs.add((await world.handle(long).describe()).runId);
    expect(runs.size).toBeGreaterThan(1);
    expect(await world.view(long)).toMatchObject({ sessions: 5, session_id: last.id });
  });

  test('continues as new also where nothing comes but the looks whether its host lives', async () => {
    const host = await world.host();
    const quiet = await stream();
    await world.starter.start(world.inputOf(quiet, { timings: { grace_ms: 60_000, heartbeat_timeout_ms: 500, max_history: 40 } }));
    const session = await host.publish(quiet);
    await reaches(quiet, 'live');
    const { runId } = await world.handle(quiet).describe();
    // Nobody polls the host's queue, so that each look takes a few events of the history; media flows, so that nobody is told of any.
    await eventually(async () => (await world.handle(quiet).describe()).runId !== runId, { timeoutMs: 30_000 });
    expect(await world.view(quiet)).toMatchObject({ status: 'live', sessions: 1, session_id: session.id });
    await host.work();
    session.end('closed');
    await reaches(quiet, 'reconnecting');
  });

  test('that was lost is begun again by the sweep where the tables say that it stands', async () => {
    const host = await world.host();
    await host.work();
    const lost = await stream();
    const session = await host.publish(lost);
    await reaches(lost, 'live');
    await world.handle(lost).terminate();
    await world.temporal.client.workflow.execute('sweepBroadcasts', { taskQueue: world.queue, workflowId: newId() });
    await eventually(async () => (await world.view(lost)).session_id === session.id);
    session.end('closed');
    await reaches(lost, 'reconnecting');
  });

  test('is found by its search attributes', async () => {
    const show = await stream();
    await world.starter.start(world.inputOf(show));
    await eventually(async () => {
      const { searchAttributes } = await world.handle(show).describe();
      return searchAttributes.StreamStatus?.[0] === 'waiting' && searchAttributes.StreamId?.[0] === show.id && searchAttributes.WorkspaceId?.[0] === show.workspace_id;
    });
  });
});

describe('Viewers', () => {
  test('are counted with a peak and samples, without those of a host that the stream has left', async () => {
    const [one, other] = [await world.host(), await world.host()];
    const watched = await stream({ record: false });
    const session = await one.publish(watched);
    await one.work();
    await reaches(watched, 'live');
    (session.stage as CountedStage).watching = 7;
    await one.register.start();
    expect(await world.row(watched)).toMatchObject({ viewer_count: 7, peak_viewers: 7 });
    await world.db.insertInto('stream_host_viewers').values({ stream_id: watched.id, host_id: other.id, viewers: 5 }).execute();
    one.audiences.add(() => 3);
    await eventually(async () => (await world.row(watched)).viewer_count === 10);
    expect(await world.row(watched)).toMatchObject({ peak_viewers: 10 });
    expect(await world.db.selectFrom('stream_viewer_samples').select('viewers').where('stream_id', '=', watched.id).execute()).toEqual([{ viewers: 7 }]);
    expect(await world.db.selectFrom('media_hosts').select(['sessions', 'viewers']).where('id', '=', one.id).executeTakeFirst()).toEqual({ sessions: 1, viewers: 10 });
    await one.register.stop();
    await end(watched);
    expect(await reaches(watched, 'ended')).toMatchObject({ viewer_count: 0, peak_viewers: 10 });
  });
});
