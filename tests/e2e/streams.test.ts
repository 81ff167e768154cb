import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { joinChat } from '../../scripts/demo/demo-chat.ts';
import { publishTestPicture } from '../../scripts/demo/test-picture.ts';
import { ApiClient } from '../helpers/api-client.ts';
import { decode } from '../helpers/decoded.ts';
import { eventually } from '../helpers/eventually.ts';
import { StreamProduct } from '../helpers/stream-product.ts';

const run = promisify(execFile);

/** A stream of our own from its making to its video: API and media host as processes, a real encoder, real players. */
let world: StreamProduct;

beforeAll(async () => {
  world = await StreamProduct.start({ STREAM_GRACE_S: '30', STREAM_SILENT_S: '10' });
}, 180_000);
afterAll(() => world.close(), 60_000);

/** Reads an HLS playlist for some seconds as a player does. @returns frames decoded */
async function watchHls(url: string): Promise<number> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-read_intervals', '%+4', '-count_frames', '-select_streams', 'v', '-of', 'csv=p=0', '-show_entries', 'stream=nb_read_frames', url], { timeout: 60_000 });
  return Number.parseInt(stdout, 10);
}

test('an encoder that drops and comes back makes one stream, one recording and one video with its chat', async () => {
  const stream = await world.make({ title: 'Two acts' });
  expect(stream.status).toBe('waiting');
  const first = await world.encoder(stream);
  const live = await world.reaches(stream, 'live');
  expect(live.start_time).not.toBeNull();
  await world.recorded(stream, 2);
  expect(await watchHls(stream.urls.hls)).toBeGreaterThan(30);

  const viewer = await ApiClient.register(world.product.apiUrl);
  const heard: string[] = [];
  const chat = await joinChat(world.product.apiUrl, world.api.token, stream.id, ({ message }) => void heard.push(message));
  const other = await joinChat(world.product.apiUrl, viewer.token, stream.id, () => undefined);
  await other.say('before the drop');

  await first.stop();
  const gone = await world.reaches(stream, 'reconnecting');
  expect(gone.end_time).toBeNull();
  await other.say('in the drop');
  const before = await world.segments(stream);
  const second = await world.encoder(stream);
  await world.reaches(stream, 'live');
  await other.say('after the drop');
  await world.recorded(stream, before + 2);
  await eventually(() => heard.length === 3);
  chat.close();
  other.close();

  await world.end(stream);
  await world.reaches(stream, 'ended');
  await second.stop();
  const vod = await world.vod(stream);
  expect(vod).toMatchObject({ status: 'ready', segments_lost: 0, width: 1280, height: 720 });
  expect(vod.gaps).toHaveLength(1);
  const decoded = await decode(await world.download(vod));
  expect(decoded).toMatchObject({ faults: '', faststart: true });
  expect(Math.abs(decoded.duration_s * 1_000 - vod.duration_ms)).toBeLessThan(1_000);
  const { items } = await world.api.get<{ items: { message: string; at_ms: number }[] }>(`/vod/${vod.id}/chat?from_ms=0`);
  expect(items.map(({ message }) => message)).toEqual(['before the drop', 'in the drop', 'after the drop']);
  expect(items[1]!.at_ms).toBe(vod.gaps[0]!.at_ms);
}, 300_000);

test('a wrong key, and the key of a stream that is over, are turned away', async () => {
  const stream = await world.make();
  await expect(world.encoder({ ...stream, stream_key: 'sk_not_a_key_of_anybody' })).rejects.toThrow(/ffmpeg/);
  expect((await world.show(stream)).status).toBe('waiting');
  await world.end(stream);
  await world.reaches(stream, 'ended');
  await expect(world.encoder(stream)).rejects.toThrow(/ffmpeg/);
}, 120_000);

test('a key that is rotated while live cuts the old encoder, and the new key goes on in the same stream', async () => {
  const stream = await world.make({ record: false });
  const old = await world.encoder(stream);
  await world.reaches(stream, 'live');
  const { stream_key } = await world.api.post<{ stream_key: string }>(`/streams/${stream.id}/rotate-key`);
  await world.reaches(stream, 'reconnecting');
  await old.stop();
  await expect(world.encoder(stream)).rejects.toThrow(/ffmpeg/);
  const next = await world.encoder({ ...stream, stream_key });
  await world.reaches(stream, 'live');
  await next.stop();
  await world.end(stream);
  await world.reaches(stream, 'ended');
}, 180_000);

test('of two encoders with one key the first keeps the stream', async () => {
  const stream = await world.make({ record: false });
  const first = await world.encoder(stream);
  await world.reaches(stream, 'live');
  const second = publishTestPicture(`${stream.urls.rtmp}/${stream.stream_key}`, 'ffmpeg');
  await expect(second.started).rejects.toThrow(/ffmpeg/);
  expect((await world.show(stream)).status).toBe('live');
  await first.stop();
  await world.end(stream);
}, 120_000);
