import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../db/ids.ts';
import { recordingVodId } from '../../db/stream-broadcast.repository.ts';
import { findVod, type VodRow } from '../../db/vod.repository.ts';
import { segmentKey } from '../../domain/contracts/recording.ts';
import { ingestVodWorkflowId } from '../../domain/names.ts';
import { isFaststart } from '../../media/vod/inspect.ts';
import { eventually } from '../helpers/eventually.ts';
import { decodeFaults, fragmented, pictureSizes, put, seedRecording, seedStream, sha256 } from '../helpers/recordings.ts';
import { createVodWorld, type VodWorld } from '../helpers/vod-world.ts';

jest.setTimeout(180_000);

const T0 = Date.parse('2026-03-14T18:00:00.000Z');
let world: VodWorld;
let small: Awaited<ReturnType<typeof fragmented>>;
let large: Awaited<ReturnType<typeof fragmented>>;
beforeAll(async () => {
  world = await createVodWorld();
  await world.worker();
  [small, large] = await Promise.all([fragmented({ seconds: 3 }), fragmented({ seconds: 2, size: '640x360' })]);
});
afterAll(() => world.close());

const fileOf = async ({ storage_key }: VodRow): Promise<string> => (await world.storage.localPath(storage_key!)).path;
const ingest = (stream_id: string, over: object = {}) => world.ingest({ vod_id: newId(), source: 'recording', stream_id, ...over });
const newStream = () => seedStream(world.database.db, world.owner);
const seed = (stream_id: string, runs: Parameters<typeof seedRecording>[3]) => seedRecording(world.database.db, world.storage, stream_id, runs);

