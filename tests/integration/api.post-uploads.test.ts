import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createHash, randomUUID } from 'node:crypto';
import { createLocalStorage } from '../../media/local-storage.ts';
import { probeMedia } from '../../media/probe.ts';
import { readUpload } from '../../api/multipart.ts';
import { writeClip } from '../../scripts/demo/clip.ts';
import { sql } from 'kysely';
import { seedPublishedPost } from '../helpers/analytics.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  BOUNDARY,
  createPostsApi,
  END,
  faultsIn,
  fileHead,
  formOf,
  listen,
  mp4,
  mp4Head,
  MULTIPART,
  partHead,
  postForm,
  sendForm,
  sendRaw,
  type Created,
  type Listening,
  type PostsApi,
  type Problem,
} from '../helpers/posts.ts';
import type { Person } from '../helpers/test-api.ts';

const MIB = 1024 * 1024;
let api: PostsApi;
let owner: Person & { account: string };
let metadata: { social_account_ids: string[]; privacy_level: string; caption: string };
beforeAll(async () => {
  api = await createPostsApi({ mediaMaxBytes: 512 * MIB });
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.marketer();
  metadata = { social_account_ids: [owner.account], privacy_level: 'SELF_ONLY', caption: 'Hello #world' };
});

const rows = async () => ({
  media: (await api.database.db.selectFrom('media').select('id').where('workspace_id', '=', owner.workspace_id).execute()).length,
  posts: (await api.database.db.selectFrom('posts').select('id').where('workspace_id', '=', owner.workspace_id).execute()).length,
});
const expectNothingKept = async (filesBefore: string[]): Promise<void> => {
  expect(await rows()).toEqual({ media: 0, posts: 0 });
  expect(await api.files()).toEqual(filesBefore);
};
const send = (body: Buffer, headers = {}) => sendForm(api.app, owner.token, body, { headers });

describe('an upload', () => {
  test('becomes a post with its file, by its bytes', async () => {
    const file = mp4(5_000);
    const { status, body } = await send(postForm(metadata, file));
    expect([status, body]).toEqual([202, expect.anything()]);
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({
      group_id: body.group_id,
      kind: 'video',
      mode: 'direct',
      source: 'file',
      state: 'scheduled',
      caption: 'Hello #world',
      privacy_level: 'SELF_ONLY',
      social_account: { id: owner.account, username: 'demo', display_name: 'Demo' },
      media: { file_name: 'clip.mp4', content_type: 'video/mp4', size_bytes: file.length, sha256: createHash('sha256').update(file).digest('hex'), duration_ms: null },
      progress: { bytes_uploaded: 0, bytes_total: file.length, percent: 0 },
    });
    expect(await rows()).toEqual({ media: 1, posts: 1 });
    expect(api.temporal.calls.at(-1)).toEqual({
      name: 'startPost',
      args: [{ post_id: body.items[0]?.id, social_account_id: owner.account, workspace_id: owner.workspace_id, publish_at_ms: null }],
    });
  });

  test('of many megabytes is never held in memory', async () => {
    const size = 480 * MIB;
    const chunk = Buffer.alloc(64 * 1024, 3);
    const body = Readable.from(
      (function* () {
        yield formOf(partHead('metadata'), JSON.stringify(metadata), fileHead(), mp4Head(size));
        for (let sent = 0; sent < size; sent += chunk.length) yield chunk;
        yield Buffer.from(END);
      })(),
      { objectMode: false, highWaterMark: 64 * 1024 },
    );
    const before = process.memoryUsage().arrayBuffers;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 2);
    const answer = await onPort((port) => sendRaw(port, { authorization: `Bearer ${owner.token}`, 'content-type': MULTIPART }, body));
    clearInterval(watch);
    expect([answer.status, (answer.body as Created).items?.[0]?.media?.size_bytes]).toEqual([202, mp4Head(size).length + size]);
    expect((most - before) / MIB).toBeLessThan(192);
  });

  test('with JSON sent as a file, as FormData does with a Blob, is the same', async () => {
    const form = new FormData();
    form.append('metadata', new Blob([JSON.stringify(metadata)], { type: 'application/json' }));
    form.append('file', new Blob([new Uint8Array(mp4())], { type: 'application/octet-stream' }), '../../etc/p\u0007asswd.mp4');
    const response = await api.app.request('/api/posts', { method: 'POST', headers: { authorization: `Bearer ${owner.token}` }, body: form });
    const body = (await response.json()) as Created;
    expect([response.status, body.items?.[0]?.media?.file_name]).toEqual([202, 'passwd.mp4']);
  });

  test('of a real clip is measured by ffprobe', async () => {
    const path = join(tmpdir(), `${randomUUID()}.mp4`);
    await writeClip(path, { seconds: 3 });
    const app = api.with({ probe: (file) => probeMedia(file) });
    const { status, body } = await sendForm(app, owner.token, postForm(metadata, await readFile(path)));
    await rm(path);
    expect([status, body.items?.[0]?.media]).toMatchObject([202, { width: 720, height: 1_280, frame_rate: expect.any(Number), video_codec: 'h264', duration_ms: 3_000 }]);
  });

  test('may be broken anywhere by the network without a difference', async () => {
    const body = postForm(metadata, mp4(3_000));
    for (const size of [1, 7, 100]) {
      const source = Readable.from(pieces(body, size), { objectMode: false });
      const [text, bytes] = await readUpload({ source, contentType: MULTIPART, metadata: 'needed' }, async ({ metadata: text, file }) => [text, Buffer.concat(await file.toArray())] as const);
      expect(JSON.parse(text ?? '')).toEqual(metadata);
      expect(bytes.equals(mp4(3_000))).toBe(true);
    }
  });
});

