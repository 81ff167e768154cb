import { afterEach, expect, test } from '@jest/globals';
import { createApp } from '../../api/app.ts';
import { checkHealth } from '../../api/health.ts';
import type { ApiConfig } from '../../api/deps.ts';
import { openDb } from '../../db/client.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
const start = async (config: Partial<ApiConfig> = {}) => (api = await createTestApi(config));
afterEach(() => api.close());

test('ready says what answers; Temporal alone may be gone', async () => {
  await start();
  expect(await api.call('GET', '/health/ready')).toMatchObject({
    status: 200,
    body: { status: 'ok', checks: { postgres: 'ok', temporal: 'ok' } },
  });
  api.temporal.reachable = false;
  for (const path of ['/health', '/health/ready']) {
    expect(await api.call('GET', path)).toMatchObject({
      status: 200,
      body: { status: 'degraded', checks: { postgres: 'ok', temporal: 'failed' } },
    });
  }
});

test('without PostgreSQL the process lives, but is not ready', async () => {
  await start();
  const gone = openDb({ url: 'postgres://postgres@127.0.0.1:1/nowhere' });
  const app = createApp({ ...api.deps, db: gone.db });
  const ready = await app.request('/health/ready');
  expect([ready.status, await ready.json()]).toMatchObject([503, { status: 'unavailable', checks: { postgres: 'failed' } }]);
  expect((await app.request('/health/live')).status).toBe(200);
  await gone.close();
});

test('a check that never answers counts as failed in time', async () => {
  await start();
  const silent = { ...api.temporal, isReachable: () => new Promise<boolean>(() => undefined) };
  expect(await checkHealth({ db: api.database.db, temporal: silent }, 50)).toEqual({
    status: 'degraded',
    checks: { postgres: 'ok', temporal: 'failed' },
  });
});

test('metrics count answers by route pattern, never by path', async () => {
  await start();
  const { token } = await api.person();
  await api.call('GET', '/api/devices/0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10', { token });
  await api.call('GET', '/api/whatever-0199c6f0');
  const { headers, body } = await api.call<string>('GET', '/metrics');
  expect(headers.get('content-type')).toContain('text/plain');
  expect(body).toContain('showrunner_http_request_duration_seconds_count{method="GET",route="/api/devices/:id",status="404"} 1');
  expect(body).toContain('route="none",status="404"} 1');
  expect(body).not.toContain('0199c6f0');
});

test('the root tells programs in JSON and people on a page', async () => {
  await start({ links: { temporalUi: 'http://127.0.0.1:8233', mqtt: null } });
  expect((await api.call('GET', '/')).body).toMatchObject({
    status: 'ok',
    version: '0.0.0-test',
    database: 'up',
    temporal: 'up',
    rabbitmq: 'off',
    tiktok: 'sandbox',
    links: { docs: 'http://127.0.0.1:8080/docs', temporal_ui: 'http://127.0.0.1:8233' },
  });
  const page = await api.call<string>('GET', '/', { headers: { accept: 'text/html,*/*' } });
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.body).toContain('href="http://127.0.0.1:8080/docs"');
});

test('the root says what does not answer; RabbitMQ alone leaves the rest ready', async () => {
  await start({ amqpUrl: 'amqp://guest:guest@127.0.0.1:1' });
  expect((await api.call('GET', '/')).body).toMatchObject({ status: 'ok', rabbitmq: 'down' });
  expect(await api.call('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
  api.temporal.reachable = false;
  expect((await api.call('GET', '/')).body).toMatchObject({ status: 'degraded', temporal: 'down', database: 'up' });
  const gone = openDb({ url: 'postgres://postgres@127.0.0.1:1/nowhere' });
  const answer = await createApp({ ...api.deps, db: gone.db }).request('/');
  expect([answer.status, await answer.json()]).toMatchObject([200, { status: 'unavailable', database: 'down' }]);
  await gone.close();
});

test('answers carry headers that keep browsers from misusing them; HSTS only behind https', async () => {
  await start();
  const { headers } = await api.call('GET', '/health/live');
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
  expect(headers.get('strict-transport-security')).toBeNull();
  const behindTls = createApp({ ...api.deps, config: { ...api.deps.config, publicUrl: 'https://show.example.com' } });
  expect((await behindTls.request('/health/live')).headers.get('strict-transport-security')).toContain('max-age=');
});

test('only origins that are configured may call from a browser', async () => {
  await start({ corsOrigins: ['https://console.example.com'] });
  const preflight = (origin: string) =>
    api.call('OPTIONS', '/api/devices', {
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,x-workspace-id' },
    });
  const allowed = await preflight('https://console.example.com');
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://console.example.com');
  expect(allowed.headers.get('access-control-allow-headers')).toContain('X-Workspace-Id');
  expect((await preflight('https://evil.example.com')).headers.get('access-control-allow-origin')).toBeNull();
  const refused = await api.call('GET', '/api/devices', { headers: { origin: 'https://console.example.com' } });
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://console.example.com']);
});
