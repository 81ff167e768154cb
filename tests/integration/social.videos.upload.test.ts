import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { createApp } from '../../api/app.ts';
import { newId } from '../../db/ids.ts';
import { signToken } from '../../db/signed-token.ts';
import { videoSourceKey, type ProcessVideoInput } from '../../domain/contracts/video.ts';
import type { MediaStorage } from '../../media/storage.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, verb, type TestAppUser, type VerbAnswer } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

jest.setTimeout(60_000);

const MAX = 4 * 1024 * 1024;
const BYTES = Buffer.alloc(1024 * 1024, 'a video, as far as the API can tell ');
const file = new Blob([BYTES], { type: 'video/mp4' });

interface Uploaded {
  Video: { id: string; status: string; description: string; privacy_type: string; allow_comments: string; video: string };
  User: { id: string };
  Sound: null;
}

let api: TestApi;
let user: TestAppUser;
/** Keys that were written to storage, and not removed. */
const stored = new Set<string>();
const servers: Server[] = [];
beforeAll(async () => {
  api = await createTestApi();
  api.deps.config.social.videoMaxBytes = MAX;
  const real = api.deps.media;
  const noting: MediaStorage = {
    ...real,
    put: async (key, source, maxBytes) => {
      const object = await real.put(key, source, maxBytes);
      stored.add(key);
      return object;
    },
    delete: async (key) => {
      await real.delete(key);
      stored.delete(key);
    },
  };
  api.deps.media = noting;
});
beforeEach(async () => {
  user = await appUser(api);
  stored.clear();
});
afterEach(() => servers.splice(0).forEach((server) => (server.close(), server.closeAllConnections())));
afterAll(() => api.close());

type Parts = readonly (readonly [string, string | Blob])[];

async function send(parts: Parts, headers: Record<string, string> = {}): Promise<VerbAnswer<Uploaded & string>> {
  const body = new FormData();
  for (const [name, value] of parts) body.append(name, typeof value === 'string' ? value : new File([value], 'clip.mp4', { type: value.type }));
  const response = await api.app.request('/api/uploadVideo', { method: 'POST', body, headers });
  expect(response.status).toBe(200);
  return (await response.json()) as VerbAnswer<Uploaded & string>;
}
const rows = () => api.deps.db.selectFrom('videos').selectAll().where('user_id', '=', user.id).execute();
const started = (id: string) => api.temporal.calls.filter(({ name, args }) => name === 'processVideo' && (args[0] as ProcessVideoInput).video_id === id);

async function expectNothingKept(): Promise<void> {
  expect([...stored]).toEqual([]);
  expect(await rows()).toEqual([]);
}

