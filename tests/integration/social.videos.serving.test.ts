import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { createAdaptorServer } from '@hono/node-server';
import { newId } from '../../db/ids.ts';
import { signToken } from '../../db/signed-token.ts';
import { createAppVideoWorld, readyVideo, type AppVideoWorld } from '../helpers/app-video-world.ts';
import { testVideo } from '../helpers/recordings.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';

jest.setTimeout(120_000);
const run = promisify(execFile);

let world: AppVideoWorld;
let server: Server;
let author: TestAppUser;
let open: string;
let closed: string;
beforeAll(async () => {
  world = await createAppVideoWorld();
  await world.worker();
  author = await appUser(world.api);
  const bytes = await testVideo({ seconds: 3, size: '640x480' });
  [open, closed] = await Promise.all([world.uploaded(bytes, { author }), world.uploaded(bytes, { author, privacy: 'private' })]);
  await Promise.all([world.process(open), world.process(closed)]);
  server = createAdaptorServer({ fetch: world.api.app.fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.api.deps.config.publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await world.close();
});

interface Shown {
  Video: { video: string; thum: string };
  Sound: { audio: string } | null;
}
const shown = async (id: string, user: TestAppUser): Promise<Shown> => (await verb<Shown>(world.api, 'showVideoDetail', { video_id: id }, user.token)).msg;
const fileOf = (id: string, file: string, token?: string) => `${world.api.deps.config.publicUrl}/app-media/videos/${id}/${file}${token === undefined ? '' : `?token=${token}`}`;
const get = async (url: string, headers: Record<string, string> = {}, method = 'GET') => {
  const response = await fetch(url, { method, headers });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
};
/** A player: follows the playlist it is given, and decodes all of it. @returns how many frames of the best quality */
const play = async (url: string): Promise<number> => {
  const { stdout, stderr } = await run('ffmpeg', ['-v', 'error', '-i', url, '-map', '0:v:0', '-f', 'framemd5', '-'], { timeout: 60_000 });
  if (stderr !== '') throw new Error(stderr);
  return stdout.split('\n').filter((line) => /^0,/.test(line)).length;
};

describe('A public video', () => {
  test('plays from the URL of the verb, to everybody', async () => {
    const { Video, Sound } = await shown(open, author);
    expect(Video.video).toBe(fileOf(open, 'master.m3u8'));
    expect(await play(Video.video)).toBe(45);
    expect((await get(Video.thum)).headers.get('content-type')).toBe('image/jpeg');
    const sound = await get(Sound!.audio);
    expect([sound.status, sound.headers.get('content-type'), sound.bytes.toString('latin1', 4, 8)]).toEqual([200, 'audio/mp4', 'ftyp']);
  });

  test('comes with types, caching and ranges as players want them', async () => {
    const playlist = await get(fileOf(open, 'high.m3u8'));
    expect([playlist.status, playlist.headers.get('content-type'), playlist.headers.get('cache-control')]).toEqual([200, 'application/vnd.apple.mpegurl', 'public, max-age=3600']);
    const whole = await get(fileOf(open, 'high.m4s'));
    expect([whole.status, whole.headers.get('content-type'), whole.headers.get('accept-ranges')]).toEqual([200, 'video/mp4', 'bytes']);
    const etag = whole.headers.get('etag')!;
    const [, length, first] = /BYTERANGE="(\d+)@(\d+)"/.exec(playlist.bytes.toString())!.map(Number) as [number, number, number];
    const init = await get(fileOf(open, 'high.m4s'), { range: `bytes=${first}-${first + length - 1}` });
    expect([init.status, init.headers.get('content-range')]).toEqual([206, `bytes ${first}-${first + length - 1}/${whole.bytes.length}`]);
    expect(init.bytes.equals(whole.bytes.subarray(first, first + length))).toBe(true);
    expect((await get(fileOf(open, 'high.m4s'), { range: 'bytes=0-3', 'if-range': '"another"' })).status).toBe(200);
    expect((await get(fileOf(open, 'high.m4s'), { range: 'bytes=0-3', 'if-range': etag })).status).toBe(206);
    expect((await get(fileOf(open, 'high.m4s'), { range: 'bytes=99999999-' })).status).toBe(416);
    expect((await get(fileOf(open, 'high.m4s'), { 'if-none-match': etag })).status).toBe(304);
    const head = await get(fileOf(open, 'high.m4s'), {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), head.bytes.length]).toEqual([200, String(whole.bytes.length), 0]);
  });

  test('has no other files, and no other names for them', async () => {
    for (const name of ['source', 'audio.m4a', '..%2f..%2fsounds', 'high.m3u8%00']) expect((await get(fileOf(open, name))).status).toBeGreaterThanOrEqual(404);
    expect((await get(fileOf(newId(), 'master.m3u8'))).status).toBe(404);
    expect((await get(`${world.api.deps.config.publicUrl}/app-media/sounds/${newId()}/audio.m4a`)).status).toBe(404);
  });
});

describe('A video that is not for everybody', () => {
  test('is served to whoever has the URL of the verb, its segments and thumbnail too, and is kept by no cache between', async () => {
    const { Video, Sound } = await shown(closed, author);
    expect(await play(Video.video)).toBe(45);
    expect((await get(Video.thum)).status).toBe(200);
    expect(Sound).toBeNull();
    const playlist = await get(Video.video);
    expect(playlist.headers.get('cache-control')).toBe('no-store');
    expect((await get(Video.video.replace('master.m3u8', 'high.m4s'))).headers.get('cache-control')).toMatch(/^private/);
  });

  test('is not there without a token, with one of another video, with one that says who somebody is, and with one that is over', async () => {
    const { jwtSecret } = world.api.deps.config;
    const past = Math.floor(Date.now() / 1_000) - 1_000;
    const tokens = [undefined, '', 'x', await signToken('play', open, jwtSecret, 100), author.token, await signToken('play', closed, 'another secret that is long enough', 100)];
    for (const file of ['master.m3u8', 'high.m3u8', 'high.m4s', 'thumbnail.jpg']) {
      for (const token of tokens) expect([file, token, (await get(fileOf(closed, file, token))).status]).toEqual([file, token, 404]);
      expect((await get(fileOf(closed, file, await signToken('play', closed, jwtSecret, 10, past)))).status).toBe(401);
    }
  });

  test('becomes one when its author’s account is made private', async () => {
    const quiet = await appUser(world.api);
    const id = await readyVideo(world.api, quiet);
    await world.deps.db.updateTable('app_users').set({ is_private: true }).where('id', '=', quiet.id).execute();
    expect((await get(fileOf(id, 'master.m3u8'))).status).toBe(404);
    expect((await shown(id, quiet)).Video.video).toContain('?token=');
  });
});

test.each([
  ['deleted', { deleted_at: new Date() }],
  ['not ready', { status: 'processing' as const }],
])('A video that is %s is served to nobody', async (_how, over) => {
  const id = await readyVideo(world.api, author, over);
  expect((await get(fileOf(id, 'master.m3u8', await signToken('play', id, world.api.deps.config.jwtSecret, 100)))).status).toBe(404);
});