describe('The recording of a stream', () => {
  test('of one run becomes one video that plays while it loads', async () => {
    const stream = await newStream();
    await seed(stream, [{ ...small, started_at: new Date(T0) }]);
    const vod = await ingest(stream);
    expect(vod).toMatchObject({ status: 'ready', status_reason: null, title: 'Friday live', stream_id: stream, segments_total: 3, segments_lost: 0, gaps: [], width: 320, height: 240, content_type: 'video/mp4' });
    expect(Math.abs(vod.duration_ms! - 3_000)).toBeLessThan(200);
    expect(vod.stretches).toEqual([{ at_ms: 0, duration_ms: expect.any(Number), from: new Date(T0).toISOString() }]);
    expect(vod.recorded_from).toEqual(new Date(T0));
    expect(await isFaststart(await fileOf(vod))).toBe(true);
    expect(await decodeFaults(await fileOf(vod))).toBe('');
    expect((await world.storage.stat(vod.poster_key!))?.size_bytes).toBeGreaterThan(500);
    expect(await world.leftovers()).toEqual([]);
  });

  test('over a drop of the encoder is copied, without a hole in its times, and the gap is marked', async () => {
    const stream = await newStream();
    await seed(stream, [{ ...small, started_at: new Date(T0) }, { ...small, started_at: new Date(T0 + 13_000) }]);
    const vod = await ingest(stream);
    expect(vod.status).toBe('ready');
    expect(Math.abs(vod.duration_ms! - 6_000)).toBeLessThan(300);
    expect(vod.gaps).toEqual([{ at_ms: vod.stretches[1]!.at_ms, from: expect.any(String), to: new Date(T0 + 13_000).toISOString(), reason: expect.stringContaining('encoder was away') }]);
    expect(await decodeFaults(await fileOf(vod))).toBe('');
  });

  test('of three runs with another size, a lost segment and a wrong one is joined from the rest, which is said', async () => {
    const stream = await newStream();
    const runs = await seed(stream, [
      { ...small, started_at: new Date(T0), states: { 1: { state: 'lost', reason: 'The disk was full.' } } },
      { ...large, started_at: new Date(T0 + 10_000) },
      { ...small, started_at: new Date(T0 + 20_000) },
    ]);
    // Sequence 7 is the second of the third run.
    await put(world.storage, segmentKey(stream, runs[2]!, 7), Buffer.from(small.segments[1]!).fill(0, 200, 260));
    const vod = await ingest(stream);
    expect(vod).toMatchObject({ status: 'incomplete', status_code: 'segments_lost', segments_total: 8, segments_lost: 2, width: 320, height: 240 });
    expect(vod.status_reason).toContain('2 of 8 segments are missing');
    expect(vod.status_reason).toContain('The disk was full.');
    expect(vod.status_reason).toContain('not those that were recorded');
    // Two, two and two seconds, in five pieces.
    expect(Math.abs(vod.duration_ms! - 6_000)).toBeLessThan(700);
    expect(vod.stretches.map(({ from }) => Date.parse(from) - T0)).toEqual([0, 2_000, 10_000, 20_000, 22_000]);
    expect(vod.gaps.map(({ from }) => Math.round((Date.parse(from) - T0) / 1_000))).toEqual([1, 3, 12, 21]);
    expect(await isFaststart(await fileOf(vod))).toBe(true);
    expect(await decodeFaults(await fileOf(vod))).toBe('');
    expect(await pictureSizes(await fileOf(vod))).toEqual(['320,240']);
    const spoilt = await world.database.db.selectFrom('recording_segments').select(['state', 'reason']).where('stream_id', '=', stream).where('sequence', '=', 7).executeTakeFirstOrThrow();
    expect(spoilt).toMatchObject({ state: 'lost' });
  });

  test('without sound in one of its runs has silence there', async () => {
    const stream = await newStream();
    const mute = await fragmented({ seconds: 2, hasAudio: false });
    await seed(stream, [{ ...small, started_at: new Date(T0) }, { ...mute, started_at: new Date(T0 + 3_000) }]);
    const vod = await ingest(stream);
    expect(vod.status).toBe('ready');
    expect(Math.abs(vod.duration_ms! - 5_000)).toBeLessThan(500);
    expect(await decodeFaults(await fileOf(vod))).toBe('');
  });

  test('of which nothing is left fails, and says so', async () => {
    const nothing = await newStream();
    expect(await ingest(nothing)).toMatchObject({ status: 'failed', status_code: 'recording_empty' });
    const lost = await newStream();
    await seed(lost, [{ ...small, started_at: new Date(T0), states: { 0: { state: 'lost' }, 1: { state: 'lost' }, 2: { state: 'lost' } } }]);
    expect(await ingest(lost)).toMatchObject({ status: 'failed', status_code: 'recording_empty', status_reason: expect.stringContaining('all 3') });
  });

  test('waits for segments that are still on their way', async () => {
    const stream = await newStream();
    const [run] = await seed(stream, [{ ...small, started_at: new Date(T0), states: { 2: { state: 'closed' } } }]);
    const vod_id = newId();
    const made = world.ingest({ vod_id, source: 'recording', stream_id: stream });
    await eventually(async () => (await findVod(world.database.db, vod_id))?.status === 'processing');
    await put(world.storage, segmentKey(stream, run!, 3), small.segments[2]!);
    await world.database.db.updateTable('recording_segments').set({ state: 'stored' }).where('stream_id', '=', stream).where('sequence', '=', 3).execute();
    expect(await made).toMatchObject({ status: 'ready', segments_total: 3, segments_lost: 0 });
  });

  test('waits for what a run without an end may still bring, though all that is written down is stored', async () => {
    const { db } = world.database;
    const stream = await newStream();
    const [run] = await seed(stream, [{ ...small, started_at: new Date(T0), states: { 2: { state: 'open' } } }]);
    // The host has the third on its disk, and its rows follow when PostgreSQL takes them.
    await db.deleteFrom('recording_segments').where('stream_id', '=', stream).where('sequence', '=', 3).execute();
    await db.updateTable('recording_runs').set({ ended_at: null, end_reason: null }).where('id', '=', run!).execute();
    expect(await recordingVodId(db, stream)).not.toBeNull();
    const vod_id = newId();
    const made = world.ingest({ vod_id, source: 'recording', stream_id: stream });
    const { workflow } = world.temporal.client;
    // It has looked, slept and looked again.
    await eventually(async () => (await workflow.getHandle(ingestVodWorkflowId(vod_id)).describe()).historyLength > 25);
    await put(world.storage, segmentKey(stream, run!, 3), small.segments[2]!);
    await db.insertInto('recording_segments').values({ stream_id: stream, sequence: 3, run_id: run!, state: 'stored', started_at: new Date(T0 + 2_000), duration_ms: 1_000, size_bytes: small.segments[2]!.length, sha256: sha256(small.segments[2]!) }).execute();
    await db.updateTable('recording_runs').set({ ended_at: new Date(), end_reason: 'closed' }).where('id', '=', run!).execute();
    expect(await made).toMatchObject({ status: 'ready', segments_total: 3, segments_lost: 0 });
  });

  test('is made where nothing but a run without an end is written down yet, and is not where that ended with nothing', async () => {
    const { db } = world.database;
    const stream = await newStream();
    const [run] = await seed(stream, [{ ...small, segments: [], started_at: new Date(T0) }]);
    expect(await recordingVodId(db, stream)).toBeNull();
    await db.updateTable('recording_runs').set({ ended_at: null }).where('id', '=', run!).execute();
    expect(await recordingVodId(db, stream)).not.toBeNull();
  });

  test('does not wait for ever: what no host brings in is lost, and says so', async () => {
    const stream = await newStream();
    await seed(stream, [{ ...small, started_at: new Date(T0), states: { 2: { state: 'open' } } }]);
    const vod = await ingest(stream, { timings: { settle_poll_ms: 20, settle_max_ms: 300, heartbeat_timeout_ms: 10_000 } });
    expect(vod).toMatchObject({ status: 'incomplete', segments_total: 3, segments_lost: 1, status_reason: expect.stringContaining('media host did not bring it in') });
    expect(Math.abs(vod.duration_ms! - 2_000)).toBeLessThan(200);
  });

  test('is one video, whoever asks for it again', async () => {
    const stream = await newStream();
    await seed(stream, [{ ...small, started_at: new Date(T0) }]);
    const first = await ingest(stream);
    await world.temporal.client.workflow.execute('ingestVod', {
      taskQueue: world.temporal.taskQueue,
      workflowId: ingestVodWorkflowId(newId()),
      args: [{ vod_id: newId(), workspace_id: world.owner.workspace_id, source: 'recording', stream_id: stream, request_id: null }],
    });
    const rows = await world.database.db.selectFrom('vods').select(['id', 'sha256']).where('stream_id', '=', stream).execute();
    expect(rows).toEqual([{ id: first.id, sha256: first.sha256 }]);
  });
});

