import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decode } from '../helpers/decoded.ts';
import { eventually } from '../helpers/eventually.ts';
import { StreamProduct } from '../helpers/stream-product.ts';

/** kill -9 in the middle of a recording: what was written is kept, the encoder comes back, one video comes of it. */
let world: StreamProduct;

beforeAll(async () => {
  world = await StreamProduct.start({ STREAM_GRACE_S: '120', STREAM_SILENT_S: '10' });
}, 180_000);
afterAll(() => world.close(), 60_000);

/** Of a stream's segments on the host's disk: `<sequence>.m4s`, or with more before the end while it has no row. */
async function segmentFiles(streamId: string): Promise<{ sequence: number; size: number }[]> {
  const folder = join(world.dataDir, 'streams', streamId);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.m4s'));
  return Promise.all(names.map(async (name) => ({ sequence: Number.parseInt(basename(name), 10), size: (await stat(join(folder, name))).size })));
}
const hasBytesAfter = (files: { sequence: number; size: number }[], recorded: number): boolean => files.some(({ sequence, size }) => sequence > recorded && size > 0);

test('the media process killed in the middle of a recording loses at most two seconds, and the video plays', async () => {
  const stream = await world.make();
  const first = await world.encoder(stream);
  await world.reaches(stream, 'live');
  await world.recorded(stream, 3);
  // In the middle of a segment, not in the moment between two, in which the next one has nothing yet that could be kept.
  await eventually(async () => hasBytesAfter(await segmentFiles(stream.id), await world.recorded(stream, 3)), { intervalMs: 5 });
  const killedAt = Date.now();
  await world.product.kill('media');
  await first.stop();
  await world.product.spawn('media');
  const second = await world.encoder(stream);
  const back = await world.reaches(stream, 'live');
  expect(back.end_time).toBeNull();
  await world.recorded(stream, 6);
  await world.end(stream);
  await world.reaches(stream, 'ended');
  await second.stop();

  const vod = await world.vod(stream);
  expect(vod).toMatchObject({ status: 'ready', segments_lost: 0 });
  expect(vod.gaps).toHaveLength(1);
  // What the encoder had sent until the kill, and the video has not.
  expect(killedAt - Date.parse(vod.gaps[0]!.from)).toBeLessThan(2_500);
  expect(await decode(await world.download(vod))).toMatchObject({ faults: '', faststart: true });
}, 300_000);

test('a mediasoup worker that is killed is replaced, and an RTMP broadcast goes on', async () => {
  const stream = await world.make();
  const encoder = await world.encoder(stream);
  await world.reaches(stream, 'live');
  const before = await world.recorded(stream, 2);
  const worker = await childOf(world.product.pid('media'), 'mediasoup-worker');
  process.kill(worker, 'SIGKILL');
  await world.recorded(stream, before + 3);
  expect((await world.show(stream)).status).toBe('live');
  await world.end(stream);
  await encoder.stop();
  const vod = await world.vod(stream);
  expect(vod.status).toBe('ready');
  expect((await decode(await world.download(vod))).faults).toBe('');
}, 240_000);

test('every ffmpeg that is killed while live is replaced, and the recording goes on', async () => {
  const stream = await world.make();
  const encoder = await world.encoder(stream);
  await world.reaches(stream, 'live');
  const before = await world.recorded(stream, 2);
  for (const pid of await childrenOf(world.product.pid('media'), 'ffmpeg')) process.kill(pid, 'SIGKILL');
  await world.recorded(stream, before + 3);
  await world.end(stream);
  await encoder.stop();
  expect((await world.vod(stream)).status).toBe('ready');
}, 240_000);

async function childrenOf(parent: number, name: string): Promise<number[]> {
  const stats = await Promise.all(
    (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
  );
  return stats.flatMap((stat) => {
    const [, pid, command, ppid] = /^(\d+) \((.*)\) \S (\d+)/.exec(stat) ?? [];
    // The kernel keeps 15 characters of a name.
    return Number(ppid) === parent && command === name.slice(0, 15) ? [Number(pid)] : [];
  });
}

const childOf = (parent: number, name: string): Promise<number> => eventually(async () => (await childrenOf(parent, name))[0]);
