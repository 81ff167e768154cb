import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { isAlive } from '../../scripts/supervisor/process-info.ts';
import { readRunning, type Running } from '../../scripts/supervisor/running.ts';
import { call } from '../helpers/api-client.ts';
import { eventually } from '../helpers/eventually.ts';
import { freePort, removeDataDir, Start, survivors } from '../helpers/start.ts';

const PERSON = { email: 'keeper@example.test', password: 'correct horse battery', full_name: 'Keeper' };

jest.setTimeout(240_000);

const starts: Start[] = [];
const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'showrunner-start-'));
  folders.push(folder);
  return folder;
}

function start(dataDir: string, env: Record<string, string>): Start {
  const started = new Start(dataDir, env);
  starts.push(started);
  return started;
}

afterAll(async () => {
  for (const started of starts) await started.end('SIGTERM');
  folders.forEach(removeDataDir);
});

describe('npm start', () => {
  let folder: string;
  let port: string;
  let first: Start;
  let running: Running;

  beforeAll(async () => {
    folder = newFolder();
    port = String(await freePort());
    first = start(folder, { PORT: port });
    running = await first.up();
  });

  const pidOf = (name: string): number | undefined => readRunning(folder)?.processes.find((process_) => process_.name === name)?.pid;
  const login = (): Promise<unknown> => call(`http://127.0.0.1:${port}`, null, 'POST', '/api/auth/login', PERSON);
  const healthy = (): Promise<{ status: string }> => call(`http://127.0.0.1:${port}`, null, 'GET', '/health');

  test('comes up and says where everything is', async () => {
    expect(await healthy()).toMatchObject({ status: 'ok' });
    for (const said of [running.media_url!, running.rtmp_url!, `${running.api_url}/studio/{id}`, `${running.api_url}/watch/{id}`]) expect(first.output).toContain(said);
    expect((await fetch(`${running.media_url}/health`)).status).toBe(200);
    for (const said of [running.api_url, `${running.api_url}/docs`, running.temporal_ui_url!, running.mqtt_url, running.sandbox_url!, 'npm run demo', 'Ctrl-C']) {
      expect(first.output).toContain(said);
    }
    await call(running.api_url, null, 'POST', '/api/auth/register', PERSON);
  });

  test('refuses a second start on the same data folder in one line that says who holds it', async () => {
    const second = start(folder, { PORT: String(await freePort()) });
    expect(await second.exit()).toBe(1);
    expect(second.output).toContain(`Showrunner runs already on ${folder} (process ${running.pid})`);
    expect(await healthy()).toMatchObject({ status: 'ok' });
  });

  test.each([
    ['PORT', {}],
    ['MQTT_PORT', { PORT: '0' }],
    ['SANDBOX_PORT', { PORT: '0' }],
    ['MEDIA_PORT', { PORT: '0' }],
    ['RTMP_PORT', { PORT: '0' }],
    ['MEDIA_RTC_PORT', { PORT: '0' }],
  ])('names port and variable when the port of %s is in use, and leaves nothing behind', async (variable, others) => {
    const other = newFolder();
    const taken = createServer().listen(0, '127.0.0.1');
    await eventually(() => taken.listening);
    const address = taken.address() as { port: number };
    const refused = start(other, { ...others, [variable]: String(address.port) });
    expect(await refused.exit()).toBe(1);
    expect(refused.output).toMatch(new RegExp(`^Port ${address.port} is in use: .*${variable}`, 'm'));
    expect(readRunning(other)).toBeNull();
    taken.close();
  });

  test.each(['worker live', 'worker actions', 'worker media', 'api', 'sandbox', 'MQTT broker', 'Temporal', 'PostgreSQL'])('starts %s again when it is killed, and says so', async (name) => {
    const before = pidOf(name)!;
    process.kill(before, 'SIGKILL');
    await eventually(() => pidOf(name) !== before && pidOf(name), { timeoutMs: 60_000 });
    await eventually(() => first.output.includes(`${name} is back`), { timeoutMs: 60_000 });
    expect(first.output).toContain(`${name} ended unexpectedly; starting it again`);
    await eventually(async () => (await healthy()).status === 'ok', { timeoutMs: 60_000 });
    running = readRunning(folder)!;
  });

  test('gives the media host other ports where the usual ones are in use, and the API knows them', async () => {
    const { access_token } = await call<{ access_token: string }>(running.api_url, null, 'POST', '/api/auth/login', PERSON);
    const { urls } = await call<{ urls: { rtmp: string; whip: string } }>(running.api_url, access_token, 'POST', '/streams', { title: 'Ports' });
    expect(urls).toMatchObject({ rtmp: running.rtmp_url, whip: `${running.media_url}/whip` });
  });

  test('Ctrl-C stops everything and leaves no process behind', async () => {
    expect(survivors(running)).toHaveLength(running.processes.length);
    await first.end('SIGINT');
    expect(survivors(running)).toEqual([]);
    expect(isAlive(running.pid)).toBe(false);
    expect(readRunning(folder)).toBeNull();
  });

  test('a second start keeps all data, and outlives the end of a supervisor by kill -9', async () => {
    const second = await start(folder, { PORT: port }).up();
    await login();
    expect(second.mqtt_url).toBe(running.mqtt_url);

    process.kill(second.pid, 'SIGKILL');
    await eventually(() => survivors(second).every((name) => ['PostgreSQL', 'Temporal'].includes(name)), { timeoutMs: 60_000 });

    const third = start(folder, { PORT: port });
    const { processes } = await third.up();
    await login();
    expect(survivors(second)).toEqual([]);
    expect(processes.map(({ name }) => name).sort()).toEqual(running.processes.map(({ name }) => name).sort());
    await third.end('SIGTERM', 'npm');
    expect(survivors({ ...second, processes })).toEqual([]);
  });
});

test('npm start works without mediasoup and ffmpeg, and says what is off and what turns it on', async () => {
  const folder = newFolder();
  const bare = start(folder, { PORT: '0', MEDIASOUP_WORKER_BIN: '/nonexistent/mediasoup-worker', FFMPEG_PATH: '/nonexistent/ffmpeg' });
  const { api_url, media_url, rtmp_url, processes } = await bare.up();
  expect([media_url, rtmp_url]).toEqual([null, null]);
  expect(bare.output).toMatch(/Streams +off, no mediasoup worker and no ffmpeg\. To turn them on: npm run setup:media/);
  expect(processes.map(({ name }) => name)).toContain('worker media');
  await call(api_url, null, 'POST', '/api/auth/register', PERSON);
  await bare.end('SIGINT');
});
