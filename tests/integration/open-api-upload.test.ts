import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ChunkAnswer, OpenApiResult } from '../../domain/contracts/open-api.ts';
import { createOpenApiClient, type OpenApiClient } from '../../tiktok/open-api/index.ts';
import { isUploadUrl } from '../../tiktok/open-api/upload-url.ts';
import { eventually } from '../helpers/eventually.ts';

const APP = { client_key: 'aw-key', client_secret: 'app-secret-0123456789' };
const MIB = 1024 * 1024;

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Target {
  client: OpenApiClient;
  url: string;
  sockets: Set<Socket>;
}

async function target(handle: (request: IncomingMessage, response: ServerResponse) => void, timeoutMs = 5_000): Promise<Target> {
  const server = createServer(handle);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const openApiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createOpenApiClient({ openApiUrl, app: APP, timeoutMs });
  closing.push(
    () => client.close(),
    () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  );
  return { client, url: `${openApiUrl}/video/?upload_id=67890&upload_token=Xza123-secret`, sockets };
}

/** Bytes as a file gives them, counted as they are asked for. */
function source(bytes: number, block: Buffer = Buffer.alloc(256 * 1024)): Readable & { given: number } {
  const stream = new Readable({
    highWaterMark: block.length,
    read() {
      const part = block.subarray(0, Math.min(block.length, bytes - readable.given));
      readable.given += part.length;
      this.push(part.length === 0 ? null : part);
    },
  });
  const readable = Object.assign(stream, { given: 0 });
  return readable;
}

type Range = { first?: number; last?: number; total?: number };
const put = ({ client, url }: Pick<Target, 'client' | 'url'>, body: Readable, { first = 0, last = 99, total = 1_000 }: Range = {}, signal?: AbortSignal): Promise<OpenApiResult<ChunkAnswer>> =>
  client.uploadChunk({ upload_url: url, content_type: 'video/mp4', first, last, total, body }, signal);

