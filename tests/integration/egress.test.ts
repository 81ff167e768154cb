import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { thumbnailKey } from '../../domain/contracts/recording.ts';
import { decode } from '../helpers/decoded.ts';
import { bytesOf, filesIn, openEgressWorld, settled, type EgressWorld } from '../helpers/egress-world.ts';
import { eventually } from '../helpers/eventually.ts';

let world: EgressWorld;
beforeAll(async () => {
  world = await openEgressWorld({ windowSegments: 3 });
}, 60_000);
afterAll(() => world.close(), 60_000);

const closed = async (stream: { id: string }): Promise<number> => (await world.segments(stream)).filter(({ state }) => state !== 'open').length;

describe('The recording of a session', () => {
  test('is segments of 2 s that are in storage with what the ledger says of them, and decode as one video', async () => {
    const stream = await world.stream();
    const { stop } = await world.publish(stream);
    await eventually(async () => (await closed(stream)) >= 4, { timeoutMs: 60_000 });
    await stop();
    const segments = await settled(world, stream, 4);
    const [run, ...others] = await world.runs(stream);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ number: 1, init_state: 'stored', codecs: expect.stringMatching(/^avc1\.42[0-9a-f]{4},mp4a\.40\.2$/) });
    await eventually(async () => (await world.runs(stream))[0]!.end_reason === 'closed');
    expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, index) => index + 1));
    for (const { sequence, sha256, size_bytes, duration_ms } of segments.slice(0, -1)) {
      const bytes = await bytesOf(world.storage, `streams/${stream.id}/${run!.id}/${sequence}.m4s`);
      expect({ sequence, sha256, size_bytes }).toEqual({ sequence, sha256: createHash('sha256').update(bytes).digest('hex'), size_bytes: bytes.length });
      expect(Math.abs(duration_ms - 2_000)).toBeLessThan(150);
    }
    // Wall clock and durations agree: no segment is missing between two of them.
    for (const [index, { started_at }] of segments.entries()) {
      if (index > 0) expect(Math.abs(started_at.getTime() - segments[index - 1]!.started_at.getTime() - segments[index - 1]!.duration_ms)).toBeLessThan(100);
    }
    const [whole] = await world.joined(stream);
    const { faults, duration_s, streams } = await decode(whole!);
    expect(faults).toBe('');
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    expect(Math.abs(duration_s * 1_000 - segments.reduce((sum, { duration_ms }) => sum + duration_ms, 0))).toBeLessThan(300);
  }, 120_000);

  test('leaves files on the host only for as long as players see them', async () => {
    const stream = await world.stream();
    const { stop } = await world.publish(stream);
    await eventually(async () => (await closed(stream)) >= 6, { timeoutMs: 60_000 });
    // The window, the open one, and one whose upload is under way.
    await eventually(async () => (await filesIn(world.folder)).filter((path) => path.includes(stream.id) && path.endsWith('.m4s')).length <= 5);
    await stop();
  }, 120_000);

  test('has a thumbnail of the first segment', async () => {
    const stream = await world.stream({ record: false });
    const { stop } = await world.publish(stream);
    const taken = await eventually(
      async () => (await world.ingest.database.db.selectFrom('streams').select('thumbnail_taken_at').where('id', '=', stream.id).executeTakeFirstOrThrow()).thumbnail_taken_at,
      { timeoutMs: 60_000 },
    );
    expect(Math.abs(Date.now() - taken.getTime())).toBeLessThan(30_000);
    const picture = await bytesOf(world.storage, thumbnailKey(stream.id));
    expect([...picture.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    const { streams } = await decode(picture);
    expect(streams[0]).toMatchObject({ codec_name: 'mjpeg', width: 640, height: 360 });
    await stop();
  }, 120_000);

  test('that is not wanted leaves no line in the ledger and no file behind the window', async () => {
    const stream = await world.stream({ record: false });
    const { stop } = await world.publish(stream);
    const window = await eventually(() => world.egress.windows.find(stream.id)?.window, { timeoutMs: 30_000 });
    const first = await eventually(() => window.segments[0]?.sequence, { timeoutMs: 60_000 });
    expect((await filesIn(world.folder)).some((path) => path.endsWith(`/${first}.m4s`) && path.includes(stream.id))).toBe(true);
    await eventually(() => window.segments[0]!.sequence > first, { timeoutMs: 60_000 });
    await eventually(async () => !(await filesIn(world.folder)).some((path) => path.endsWith(`/${first}.m4s`) && path.includes(stream.id)));
    expect(await world.segments(stream)).toEqual([]);
    expect(await world.runs(stream)).toEqual([]);
    await stop();
  }, 120_000);

  test('takes sound alone, and video alone', async () => {
    for (const [source, codecs] of [
      [{ video: false }, ['aac']],
      [{ audio: false }, ['h264']],
    ] as const) {
      const stream = await world.stream();
      const { stop } = await world.publish(stream, source);
      await eventually(async () => (await closed(stream)) >= 2, { timeoutMs: 60_000 });
      await stop();
      await settled(world, stream, 2);
      const { faults, streams } = await decode((await world.joined(stream))[0]!);
      expect(faults).toBe('');
      expect(streams.map(({ codec_name }) => codec_name)).toEqual(codecs);
    }
  }, 180_000);

  test('takes VP8 as H.264, with keyframes for segments of 2 s though the encoder sends few', async () => {
    const stream = await world.stream();
    const { stop } = await world.publish(stream, { video: { codec: 'VP8', keyframeSeconds: 5, width: 320, height: 180 } });
    await eventually(async () => (await closed(stream)) >= 3, { timeoutMs: 60_000 });
    await stop();
    const segments = await settled(world, stream, 3);
    expect(Math.abs(segments[1]!.duration_ms - 2_000)).toBeLessThan(200);
    const { faults, streams } = await decode((await world.joined(stream))[0]!);
    expect(faults).toBe('');
    expect(streams[0]).toMatchObject({ codec_name: 'h264', width: 320, height: 180 });
  }, 120_000);

  test('of an encoder that sends keyframes once in a blue moon is cut at 4 s', async () => {
    const stream = await world.stream();
    const { stop } = await world.publish(stream, { video: { keyframeSeconds: 8 } });
    const window = await eventually(() => world.egress.windows.find(stream.id)?.window, { timeoutMs: 30_000 });
    await eventually(() => window.segments.length >= 2, { timeoutMs: 60_000 });
    expect(window.segments.map(({ duration_ms }) => Math.round(duration_ms / 1_000))).toEqual([4, 4]);
    await stop();
    await settled(world, stream, 2);
    expect((await decode((await world.joined(stream))[0]!)).faults).toBe('');
  }, 120_000);
});
