import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isReadyMessage } from '../../config/lifecycle.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(2);
});
afterAll(() => database.drop());

/** The API as a process of its own; Temporal is not there. */
function run(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'api/main.ts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      JWT_SECRET: 'a secret of tests that is long enough',
      TOKEN_ENCRYPTION_KEY: 'ab'.repeat(32),
      PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let written = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk) => (written += String(chunk)));
  const exited = once(child, 'exit').then(([code]) => ({ code: code as number | null, stderr: written }));
  const ready = new Promise<string>((resolve, reject) => {
    child.on('message', (message) => isReadyMessage(message) && resolve(message.url ?? ''));
    void exited.then(({ stderr }) => reject(new Error(`ended before it was ready: ${stderr}`)));
  });
  return { child, ready, exited };
}

test('comes up without Temporal, says so, and ends in order with a stream still open', async () => {
  const { child, ready, exited } = run({});
  const url = await ready;
  const health = await fetch(`${url}/health`);
  expect([health.status, await health.json()]).toMatchObject([200, { status: 'degraded', checks: { postgres: 'ok', temporal: 'failed' } }]);
  expect(await (await fetch(url)).json()).toMatchObject({ links: { docs: `${url}/docs` } });

  const person = { email: 'ada@example.com', password: 'correct horse battery', full_name: 'Ada' };
  const post = (path: string) =>
    fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(person) });
  expect((await post('/api/auth/register')).status).toBe(201);
  const { access_token } = (await (await post('/api/auth/login')).json()) as { access_token: string };
  const stream = await fetch(`${url}/api/events/stream?token=${access_token}`);
  expect(stream.status).toBe(200);
  const ended = stream.text();

  const askedAt = Date.now();
  child.kill('SIGTERM');
  expect((await exited).code).toBe(0);
  expect(Date.now() - askedAt).toBeLessThan(10_000);
  await ended;
});

test('a port in use gives one line that names the port and the variable', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { ready, exited } = run({ PORT: String(port) });
  await expect(ready).rejects.toThrow();
  expect(await exited).toEqual({ code: 1, stderr: `Port ${port} on 127.0.0.1 is in use: set PORT to a free one.\n` });
  other.close();
});

test('faults of the environment are all named at once', async () => {
  const { ready, exited } = run({ PORT: 'eighty', JWT_SECRET: 'short', DATABASE_URL: 'mysql://x' });
  await expect(ready).rejects.toThrow();
  const { code, stderr } = await exited;
  expect(code).toBe(1);
  for (const name of ['PORT', 'JWT_SECRET', 'DATABASE_URL']) expect(stderr).toContain(`  - ${name}: `);
  expect(stderr).not.toContain('    at ');
});