describe('nothing is kept of', () => {
  let before: string[];
  beforeEach(async () => {
    before = await api.files();
  });
  const refused = async (body: Buffer, status: number, code: string, faults: Record<string, unknown>, headers = {}): Promise<void> => {
    const answer = await sendForm<Problem>(api.app, owner.token, body, { headers });
    expect([answer.status, answer.body.code, faultsIn(answer.body)]).toEqual([status, code, faults]);
    await expectNothingKept(before);
  };

  test('a file before metadata', () =>
    refused(formOf(fileHead(), mp4(), partHead('metadata'), JSON.stringify(metadata), END), 422, 'validation_failed', { metadata: 'must be a part before the part file' }));

  test('metadata without a file', () => refused(formOf(partHead('metadata'), JSON.stringify(metadata), END), 422, 'validation_failed', { file: 'is missing' }));

  test('no parts at all', () => refused(formOf(END), 422, 'validation_failed', { file: 'is missing, and so is metadata before it' }));

  test('a part that nobody knows', () =>
    refused(formOf(partHead('metadata'), JSON.stringify(metadata), partHead('thumbnail', '; filename="a.png"'), 'x', END), 422, 'validation_failed', {
      thumbnail: 'is not a part of this request',
    }));

  test('a second file', () =>
    refused(formOf(partHead('metadata'), JSON.stringify(metadata), fileHead(), mp4(), fileHead(), mp4(), END), 422, 'validation_failed', { file: 'is there twice' }));

  test('metadata twice', () =>
    refused(formOf(partHead('metadata'), '{}', partHead('metadata'), '{}', fileHead(), mp4(), END), 422, 'validation_failed', { metadata: 'is there twice' }));

  test('metadata of more than 64 KiB', () =>
    refused(formOf(partHead('metadata'), JSON.stringify({ ...metadata, caption: 'a'.repeat(70_000) }), fileHead(), mp4(), END), 413, 'payload_too_large', {
      metadata: 'must have at most 65536 bytes',
    }));

  test('metadata that is no JSON', () => refused(formOf(partHead('metadata'), '{"caption":', fileHead(), mp4(), END), 400, 'malformed_json', {}));

  test('metadata with faults, each by its field', () =>
    refused(postForm({ caption: 7, colour: 'red', social_account_ids: [] }, mp4()), 422, 'validation_failed', {
      caption: expect.stringContaining('expected string'),
      colour: 'is not a field of this request',
      social_account_ids: expect.stringContaining('>=1'),
    }));

  test('an empty file', () => refused(postForm(metadata, Buffer.alloc(0)), 422, 'media_empty', { file: 'The file has 0 bytes.' }));

  test('a file of another type', () =>
    refused(postForm(metadata, Buffer.from('%PDF-1.7 and more')), 422, 'media_type', { file: expect.stringContaining('wanted: a MP4, MOV or WebM video') }));

  test('a picture', () => refused(postForm(metadata, Buffer.from([0xff, 0xd8, 0xff, 0xe0])), 422, 'media_type', { file: expect.stringContaining('image/jpeg') }));

  test('an MP4 that ends before its video does', () =>
    refused(postForm(metadata, mp4(5_000).subarray(0, 3_000)), 422, 'media_truncated', { file: expect.stringContaining('“mdat”') }));

  test('a clip that ffprobe finds wanting', async () => {
    const app = api.with({
      probe: () => Promise.resolve({ kind: 'probed', probe: { container: 'mov,mp4', video_codec: 'mpeg4', width: 100, height: 5_000, frame_rate: 15, duration_ms: 700_000 } }),
    });
    const { status, body } = await sendForm<Problem>(app, owner.token, postForm({ ...metadata, mode: 'inbox', privacy_level: null }, mp4()));
    expect([status, body.code, body.errors?.map(({ field }) => field)]).toEqual([422, 'media_codec', ['file', 'file', 'file', 'file']]);
    expect(body.detail).toMatch(/mpeg4.*15 frames.*100×5000.*700 s/);
    await expectNothingKept(before);
  });

  test('a file that ffprobe can’t read', async () => {
    const app = api.with({ probe: () => Promise.resolve({ kind: 'unreadable', reason: 'moov atom not found' }) });
    const { status, body } = await sendForm<Problem>(app, owner.token, postForm(metadata, mp4()));
    expect([status, body.code, faultsIn(body)]).toEqual([422, 'media_truncated', { file: 'ffprobe can not read the video: moov atom not found' }]);
    await expectNothingKept(before);
  });

  test('5 GB, which is refused by its own word before it comes', async () => {
    const answer = await onPort((port) => {
      const headers = { authorization: `Bearer ${owner.token}`, 'content-type': MULTIPART, 'content-length': String(5_000_000_000) };
      return sendRaw(port, headers, Readable.from(forever(formOf(partHead('metadata'), JSON.stringify(metadata), fileHead())), { objectMode: false }));
    });
    expect([answer.status, (answer.body as Problem).code]).toEqual([413, 'media_too_large']);
    await expectNothingKept(before);
  });

  test('a file that grows beyond what is taken, without a word of its length', async () => {
    const app = api.with({ config: { ...api.deps.config, mediaMaxBytes: MIB } });
    const { status, body } = await sendForm<Problem>(app, owner.token, postForm(metadata, mp4(MIB)));
    expect([status, body.code, faultsIn(body)]).toEqual([413, 'media_too_large', { file: 'A file may have at most 1048576 bytes here.' }]);
    await expectNothingKept(before);
  });

  test('an upload that its sender breaks off', async () => {
    await onPort(async (port) => {
      const source = new Readable({ read: () => undefined });
      source.push(formOf(partHead('metadata'), JSON.stringify(metadata), fileHead(), mp4Head(MIB), Buffer.alloc(300_000)));
      const sending = sendRaw(port, { authorization: `Bearer ${owner.token}`, 'content-type': MULTIPART }, source).then(
        () => 'answered',
        () => 'broken off',
      );
      await eventually(async () => (await api.files()).some((name) => name.endsWith('.part')));
      source.destroy(new Error('the cable was pulled'));
      expect(await sending).toBe('broken off');
      await eventually(async () => (await api.files()).length === before.length);
    });
    await expectNothingKept(before);
  });

  test('a body that ends inside the file', () =>
    refused(formOf(partHead('metadata'), JSON.stringify(metadata), fileHead(), mp4()), 422, 'validation_failed', {
      file: expect.stringContaining('the request broke off before its end'),
    }));

  test('an upload that comes no further', async () => {
    const source = new Readable({ read: () => undefined });
    source.push(formOf(partHead('metadata'), '{}', fileHead(), 'abc'));
    const storage = createLocalStorage(join(tmpdir(), randomUUID()));
    const reading = readUpload({ source, contentType: MULTIPART, metadata: 'needed', idleMs: 50 }, ({ file }) => storage.put('key', file, 1_000));
    await expect(reading).rejects.toMatchObject({ code: 'validation_failed', detail: expect.stringContaining('nothing came for 0.05 s') });
    expect(await storage.stat('key')).toBeNull();
    expect(source.destroyed).toBe(false);
  });

  test('a body of another kind, or without a boundary', async () => {
    await refused(formOf('a=b'), 415, 'unsupported_media_type', {}, { 'content-type': 'application/x-www-form-urlencoded' });
    await refused(formOf('a=b'), 415, 'unsupported_media_type', {}, { 'content-type': 'multipart/form-data' });
    await refused(formOf('a=b'), 415, 'unsupported_media_type', {}, { 'content-type': 'multipart/form-data; charset=utf-8' });
    await refused(formOf(`--${BOUNDARY}`, '\r\nnonsense'), 422, 'validation_failed', { file: expect.anything() });
  });
});

