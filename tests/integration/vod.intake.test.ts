import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { newId } from '../../db/ids.ts';
import { findVod, insertVod, vodReceived, type VodRow } from '../../db/vod.repository.ts';
import { vodKey, vodSourceKey } from '../../domain/contracts/vod.ts';
import { isFaststart } from '../../media/vod/inspect.ts';
import { createDownload } from '../../messaging/outgoing-download.ts';
import { eventually } from '../helpers/eventually.ts';
import { decodeFaults, put, seedStream, sha256, testVideo } from '../helpers/recordings.ts';
import { createVodWorld, type VodWorld } from '../helpers/vod-world.ts';

jest.setTimeout(180_000);

let world: VodWorld;
let mp4: Buffer;
let web: Server;
let base: string;
let asked = 0;
beforeAll(async () => {
  world = await createVodWorld();
  await world.worker();
  mp4 = await testVideo({ seconds: 2 });
  await writeFile(join(world.folder, 'secret.ts'), await testVideo({ seconds: 2 }, 'ts'));
  await writeFile(join(world.folder, 'secret.mp4'), mp4);
  web = createServer((request, response) => {
    asked += 1;
    if (request.url === '/busy.mp4' && asked % 2 === 1) return response.writeHead(503).end();
    if (request.url === '/gone.mp4') return response.writeHead(404).end();
    if (request.url === '/moved.mp4') return response.writeHead(302, { location: '/video.mp4' }).end();
    if (request.url === '/round.mp4') return response.writeHead(302, { location: '/round.mp4' }).end();
    if (request.url === '/endless.mp4') return void response.writeHead(200).write(mp4, () => endless(response));
    if (request.url === '/huge.mp4') return response.writeHead(200, { 'content-length': String(world.deps.maxBytes + 1) }).end();
    return response.writeHead(200, { 'content-length': String(mp4.length) }).end(mp4);
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});
afterAll(async () => {
  web.close();
  web.closeAllConnections();
  await world.close();
});

function endless(response: { write(bytes: Buffer, done: (error?: Error | null) => void): void; destroyed: boolean }): void {
  if (!response.destroyed) response.write(Buffer.alloc(1024 * 1024), (error) => (error ? undefined : endless(response)));
}

const newVod = (over: Partial<Parameters<typeof insertVod>[1]>) => ({ id: newId(), ...world.owner, stream_id: null, title: 'Friday', description: null, visibility: 'public' as const, source: 'upload' as const, source_url: null, recorded_from: null, ...over });

async function upload(bytes: Buffer, over: object = {}): Promise<VodRow> {
  const vod = newVod(over);
  await insertVod(world.database.db, vod);
  const { size_bytes } = await put(world.storage, vodSourceKey(vod.id), bytes);
  await vodReceived(world.database.db, vod.id, { storage_key: vodSourceKey(vod.id), size_bytes, sha256: sha256(bytes) });
  return world.ingest({ vod_id: vod.id, source: 'upload', stream_id: vod.stream_id });
}
async function fetched(source_url: string, use = world): Promise<VodRow> {
  const vod = { ...newVod({ source: 'fetch', source_url }), ...use.owner };
  await insertVod(use.database.db, vod);
  return use.ingest({ vod_id: vod.id, source: 'fetch', stream_id: null });
}
const fileOf = async ({ storage_key }: VodRow): Promise<string> => (await world.storage.localPath(storage_key!)).path;

describe('An upload', () => {
  test('of a video that plays everywhere is copied, with its index in front', async () => {
    const vod = await upload(mp4);
    expect(vod).toMatchObject({ status: 'ready', storage_key: vodKey(vod.id), width: 320, height: 240, content_type: 'video/mp4', probe: { video_codec: 'h264' } });
    expect(Math.abs(vod.duration_ms! - 2_000)).toBeLessThan(200);
    expect(await isFaststart(await fileOf(vod))).toBe(true);
    expect(await world.storage.stat(vodSourceKey(vod.id))).toBeNull();
    expect((await world.storage.stat(vod.poster_key!))?.size_bytes).toBeGreaterThan(500);
  });

  test('whose picture ends long before its sound has a poster all the same', async () => {
    const vod = await upload(await testVideo({ seconds: 10, options: ['-vf', 'trim=end=1'] }));
    expect(vod).toMatchObject({ status: 'ready', poster_key: expect.any(String) });
    expect((await world.storage.stat(vod.poster_key!))?.size_bytes).toBeGreaterThan(500);
  });

  test.each(['webm', 'flv', 'avi'])('of a %s file becomes an MP4 of H.264 and AAC', async (extension) => {
    const vod = await upload(await testVideo({ seconds: 1 }, extension));
    expect(vod).toMatchObject({ status: 'ready', probe: { video_codec: 'h264', container: expect.stringContaining('mp4') } });
    expect(await isFaststart(await fileOf(vod))).toBe(true);
    expect(await decodeFaults(await fileOf(vod))).toBe('');
  });

  test('of a stream’s recording elsewhere knows when it was, for the chat beside it', async () => {
    const stream_id = await seedStream(world.database.db, world.owner);
    await world.database.db.updateTable('streams').set({ start_time: '2026-03-14T18:00:00Z' }).where('id', '=', stream_id).execute();
    expect((await upload(mp4, { stream_id })).stretches).toEqual([{ at_ms: 0, duration_ms: expect.any(Number), from: '2026-03-14T18:00:00.000Z' }]);
    expect((await upload(mp4, { stream_id, recorded_from: new Date('2026-03-14T19:00:00Z') })).stretches[0]?.from).toBe('2026-03-14T19:00:00.000Z');
  });

  test.each([
    ['text', () => Buffer.from('This is no video.')],
    ['half a video', () => mp4.subarray(0, mp4.length / 2)],
    ['nothing but zeros', () => Buffer.alloc(100_000)],
    ['a playlist that names a video of this machine', () => Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\nfile://${join(world.folder, 'secret.ts')}\n#EXT-X-ENDLIST\n`)],
    ['a list for ffmpeg that names a video of this machine', () => Buffer.from("ffconcat version 1.0\nfile '../../../secret.mp4'\n")],
  ])('of %s fails with the reason', async (_what, bytes) => {
    const vod = await upload(bytes());
    expect(vod).toMatchObject({ status: 'failed', status_code: 'vod_unreadable', probe: null });
    expect(vod.status_reason!.length).toBeGreaterThan(30);
    expect(await world.leftovers()).toEqual([]);
  });

  test('of sound alone is no video', async () => {
    const sound = await testVideo({ seconds: 1, options: ['-vn'] });
    expect(await upload(sound)).toMatchObject({ status: 'failed', status_code: 'vod_unreadable', status_reason: expect.stringContaining('no video track') });
  });
});

describe('An address', () => {
  test.each(['/video.mp4', '/moved.mp4', '/busy.mp4'])('%s is fetched and looked at', async (path) => {
    expect(await fetched(base + path)).toMatchObject({ status: 'ready', source: 'fetch', width: 320 });
  });

  test.each([
    ['/gone.mp4', 'vod_source_refused', '404'],
    ['/round.mp4', 'vod_source_refused', 'redirects'],
    ['/huge.mp4', 'vod_too_large', 'at most'],
    ['/endless.mp4', 'vod_too_large', 'at most'],
  ])('%s is refused', async (path, status_code, words) => {
    const vod = await fetched(base + path);
    expect(vod).toMatchObject({ status: 'failed', status_code, status_reason: expect.stringContaining(words) });
    expect(await world.storage.stat(vodSourceKey(vod.id))).toBeNull();
  });

  test('inside of this network is refused, also by redirect and by name', async () => {
    const guarded = await createVodWorld();
    const download = createDownload({ allowPrivate: false, resolve: async (name) => [{ address: name === 'public.example.com' ? '93.184.216.34' : '10.0.0.1', family: 4 }] });
    try {
      await guarded.worker({ download });
      const before = asked;
      for (const url of [`${base}/video.mp4`, 'http://[::1]:8080/video.mp4', 'http://169.254.169.254/latest/meta-data', 'http://intern.example.com/video.mp4']) {
        expect(await fetched(url, guarded)).toMatchObject({ status: 'failed', status_code: 'vod_source_refused', status_reason: expect.stringContaining('private address') });
      }
      expect(asked).toBe(before);
    } finally {
      await download.close();
      await guarded.close();
    }
  });
});

describe('A path', () => {
  beforeAll(async () => {
    const folder = world.deps.importRoot!;
    await mkdir(join(folder, 'app'), { recursive: true });
    await writeFile(join(folder, 'app', 'friday.mp4'), mp4);
    await mkdir(`${folder}-beside`, { recursive: true });
    await writeFile(join(`${folder}-beside`, 'friday.mp4'), mp4);
    await symlink(join(world.folder, 'secret.mp4'), join(folder, 'link.mp4'));
    await symlink(world.folder, join(folder, 'out'));
    await symlink(join(folder, 'app', 'friday.mp4'), join(folder, 'inside.mp4'));
  });

  test('below VOD_IMPORT_DIR is taken, absolute or not, also by a link inside', async () => {
    for (const path of ['app/friday.mp4', join(world.deps.importRoot!, 'app/friday.mp4'), 'inside.mp4']) expect(await fetched(path)).toMatchObject({ status: 'ready' });
  });

  test('that leads out of it, by dots or by links, or is no file, is refused', async () => {
    const out = [join(world.folder, 'secret.mp4'), '../secret.mp4', `${world.deps.importRoot}-beside/friday.mp4`, 'link.mp4', 'out/secret.mp4', '/etc/passwd', 'app', 'nothing.mp4'];
    for (const path of out) expect([path, await fetched(path)]).toMatchObject([path, { status: 'failed', status_code: 'vod_source_refused' }]);
  });
});

describe('The sweep', () => {
  test('has videos made of which Temporal was not told, and removes unfinished uploads of yesterday', async () => {
    const other = await createVodWorld();
    try {
      const { db } = other.database;
      const { taskQueue, client } = other.temporal;
      // The sweep starts workflows on the role's queue.
      const role = { ...other.deps, taskQueuePrefix: taskQueue.replace(/$/, '-') };
      await other.worker(role);
      const stale = { ...newVod({ source: 'fetch', source_url: `${base}/video.mp4` }), ...other.owner };
      await insertVod(db, stale);
      await db.updateTable('vods').set({ updated_at: new Date(Date.now() - 120_000) }).where('id', '=', stale.id).execute();
      await mkdir(other.deps.uploadRoot, { recursive: true });
      const old = join(other.deps.uploadRoot, 'old');
      await writeFile(old, 'x');
      await utimes(old, new Date(Date.now() - 25 * 3_600_000), new Date(Date.now() - 25 * 3_600_000));
      await other.temporal.runWorker({ activities: {}, taskQueue: `${taskQueue}-media` });
      expect(await client.workflow.execute('sweepVods', { taskQueue, workflowId: `sweep-${newId()}` })).toBe(2);
      const found = await eventually(async () => (await client.workflow.getHandle(`ingest-vod:${stale.id}`).describe()).status.name === 'RUNNING');
      expect(found).toBe(true);
      await client.workflow.getHandle(`ingest-vod:${stale.id}`).terminate('seen');
      expect(await findVod(db, stale.id)).toMatchObject({ status: 'receiving' });
    } finally {
      await other.close();
    }
  });
});