describe('A chunk', () => {
  test('arrives byte by byte, with the headers that TikTok wants and without a token', async () => {
    const bytes = randomBytes(3 * MIB);
    const received: { headers: IncomingMessage['headers']; method: string; url: string; hash: string }[] = [];
    const to = await target((request, response) => {
      const hash = createHash('sha256');
      request.on('data', (part: Buffer) => hash.update(part));
      request.on('end', () => {
        received.push({ headers: request.headers, method: request.method!, url: request.url!, hash: hash.digest('hex') });
        response.writeHead(206, { 'content-range': 'bytes 0-13145728/99999999' }).end();
      });
    });
    const range = { first: 10_000_000, last: 10_000_000 + bytes.length - 1, total: 99_999_999 };
    expect(await put(to, Readable.from([bytes.subarray(0, MIB), bytes.subarray(MIB)]), range)).toEqual({ ok: true, value: { kind: 'stored' } });
    expect(received).toEqual([expect.objectContaining({ method: 'PUT', url: '/video/?upload_id=67890&upload_token=Xza123-secret', hash: createHash('sha256').update(bytes).digest('hex') })]);
    expect(received[0]!.headers).toMatchObject({ 'content-type': 'video/mp4', 'content-length': String(bytes.length), 'content-range': `bytes 10000000-13145727/99999999` });
    expect(received[0]!.headers).not.toHaveProperty('authorization');
    expect(received[0]!.headers).not.toHaveProperty('transfer-encoding');
  });

  test.each<[number, string | null, object]>([
    [201, null, { ok: true, value: { kind: 'complete' } }],
    [206, null, { ok: true, value: { kind: 'stored' } }],
    [403, null, { ok: true, value: { kind: 'dead', reason: expect.stringContaining('403: the words of TikTok') } }],
    [404, null, { ok: true, value: { kind: 'dead', reason: expect.stringContaining('404: the words of TikTok') } }],
    [416, 'bytes 0-67108864/99999999', { ok: true, value: { kind: 'mismatch', uploaded_bytes: 67_108_864 } }],
    [416, 'bytes 0-0/99999999', { ok: true, value: { kind: 'mismatch', uploaded_bytes: 0 } }],
    [416, null, { ok: true, value: { kind: 'mismatch', uploaded_bytes: null } }],
    [416, 'bytes */99999999', { ok: true, value: { kind: 'mismatch', uploaded_bytes: null } }],
    [400, null, { ok: false, code: 'tiktok_invalid_params', retryable: false, definite: true, reason: expect.stringContaining('the words of TikTok') }],
    [429, null, { ok: false, code: 'tiktok_rate_limited', retryable: true, retry_after_ms: 3_000 }],
    [500, null, { ok: false, code: 'tiktok_internal', retryable: true, definite: false }],
    [502, null, { ok: false, code: 'tiktok_internal', retryable: true }],
    [302, null, { ok: false, code: 'tiktok_bad_response', retryable: false }],
  ])('answered with HTTP %d and %s', async (status, contentRange, expected) => {
    const to = await target((request, response) => {
      request.resume().on('end', () => {
        const headers = { 'retry-after': '3', location: 'http://127.0.0.1:1/', ...(contentRange === null ? {} : { 'content-range': contentRange }) };
        response.writeHead(status, headers).end('the words of TikTok with Xza123-secret in them');
      });
    });
    const result = await put(to, source(100));
    expect(result).toMatchObject(expected);
    expect(JSON.stringify(result)).not.toContain('Xza123-secret');
  });

  test.each([
    ['and the connection stays', false],
    ['and the connection closes behind it', true],
  ])('that is refused before its bytes came is not sent to its end %s', async (_name, closes) => {
    const to = await target((request, response) => {
      response.writeHead(416, { 'content-range': 'bytes 0-500/134217728', ...(closes ? { connection: 'close' } : {}) });
      response.end('wrong place', () => closes && setTimeout(() => request.socket.destroy(), 50));
    });
    for (let round = 0; round < 5; round += 1) {
      const body = source(64 * MIB);
      expect(await put(to, body, { last: 64 * MIB - 1, total: 128 * MIB })).toEqual({ ok: true, value: { kind: 'mismatch', uploaded_bytes: 500 } });
      expect(body.destroyed).toBe(true);
      expect(body.given).toBeLessThan(64 * MIB);
    }
  });

  test('whose connection breaks may be sent again', async () => {
    const to = await target((request) => {
      let bytes = 0;
      request.on('error', () => undefined).on('data', (part: Buffer) => (bytes += part.length) > MIB && request.socket.destroy());
    });
    const body = source(64 * MIB);
    expect(await put(to, body, { last: 64 * MIB - 1, total: 64 * MIB })).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: false, retryable: true });
    expect(body.destroyed).toBe(true);
  });

  test('that finds nobody may be sent again', async () => {
    const to = await target(() => undefined);
    expect(await put({ client: to.client, url: 'http://127.0.0.1:9/x' }, source(100))).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: true, retryable: true });
  });

  test.each<[string, (request: IncomingMessage) => void]>([
    ['its bytes are not taken', (request) => void request.pause()],
    ['its answer does not come', (request) => void request.resume()],
  ])('ends when %s for too long', async (_name, handle) => {
    const to = await target(handle, 200);
    expect(await put(to, source(64 * MIB), { last: 64 * MIB - 1 })).toMatchObject({ ok: false, code: 'tiktok_unreachable', definite: false, retryable: true, reason: 'No byte of the upload went through for 0.2 s.' });
  });

  test('may take much longer than the timeout, as long as bytes go through', async () => {
    const to = await target((request, response) => {
      request.resume().on('end', () => response.writeHead(201).end());
    }, 200);
    let given = 0;
    const slow = new Readable({ read() { setTimeout(() => this.push(given++ < 40 ? Buffer.alloc(25_000) : null), 20); } }); // prettier-ignore
    const began = performance.now();
    expect(await put(to, slow, { last: 999_999, total: 1_000_000 })).toEqual({ ok: true, value: { kind: 'complete' } });
    expect(performance.now() - began).toBeGreaterThan(400);
  });

  test('is read no faster than TikTok takes it', async () => {
    let go = (): void => undefined;
    const to = await target((request, response) => {
      go = () => void request.resume().on('end', () => response.writeHead(201).end());
    });
    const body = source(64 * MIB);
    const result = put(to, body, { last: 64 * MIB - 1, total: 64 * MIB });
    let before = -1;
    await eventually(async () => {
      const same = body.given === before;
      before = body.given;
      await turn();
      return same && before > 0;
    }, { intervalMs: 100 }); // prettier-ignore
    expect(before).toBeLessThan(16 * MIB);
    go();
    expect(await result).toEqual({ ok: true, value: { kind: 'complete' } });
    expect(body.given).toBe(64 * MIB);
  });

  test.each([
    ['ends too early', () => source(99), 'media_changed'],
    ['goes on too long', () => source(101), 'media_changed'],
    ['fails', () => new Readable({ read() { this.destroy(new Error('disk gone')); } }), 'disk gone'], // prettier-ignore
    ['is gone', () => source(100).destroy(), 'media_changed'],
  ])('whose file %s is a fault of ours', async (_name, body, words) => {
    const to = await target((request) => void request.on('error', () => undefined).resume());
    const failed = await put(to, body()).then(() => null, (error: Error & { code?: string }) => `${error.code ?? ''} ${error.message}`); // prettier-ignore
    expect(failed).toContain(words);
  });

  test('ends with the signal', async () => {
    const abort = new AbortController();
    const to = await target((request) => void request.on('error', () => undefined).once('data', () => abort.abort(new Error('the worker ends'))));
    const body = source(64 * MIB);
    await expect(put(to, body, { last: 64 * MIB - 1 }, abort.signal)).rejects.toThrow('the worker ends');
    expect(body.destroyed).toBe(true);
    await expect(put(to, source(100), {}, abort.signal)).rejects.toThrow('the worker ends');
  });

  test('takes the connection of the chunk before', async () => {
    const to = await target((request, response) => void request.resume().on('end', () => response.writeHead(206).end()));
    for (let index = 0; index < 4; index += 1) expect(await put(to, source(100))).toMatchObject({ ok: true });
    expect(to.sockets.size).toBe(1);
  });
});