describe('uploadVideo', () => {
  test.each<[string, (token: string) => Parts]>([
    ['before the file', (token) => [['auth_token', token], ['description', 'My #lamp'], ['privacy_type', 'friends'], ['allow_comments', '0'], ['video', file]]],
    ['behind it, the token apart', (token) => [['auth_token', token], ['file', file], ['description', 'My #lamp'], ['privacy_type', 'friends'], ['allow_comments', '0']]],
  ])('with its fields %s stores the file, answers with the video, and has it made', async (_where, parts) => {
    const { code, msg } = await send(parts(user.token));
    expect([code, msg]).toMatchObject([200, { Video: { status: 'processing', description: 'My #lamp', privacy_type: 'friends', allow_comments: '0', allow_duet: '1', video: '' }, User: { id: user.id }, Sound: null }]);
    expect([...stored]).toEqual([videoSourceKey(msg.Video.id)]);
    expect(await rows()).toMatchObject([{ id: msg.Video.id, source_key: videoSourceKey(msg.Video.id), size_bytes: BYTES.length, allow_duet: true }]);
    expect(started(msg.Video.id)).toHaveLength(1);
    expect((await verb<Uploaded>(api, 'showVideoDetail', { video_id: msg.Video.id }, user.token)).msg.Video.status).toBe('processing');
    expect(await verb(api, 'showVideoDetail', { video_id: msg.Video.id }, (await appUser(api)).token)).toMatchObject({ code: 201 });
  });

  test('takes the token from a header, too, and needs nothing but the file', async () => {
    const answer = await send([['video', file]], { 'auth-token': user.token });
    expect(answer).toMatchObject({ code: 200, msg: { Video: { privacy_type: 'public', description: '', allow_comments: '1' } } });
  });

  test('of who has not signed in takes nothing: no token, one behind the file, one that is over, one of nobody', async () => {
    const expired = await signToken('access', user.id, api.deps.config.jwtSecret, 1, Math.floor(Date.now() / 1_000) - 100);
    const nobody = await signToken('access', newId(), api.deps.config.jwtSecret, 100);
    for (const parts of [[['video', file]], [['video', file], ['auth_token', user.token]], [['auth_token', expired], ['video', file]], [['auth_token', nobody], ['video', file]], [['auth_token', 'x'], ['video', file]]] as Parts[]) {
      expect((await send(parts)).code).toBe(401);
      await expectNothingKept();
    }
  });

  test.each<[string, Parts, string]>([
    ['a wrong privacy', [['privacy_type', 'secret'], ['video', file]], 'privacy_type'],
    ['one behind the file', [['video', file], ['allow_duet', 'maybe']], 'allow_duet'],
    ['a sound that is not there', [['sound_id', newId()], ['video', file]], 'sound_id'],
    ['too long a description', [['description', 'x'.repeat(3_000)], ['video', file]], 'description'],
    ['a field twice', [['description', 'a'], ['description', 'b'], ['video', file]], 'description'],
    ['no file', [['description', 'a']], 'video'],
    ['an empty file', [['video', new Blob([])]], 'video: is empty'],
    ['two files', [['video', file], ['file', file]], 'is there twice'],
    ['too large a file', [['video', new Blob([Buffer.alloc(MAX + 1)])]], `at most ${MAX} bytes`],
  ])('with %s is refused by name, and keeps nothing', async (_what, parts, words) => {
    const { code, msg } = await send([['auth_token', user.token], ...parts]);
    expect([code, msg]).toEqual([201, expect.stringContaining(words)]);
    await expectNothingKept();
  });

  test('ignores fields that it does not know', async () => {
    expect((await send([['auth_token', user.token], ['colour', 'red'], ['sound_id', '0'], ['video', file]])).code).toBe(200);
  });

  test('that says of itself that it is too large is refused before anything of it is read', async () => {
    const response = await api.app.request('/api/uploadVideo', { method: 'POST', body: new Uint8Array(10), headers: { 'auth-token': user.token, 'content-type': 'multipart/form-data; boundary=x', 'content-length': String(MAX * 2) } });
    expect(await response.json()).toMatchObject({ code: 201, msg: expect.stringContaining('at most') });
  });

  test('where ffmpeg is missing says what to do, and takes nothing', async () => {
    api.deps.hasFfmpeg = () => Promise.resolve(false);
    try {
      expect(await send([['auth_token', user.token], ['video', file]])).toMatchObject({ code: 500, msg: expect.stringContaining('FFMPEG_PATH') });
      await expectNothingKept();
    } finally {
      api.deps.hasFfmpeg = () => Promise.resolve(true);
    }
  });

  test('onto a full disk says so, and keeps nothing', async () => {
    const real = api.deps.media.put;
    api.deps.media.put = async (_key, source) => {
      (source as Readable).destroy();
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    try {
      expect(await send([['auth_token', user.token], ['video', file]])).toMatchObject({ code: 500, msg: expect.stringContaining('disk is full') });
      await expectNothingKept();
    } finally {
      api.deps.media.put = real;
    }
  });

  test('of one after the other without waiting for any is held up', async () => {
    for (let count = 0; count < 5; count += 1) expect((await send([['auth_token', user.token], ['video', file]])).code).toBe(200);
    expect(await send([['auth_token', user.token], ['video', file]])).toMatchObject({ code: 201, msg: expect.stringContaining('in the making') });
    expect(await rows()).toHaveLength(5);
    // The turns of a minute.
    const codes = [];
    for (let count = 0; count < 8; count += 1) codes.push((await send([['auth_token', user.token], ['description', 'x']])).msg);
    expect(codes.some((words) => /uploadVideo a minute/.test(words))).toBe(true);
  });

  test('of many at once begins as many as one may have in the making', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => send([['auth_token', user.token], ['video', file]])));
    expect(answers.filter(({ code }) => code === 200)).toHaveLength(5);
    expect(answers.filter(({ msg }) => /in the making/.test(String(msg)))).toHaveLength(5);
    expect(await rows()).toHaveLength(5);
    expect(stored.size).toBe(5);
  });

  test('while Temporal is away is kept for the sweep', async () => {
    const real = api.deps.temporal.social.processVideo;
    api.deps.temporal.social.processVideo = () => Promise.reject(new Error('Temporal is away'));
    try {
      const { code, msg } = await send([['auth_token', user.token], ['video', file]]);
      expect([code, msg.Video.status]).toEqual([200, 'processing']);
    } finally {
      api.deps.temporal.social.processVideo = real;
    }
  });
});

test('A connection that breaks in the middle of the file leaves neither file nor row', async () => {
  const server = createAdaptorServer({ fetch: createApp(api.deps).fetch }) as Server;
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const part = (name: string, more = '') => `--cut\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`;
  const head = `${part('auth_token')}${user.token}\r\n${part('video', '; filename="clip.mp4"')}`;
  socket.write(`POST /api/uploadVideo HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=cut\r\nContent-Length: ${head.length + 2_000_000}\r\n\r\n${head}`);
  socket.write(BYTES);
  await eventually(async () => (await rows()).length === 1);
  expect(await rows()).toMatchObject([{ source_key: null, privacy: 'private', status: 'processing' }]);
  socket.destroy();
  await eventually(async () => (await rows()).length === 0);
  expect([...stored]).toEqual([]);
});