describe('a refusal reaches a sender who has not finished', () => {
  test('before the first byte of the file is stored', async () => {
    const before = await api.files();
    const answer = await onPort((port) => {
      const head = formOf(partHead('metadata'), JSON.stringify({ ...metadata, privacy_level: null }), fileHead());
      return sendRaw(port, { authorization: `Bearer ${owner.token}`, 'content-type': MULTIPART }, Readable.from(forever(head), { objectMode: false }));
    });
    expect([answer.status, Object.keys(faultsIn(answer.body))]).toEqual([422, ['privacy_level']]);
    await expectNothingKept(before);
  });
});

describe('files of their own', () => {
  const upload = async (file: Buffer) => {
    const { status, body } = await sendForm<{ id: string; sha256: string }>(api.app, owner.token, formOf(fileHead('mine.mp4'), file, END), { path: '/api/media' });
    expect(status).toBe(201);
    return body;
  };

  test('are uploaded once and posted twice; they go with the last post', async () => {
    const stored = await upload(mp4(2_000));
    const before = (await api.files()).length;
    const post = async () => {
      const { status, body } = await api.call<Created>('POST', '/api/posts', { token: owner.token, body: { ...metadata, media_id: stored.id } });
      expect([status, body.items?.[0]?.media]).toMatchObject([202, { id: stored.id, sha256: stored.sha256 }]);
      return body.items[0]!.id;
    };
    const ids = [await post(), await post()];
    expect((await api.call('DELETE', `/api/media/${stored.id}`, { token: owner.token })).status).toBe(409);
    await api.database.db.updateTable('posts').set({ state: 'published' }).where('id', 'in', ids).execute();
    expect((await api.call('DELETE', `/api/posts/${ids[0]}`, { token: owner.token })).status).toBe(204);
    expect((await api.files()).length).toBe(before);
    expect((await api.call('DELETE', `/api/posts/${ids[1]}`, { token: owner.token })).status).toBe(204);
    expect((await api.files()).length).toBe(before - 1);
    expect((await api.call('GET', `/api/media/${stored.id}`, { token: owner.token })).status).toBe(404);
  });

  test('are listed, shown and deleted, by their workspace alone', async () => {
    const stored = await upload(mp4());
    const stranger = await api.marketer();
    expect((await api.call<{ items: { id: string }[] }>('GET', '/api/media', { token: owner.token })).body.items.map(({ id }) => id)).toEqual([stored.id]);
    for (const method of ['GET', 'DELETE']) expect((await api.call(method, `/api/media/${stored.id}`, { token: stranger.token })).status).toBe(404);
    expect((await api.call<{ items: [] }>('GET', '/api/media', { token: stranger.token })).body.items).toEqual([]);
    const foreign = await api.call<Problem>('POST', '/api/posts', { token: stranger.token, body: { ...metadata, social_account_ids: [stranger.account], media_id: stored.id } });
    expect([foreign.status, faultsIn(foreign.body)]).toEqual([422, { media_id: 'is no file of this workspace' }]);
    expect((await api.call('DELETE', `/api/media/${stored.id}`, { token: owner.token })).status).toBe(204);
    expect(await api.call('GET', `/api/media/${stored.id}`, { token: owner.token })).toMatchObject({ status: 404 });
  });

  test('can’t be deleted under somebody who is posting them', async () => {
    const stored = await upload(mp4());
    const { db } = api.database;
    let commit = (): void => undefined;
    let posted = false;
    const posting = db.transaction().execute(async (trx) => {
      const request = { social_account_id: owner.account, workspace_id: owner.workspace_id };
      const id = await seedPublishedPost(trx, request, []);
      await trx.updateTable('posts').set({ source: 'file', media_id: stored.id, video_url: null }).where('id', '=', id).execute();
      posted = true;
      await new Promise<void>((resolve) => (commit = resolve));
    });
    await eventually(() => posted);
    const deleting = api.call('DELETE', `/api/media/${stored.id}`, { token: owner.token });
    const isWaiting = async () => (await sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db)).rows.length > 0;
    await eventually(isWaiting).finally(() => commit());
    await posting;
    expect((await deleting).status).toBe(409);
    expect((await api.call('GET', `/api/media/${stored.id}`, { token: owner.token })).status).toBe(200);
  });

  test('take no metadata', async () => {
    const { status, body } = await sendForm<Problem>(api.app, owner.token, formOf(partHead('metadata'), '{}', fileHead(), mp4(), END), { path: '/api/media' });
    expect([status, faultsIn(body)]).toEqual([422, { metadata: 'is not a part of this request' }]);
  });

  test('too long for a draft are refused as one', async () => {
    const stored = await upload(mp4());
    const probe = JSON.stringify({ container: 'mp4', video_codec: 'h264', width: 720, height: 1_280, frame_rate: 30, duration_ms: 700_000 });
    await api.database.db.updateTable('media').set({ probe }).where('id', '=', stored.id).execute();
    const body = { social_account_ids: [owner.account], mode: 'inbox', media_id: stored.id };
    const answer = await api.call<Problem>('POST', '/api/posts', { token: owner.token, body });
    expect([answer.status, answer.body.code, Object.keys(faultsIn(answer.body))]).toEqual([422, 'media_too_long', ['media_id']]);
  });
});

async function onPort<T>(run: (port: number) => Promise<T>): Promise<T> {
  const server: Listening = await listen(api.app);
  try {
    return await run(server.port);
  } finally {
    await server.close();
  }
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function* forever(head: Buffer): Generator<Buffer> {
  yield head;
  const chunk = Buffer.alloc(64 * 1024);
  for (;;) yield chunk;
}
