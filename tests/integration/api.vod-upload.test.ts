import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { FileStore } from '@tus/file-store';
import * as tus from 'tus-js-client';
import { createApp } from '../../api/app.ts';
import type { VodView } from '../../api/schemas/vod.ts';
import { findVod } from '../../db/vod.repository.ts';
import { vodSourceKey, type IngestVodInput } from '../../domain/contracts/vod.ts';
import { eventually } from '../helpers/eventually.ts';
import { seedStream, sha256 } from '../helpers/recordings.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

jest.setTimeout(120_000);

const MAX = 8 * 1024 * 1024;
const BYTES = Buffer.alloc(3 * 1024 * 1024, 'a video, as far as the API can tell ');

let api: TestApi;
let owner: Person;
let dataDir: string;
const servers: Server[] = [];
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'showrunner-tus-'));
  api = await createTestApi();
  Object.assign(api.deps.config.streaming, { dataDir, vodMaxBytes: MAX });
  owner = await api.person();
});
afterEach(() => servers.splice(0).forEach((server) => (server.close(), server.closeAllConnections())));
afterAll(async () => {
  await api.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** An API process on a port: the same database and disk, nothing in memory shared. */
async function listen(): Promise<string> {
  const app = createApp(api.deps);
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function form(parts: Record<string, string | Blob>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(parts)) if (typeof value === 'string') data.append(name, value);
    else data.append(name, value, 'friday.mp4');
  return data;
}
async function send(parts: Record<string, string | Blob>, person = owner) {
  const response = await api.app.request('/vod/upload', { method: 'POST', body: form(parts), headers: { authorization: `Bearer ${person.token}` } });
  return { status: response.status, body: (await response.json()) as VodView & { code?: string; errors?: { field: string }[] } };
}
const fetchFrom = (path_or_url: string, more: object = {}) => api.call<VodView & { code?: string; detail?: string }>('POST', '/vod/upload', { token: owner.token, body: { path_or_url, ...more } });
const stored = async () => (await readdir(join((await api.deps.media.localPath(vodSourceKey((await anyVod()).id))).path, '../../..'))).length;
const anyVod = () => api.deps.db.selectFrom('vods').selectAll().where('storage_key', 'is not', null).limit(1).executeTakeFirstOrThrow();
const started = (id: string) => api.temporal.calls.filter(({ name, args }) => name === 'ingestVod' && (args[0] as IngestVodInput).vod_id === id);

describe('A form', () => {
  const file = new Blob([BYTES], { type: 'video/mp4' });

  test.each(['before', 'behind'])('with its fields %s the file becomes a video that is looked at next', async (place) => {
    const stream_id = await seedStream(api.deps.db, owner);
    const fields = { title: 'Friday', description: 'The launch', stream_id, visibility: 'public', recorded_from: '2026-03-14T18:00:00Z' };
    const { status, body } = await send(place === 'before' ? { ...fields, file } : { file, ...fields });
    expect([status, body]).toMatchObject([202, { title: 'Friday', description: 'The launch', stream_id, visibility: 'public', source: 'upload', status: 'processing', size_bytes: BYTES.length, sha256: sha256(BYTES), play_url: null }]);
    expect(started(body.id)).toHaveLength(1);
    expect((await api.deps.media.stat(vodSourceKey(body.id)))?.size_bytes).toBe(BYTES.length);
    expect((await findVod(api.deps.db, body.id))?.recorded_from).toEqual(new Date('2026-03-14T18:00:00Z'));
  });

  test('needs nothing but the file: private, with the file’s name', async () => {
    expect(await send({ file })).toMatchObject({ status: 202, body: { title: 'friday.mp4', visibility: 'private', stream_id: null } });
  });

  test('with faults, or of another workspace’s stream, keeps nothing', async () => {
    const stranger = await api.person();
    const stream_id = await seedStream(api.deps.db, stranger);
    const before = await stored();
    for (const [parts, field] of [[{ file, stream_id }, 'stream_id'], [{ stream_id, file }, 'stream_id'], [{ file, visibility: 'secret' }, 'visibility'], [{ file, colour: 'red' }, 'colour'], [{ title: 'x' }, 'file']] as const) {
      const { status, body } = await send(parts as unknown as Record<string, string | Blob>);
      expect([status, body.errors?.[0]?.field]).toEqual([422, field]);
    }
    expect(await stored()).toBe(before);
  });

  test('of more than VOD_MAX_BYTES is refused, and nothing of it is kept', async () => {
    const before = await stored();
    const { status, body } = await send({ file: new Blob([Buffer.alloc(MAX + 1)]) });
    expect([status, body.code]).toEqual([413, 'vod_too_large']);
    const claimed = await api.call<{ code: string }>('POST', '/vod/upload', { token: owner.token, headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': String(10 * MAX) } });
    expect([claimed.status, claimed.body.code]).toEqual([413, 'vod_too_large']);
    expect(await stored()).toBe(before);
  });

  test('is not taken from who may only look', async () => {
    expect((await send({ file }, await api.person('warehouse', owner.workspace_id))).status).toBe(403);
  });
});

describe('An address', () => {
  test('is fetched by a worker', async () => {
    const { status, body } = await fetchFrom('https://media.example.com/recordings/the%20launch.mp4', { visibility: 'public' });
    expect([status, body]).toMatchObject([202, { source: 'fetch', status: 'receiving', title: 'the launch.mp4' }]);
    expect(started(body.id)[0]?.args).toEqual([expect.objectContaining({ source: 'fetch' })]);
    expect((await findVod(api.deps.db, body.id))?.source_url).toBe('https://media.example.com/recordings/the%20launch.mp4');
  });

  test.each(['ftp://media.example.com/x.mp4', 'file:///etc/passwd', 'https://user:secret@media.example.com/x.mp4', '../../etc/passwd', '/recordings/../../etc/passwd'])('%s is refused', async (address) => {
    expect((await fetchFrom(address)).status).toBe(422);
  });

  test('that is a path is refused where VOD_IMPORT_DIR is not set', async () => {
    api.deps.config.streaming.vodPaths = false;
    const { status, body } = await fetchFrom('friday.mp4');
    api.deps.config.streaming.vodPaths = true;
    expect([status, body.code]).toEqual([422, 'vod_source_refused']);
  });
});

describe('A resumable upload', () => {
  interface Options {
    person?: Person;
    url?: string;
    metadata?: Record<string, string>;
    chunkSize?: number;
    bytes?: Buffer;
    onChunk?: (sent: number) => void;
  }
  /** tus-js-client, as pages use it. @returns the upload's URL; rejects with the client's error */
  function upload(base: string, { person = owner, url, metadata = { filename: 'friday.mp4', title: 'Friday' }, chunkSize = 512 * 1024, bytes = BYTES, onChunk }: Options = {}) {
    const running: { upload?: tus.Upload; url?: string } = {};
    const done = new Promise<string>((resolve, reject) => {
      running.upload = new tus.Upload(bytes as never, {
        endpoint: `${base}/vod/upload/tus`,
        ...(url && { uploadUrl: url }),
        uploadSize: bytes.length,
        chunkSize,
        retryDelays: null as never,
        metadata,
        headers: { authorization: `Bearer ${person.token}` },
        onChunkComplete: (_size, sent) => {
          running.url = running.upload!.url!;
          onChunk?.(sent);
        },
        onSuccess: () => resolve(running.upload!.url!),
        onError: reject,
      });
      running.upload.start();
    });
    return { running, done };
  }
  const idOf = (url: string): string => url.split('/').at(-1)!;
  async function begin(base: string): Promise<string> {
    const response = await fetch(`${base}/vod/upload/tus`, { method: 'POST', headers: { authorization: `Bearer ${owner.token}`, 'tus-resumable': '1.0.0', 'upload-length': '10' } });
    return new URL(response.headers.get('location')!, base).href;
  }
  const uploads = () => readdir(join(dataDir, 'uploads'));

  test('becomes a video of its sender; its parts are gone then', async () => {
    const url = await upload(await listen()).done;
    const vod = await findVod(api.deps.db, idOf(url));
    expect(vod).toMatchObject({ workspace_id: owner.workspace_id, user_id: owner.user_id, title: 'Friday', source: 'upload', status: 'processing', size_bytes: BYTES.length, sha256: sha256(BYTES) });
    expect(started(idOf(url))).toHaveLength(1);
    expect((await uploads()).filter((name) => name.startsWith(idOf(url)))).toEqual([]);
    // The last answer may be lost: who asks learns that all is there.
    const base = await listen();
    const again = await fetch(`${base}/vod/upload/tus/${idOf(url)}`, { method: 'HEAD', headers: { authorization: `Bearer ${owner.token}`, 'tus-resumable': '1.0.0' } });
    expect([again.status, again.headers.get('upload-offset')]).toEqual([200, again.headers.get('upload-length')]);
  });

  test('that breaks off goes on where it was, at an API that was started meanwhile', async () => {
    const first = await listen();
    const cut = (): void => servers.splice(0).forEach((server) => (server.close(), server.closeAllConnections()));
    const half = upload(first, { onChunk: (sent) => (sent >= BYTES.length / 2 ? cut() : undefined) });
    await expect(half.done).rejects.toThrow();
    const url = half.running.url!;
    const second = await listen();
    const offsets: number[] = [];
    await upload(second, { url: url.replace(first, second), onChunk: (sent) => offsets.push(sent) }).done;
    expect(offsets[0]).toBeGreaterThan(BYTES.length / 2);
    expect(await findVod(api.deps.db, idOf(url))).toMatchObject({ sha256: sha256(BYTES) });
  });

  test('that was whole when the process died is taken in when its sender asks', async () => {
    const base = await listen();
    const put = api.deps.media.put.bind(api.deps.media);
    api.deps.media.put = () => Promise.reject(new Error('the process dies here'));
    const broken = upload(base);
    await expect(broken.done).rejects.toThrow();
    api.deps.media.put = put;
    const id = idOf(broken.running.upload!.url!);
    expect(await findVod(api.deps.db, id)).toBeUndefined();
    await upload(base, { url: broken.running.upload!.url! }).done;
    expect(await findVod(api.deps.db, id)).toMatchObject({ sha256: sha256(BYTES) });
  });

  test('that its sender asks after while it is taken in is taken in once', async () => {
    const base = await listen();
    const url = await begin(base);
    const other = await begin(base);
    const headers = { authorization: `Bearer ${owner.token}`, 'tus-resumable': '1.0.0' };
    const put = api.deps.media.put.bind(api.deps.media);
    const looked = jest.spyOn(FileStore.prototype, 'getUpload');
    let puts = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    api.deps.media.put = async (...args) => {
      puts += 1;
      await released;
      return put(...args);
    };
    try {
      const sent = fetch(url, { method: 'PATCH', headers: { ...headers, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }, body: new Uint8Array(BYTES.subarray(0, 10)) });
      await eventually(() => puts === 1);
      looked.mockClear();
      const asked = fetch(url, { method: 'HEAD', headers });
      // By the hook that says whose it is, and by the answer; a request behind it leaves it the time to go on.
      await eventually(() => looked.mock.calls.length >= 2);
      expect((await fetch(other, { method: 'HEAD', headers })).status).toBe(200);
      release();
      expect([(await sent).status, (await asked).status]).toEqual([204, 200]);
    } finally {
      release();
      api.deps.media.put = put;
      looked.mockRestore();
    }
    expect([puts, started(idOf(url)).length]).toEqual([1, 1]);
    expect(await findVod(api.deps.db, idOf(url))).toMatchObject({ sha256: sha256(BYTES.subarray(0, 10)) });
    expect((await uploads()).filter((name) => name.startsWith(idOf(url)))).toEqual([]);
  });

  test('is nobody else’s: not to look at, to go on with, or to give up', async () => {
    const base = await listen();
    const url = await begin(base);
    const colleague = await api.person('member', owner.workspace_id);
    const stranger = await api.person();
    for (const { token } of [colleague, stranger]) {
      const headers = { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
      for (const method of ['HEAD', 'PATCH', 'DELETE']) expect([method, (await fetch(url, { method, headers })).status]).toEqual([method, 404]);
    }
    expect((await fetch(url, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } })).status).toBe(401);
    expect((await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${owner.token}`, 'tus-resumable': '1.0.0' } })).status).toBe(204);
    expect((await uploads()).filter((name) => name.startsWith(idOf(url)))).toEqual([]);
  });

  test('that is too large, or has faults in its metadata, is refused before its first byte', async () => {
    const base = await listen();
    const refusal = async (metadata: Record<string, string>, length = 10) => {
      const encoded = Object.entries(metadata).map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`).join(',');
      const response = await fetch(`${base}/vod/upload/tus`, { method: 'POST', headers: { authorization: `Bearer ${owner.token}`, 'tus-resumable': '1.0.0', 'upload-length': String(length), 'upload-metadata': encoded } });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await refusal({ title: 'x' }, MAX + 1)).toEqual([413, 'vod_too_large']);
    expect(await refusal({ visibility: 'secret' })).toEqual([422, 'validation_failed']);
    expect(await refusal({ stream_id: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10' })).toEqual([422, 'validation_failed']);
    // Whose it is can not be said by the sender.
    const encoded = `owner_user_id ${Buffer.from('somebody').toString('base64')}`;
    const made = await fetch(`${base}/vod/upload/tus`, { method: 'POST', headers: { authorization: `Bearer ${owner.token}`, 'tus-resumable': '1.0.0', 'upload-length': '10', 'upload-metadata': encoded } });
    expect(made.status).toBe(201);
    expect((await fetch(new URL(made.headers.get('location')!, base), { method: 'HEAD', headers: { authorization: `Bearer ${owner.token}`, 'tus-resumable': '1.0.0' } })).status).toBe(200);
  });

  test('that nobody goes on with is removed after a day, with the next one', async () => {
    const base = await listen();
    const old = idOf(await begin(base));
    const past = new Date(Date.now() - 25 * 3_600_000);
    for (const name of (await uploads()).filter((entry) => entry.startsWith(old))) await utimes(join(dataDir, 'uploads', name), past, past);
    const next = idOf(await begin(base));
    const left = await uploads();
    expect([left.some((name) => name.startsWith(old)), left.some((name) => name.startsWith(next))]).toEqual([false, true]);
  });

  test('tells browsers what it can do', async () => {
    const response = await fetch(`${await listen()}/vod/upload/tus`, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('tus-version'), response.headers.get('tus-max-size')]).toEqual([204, '1.0.0', String(MAX)]);
  });
});