describe('An upload URL', () => {
  const REAL = 'https://open.tiktokapis.com';
  const LOCAL = 'http://127.0.0.1:8090';

  test.each([
    ['https://open-upload.tiktokapis.com/video/?upload_id=1', REAL],
    ['https://upload.us.tiktokapis.com/video/?upload_id=1', REAL],
    ['https://open-upload-va.tiktokapis.com/upload/?x', LOCAL],
    ['http://127.0.0.1:8090/upload/', LOCAL],
    ['http://localhost:9999/upload/', LOCAL],
    ['http://[::1]:9999/upload/', LOCAL],
    ['http://mock:8090/upload/', 'http://mock:8090'],
    ['http://127.0.0.1:1/upload/', 'https://localhost:8090'],
  ])('%s is one for %s', (url, api) => {
    expect(isUploadUrl(url, api)).toBe(true);
  });

  test.each([
    ['http://open-upload.tiktokapis.com/video/', REAL],
    ['https://open-upload.tiktokapis.com:8443/video/', REAL],
    ['https://user:pass@open-upload.tiktokapis.com/', REAL],
    ['https://tiktokapis.com.evil.example/', REAL],
    ['https://eviltiktokapis.com/', REAL],
    ['http://127.0.0.1:8090/upload/', REAL],
    ['http://169.254.169.254/latest/', REAL],
    ['http://169.254.169.254/latest/', LOCAL],
    ['http://10.0.0.1/', LOCAL],
    ['http://127.0.0.1.evil.example/', LOCAL],
    ['https://open.tiktokapis.com@evil.example/', REAL],
    ['ftp://127.0.0.1/x', LOCAL],
    ['file:///etc/passwd', LOCAL],
    ['nonsense', LOCAL],
  ])('%s is none for %s', (url, api) => {
    expect(isUploadUrl(url, api)).toBe(false);
  });

  test('that is none gets not a byte', async () => {
    const { client } = await target(() => undefined);
    const body = source(100);
    expect(await put({ client, url: 'http://169.254.169.254/x?upload_token=secret' }, body)).toMatchObject({
      ok: false,
      code: 'tiktok_bad_response',
      definite: true,
      retryable: false,
      reason: 'TikTok gave an upload URL that is not TikTok’s (169.254.169.254): nothing was sent.',
    });
    expect([body.destroyed, body.given]).toEqual([true, 0]);
  });
});
