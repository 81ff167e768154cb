import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { cachedWorkerBinary, findWorkerBinary, MEDIASOUP_VERSION } from '../../config/mediasoup-worker.ts';
import { downloadWorker } from '../../scripts/media/prebuilt-worker.ts';
import { checkWorker, mediasoupWorker } from '../../scripts/media/worker-binary.ts';

jest.setTimeout(180_000);

const MACHINE = { platform: 'linux', arch: 'x64', release: '6.1.0', glibc: '2.36' };
const say = (): void => undefined;
let folder: string;
let server: Server;
let base: string;
/** What is answered instead of the archive; null: the archive, which has the real worker in it. */
let answer: { status: number; body: Buffer; headers?: Record<string, string> } | null = null;
let asked: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'showrunner-setup-'));
  const worker = findWorkerBinary(process.env.MEDIASOUP_WORKER_BIN || undefined);
  if (!worker) throw new Error('There is no mediasoup worker: npm run setup:media');
  copyFileSync(worker, join(folder, 'mediasoup-worker'));
  execFileSync('tar', ['-czf', join(folder, 'worker.tgz'), '-C', folder, 'mediasoup-worker']);
  const archive = readFileSync(join(folder, 'worker.tgz'));
  server = createServer((request, response) => {
    asked.push(request.url!);
    const { status, body, headers = {} } = answer ?? { status: 200, body: archive };
    response.writeHead(status, headers);
    response.write(body);
    if (headers['content-length'] && Number(headers['content-length']) > body.length) response.socket?.end();
    else response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/download`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

test('The prebuilt worker is downloaded once, works, and is used from then on', async () => {
  answer = null;
  asked = [];
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: base };
  const path = await mediasoupWorker({ env, say });
  expect(path).toBe(cachedWorkerBinary(join(folder, 'cache')));
  await checkWorker(path, process.env);
  expect(await mediasoupWorker({ env, say })).toBe(path);
  expect(asked).toEqual([expect.stringMatching(new RegExp(`^/download/${MEDIASOUP_VERSION}/mediasoup-worker-${MEDIASOUP_VERSION}-.*\\.tgz$`))]);
});

test('A worker in the cache that does not work any more is got anew', async () => {
  const cache = join(folder, 'cache');
  writeFileSync(cachedWorkerBinary(cache), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const said: string[] = [];
  const path = await mediasoupWorker({ env: { ...process.env, XDG_CACHE_HOME: cache, MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: base }, say: (line) => said.push(line) });
  await checkWorker(path, process.env);
  expect(said.join('\n')).toContain('does not work any more');
});

describe('A download is refused', () => {
  const work = (): string => mkdtempSync(join(folder, 'work-'));

  test.each([
    ['that is not there', { status: 404, body: Buffer.from('Not Found') }, /answered 404/],
    ['that is a page of words', { status: 200, body: Buffer.from('<html>sorry</html>') }, /only 18 bytes/],
    ['that breaks off', { status: 200, body: randomBytes(2 * 1024 * 1024), headers: { 'content-length': '9000000' } }, /broke off|terminated|closed|aborted/],
    ['that is no archive', { status: 200, body: randomBytes(2 * 1024 * 1024) }, /tar|gzip/],
  ])('%s', async (_, given, reason) => {
    answer = given;
    await expect(downloadWorker(MACHINE, work(), base, say)).rejects.toThrow(reason);
  });

  test('from where nothing listens', async () => {
    await expect(downloadWorker(MACHINE, work(), 'http://127.0.0.1:9/download', say)).rejects.toThrow(/ECONNREFUSED|bad port/);
  });
});

test('A named binary that is not there, or does not work, is refused by the name of its variable', async () => {
  await expect(mediasoupWorker({ given: '/nonexistent/worker', env: process.env, say })).rejects.toThrow(/MEDIASOUP_WORKER_BIN names \/nonexistent\/worker/);
  await expect(mediasoupWorker({ given: '/bin/false', env: process.env, say })).rejects.toThrow(/MEDIASOUP_WORKER_BIN names \/bin\/false, which does not work here/);
});

test('npm run setup:media says what is there, and ends with 1 and the reason where something can not be had', async () => {
  const setup = (env: Record<string, string>): Promise<{ code: number | null; output: string }> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/setup-media.ts'], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
      child.once('close', (code) => resolve({ code, output }));
    });
  const worker = findWorkerBinary(process.env.MEDIASOUP_WORKER_BIN || undefined)!;
  expect(await setup({})).toEqual({ code: 0, output: expect.stringContaining(worker) });
  const refused = await setup({ MEDIASOUP_WORKER_BIN: '/nonexistent/worker', FFMPEG_PATH: '/nonexistent/ffmpeg' });
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('FFMPEG_PATH names /nonexistent/ffmpeg');
  expect(refused.output).toContain('MEDIASOUP_WORKER_BIN names /nonexistent/worker');
  expect(existsSync('/nonexistent')).toBe(false);
});