describe('A worker', () => {
  test('without ffmpeg says so in the row', async () => {
    const other = await createVodWorld();
    try {
      await other.worker({ ffmpeg: '/nowhere/ffmpeg' });
      const stream = await seedStream(other.database.db, other.owner);
      await seedRecording(other.database.db, other.storage, stream, [{ ...small, started_at: new Date(T0) }]);
      expect(await other.ingest({ vod_id: newId(), source: 'recording', stream_id: stream })).toMatchObject({ status: 'failed', status_code: 'feature_off', status_reason: expect.stringContaining('ffmpeg is not installed') });
      expect(await other.leftovers()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test('that dies in the middle of joining is followed by one that makes the same video', async () => {
    const other = await createVodWorld();
    try {
      const stream = await seedStream(other.database.db, other.owner);
      await seedRecording(other.database.db, other.storage, stream, [{ ...small, started_at: new Date(T0) }]);
      // An ffmpeg that never ends: the work is under way when the worker stops.
      const stuck = join(other.folder, 'stuck');
      await writeFile(stuck, `#!/bin/sh\ntouch ${stuck}.began\nexec sleep 600\n`);
      await chmod(stuck, 0o755);
      const dying = await other.worker({ ffmpeg: stuck });
      const vod_id = newId();
      const made = other.ingest({ vod_id, source: 'recording', stream_id: stream, timings: { settle_poll_ms: 20, settle_max_ms: 5_000, heartbeat_timeout_ms: 3_000 } });
      await eventually(async () => (await other.leftovers()).length === 1);
      await dying.stop();
      await other.worker();
      expect(await made).toMatchObject({ status: 'ready', segments_lost: 0 });
      expect(await other.leftovers()).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
