import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp } from '../../api/app.ts';
import { openDb } from '../../db/client.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  request_id: string;
  errors?: { field: string; message: string }[];
}

let api: TestApi;
let owner: Person;
beforeAll(async () => {
  api = await createTestApi();
  owner = await api.person();
});
afterAll(() => api.close());

const post = (body: unknown, headers?: Record<string, string>) =>
  api.call<Problem>('POST', '/api/devices', { token: owner.token, body, headers });
const LAMP = { name: 'Lamp', kind: 'mqtt', config: { preset: 'tasmota', base_topic: 'lamp' } };

function expectProblem({ status, headers, body }: { status: number; headers: Headers; body: Problem }, expected: Partial<Problem>): void {
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(body).toMatchObject({ ...expected, status, type: `urn:showrunner:error:${body.code}`, request_id: headers.get('x-request-id') });
  expect(body.title.length).toBeGreaterThan(0);
  expect(body.detail.length).toBeGreaterThan(0);
}

describe('every fault is a problem document:', () => {
  test('a path that no route has', async () => {
    expectProblem(await api.call<Problem>('GET', '/api/nothing?token=x'), { status: 404, code: 'not_found', instance: '/api/nothing' });
  });

  test('no body where fields are needed: they are named', async () => {
    const answer = await post('');
    expectProblem(answer, { status: 422, code: 'validation_failed' });
    expect(answer.body.errors?.map(({ field }) => field)).toContain('kind');
  });

  test('but no body where none is needed, under a type that promises one, is fine', async () => {
    const { status } = await api.call('POST', '/api/notifications/read-all', { token: owner.token, body: '' });
    expect(status).toBeLessThan(300);
  });

  test.each(['{"name":', 'nonsense', '{"a":1}}', '\u0000'])('malformed JSON %j', async (text) => {
    expectProblem(await post(text), { status: 400, code: 'malformed_json' });
  });

  test('a body of another type', async () => {
    expectProblem(await post('name=Lamp', { 'content-type': 'application/x-www-form-urlencoded' }), {
      status: 415,
      code: 'unsupported_media_type',
    });
  });

  test('a body that is too large, announced or not', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(300_000) });
    expectProblem(await post(large), { status: 413, code: 'payload_too_large' });
    const chunks = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024).fill(32));
      },
    });
    const init = {
      method: 'POST',
      body: chunks,
      duplex: 'half' as const,
      headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' },
    };
    expect((await api.app.request('/api/devices', init)).status).toBe(413);
  });

  test.each([
    ['a wrong type', { ...LAMP, name: 7 }, 'name'],
    ['an unknown field', { ...LAMP, colour: 'red' }, 'colour'],
    ['a value that is none of the choices', { ...LAMP, kind: 'smoke signals' }, 'kind'],
    ['a fault far inside', { ...LAMP, config: { preset: 'tasmota', base_topic: 'a/#' } }, 'config.base_topic'],
    ['a character that can not be stored', { ...LAMP, name: 'La\u0000mp' }, 'name'],
    ['a name that reaches for the prototype', '{"name":"Lamp","kind":"mqtt","config":{"__proto__":{"qos":2}}}', 'config.__proto__'],
    ['no object at all', [], 'body'],
  ])('%s, named by its field', async (_what, body, field) => {
    const answer = await post(body);
    expectProblem(answer, { status: 422, code: 'validation_failed' });
    expect(answer.body.errors?.map((fault) => fault.field)).toContain(field);
  });

  test('a body that is nested without end', async () => {
    const answer = await post('['.repeat(100_000) + ']'.repeat(100_000));
    expectProblem(answer, { status: 422, code: 'validation_failed' });
  });

  test('an id that is none, and a character that can not be stored, in path and query', async () => {
    const inPath = await api.call<Problem>('GET', '/api/devices/lamp', { token: owner.token });
    expect([inPath.status, inPath.body.errors?.[0]?.field]).toEqual([422, 'id']);
    const inQuery = await api.call<Problem>('GET', '/api/devices?cursor=%00', { token: owner.token });
    expect([inQuery.status, inQuery.body.errors?.[0]?.field]).toEqual([422, 'cursor']);
  });

  test('a hundred faults, of which fifty are told', async () => {
    const config = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`field${i}`, i]));
    const { body } = await post({ ...LAMP, config: { ...LAMP.config, ...config } });
    expect(body.errors).toHaveLength(50);
  });
});

describe('what goes wrong on our side', () => {
  test('is told as internal, without its reason, which is logged under the request id', async () => {
    const app = createApp({
      ...api.deps,
      db: new Proxy(api.deps.db, {
        get: () => {
          throw new Error('the inner reason');
        },
      }),
    });
    const response = await app.request('/api/auth/me', {
      headers: { authorization: `Bearer ${owner.token}`, 'x-request-id': 'my-own-id' },
    });
    const body = (await response.json()) as Problem;
    expectProblem({ status: response.status, headers: response.headers, body }, { status: 500, code: 'internal', request_id: 'my-own-id' });
    expect(JSON.stringify(body)).not.toContain('inner reason');
    const line =
      api
        .log()
        .split('\n')
        .find((text) => text.includes('the inner reason')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ level: 50, request_id: 'my-own-id', err: { stack: expect.any(String) } });
  });

  test('is told as unavailable, with Retry-After, while PostgreSQL is gone', async () => {
    const gone = openDb({ url: 'postgres://postgres@127.0.0.1:1/nowhere' });
    const app = createApp({ ...api.deps, db: gone.db, pool: gone.pool });
    const response = await app.request('/api/auth/me', { headers: { authorization: `Bearer ${owner.token}` } });
    const body = (await response.json()) as Problem;
    expectProblem({ status: response.status, headers: response.headers, body }, { status: 503, code: 'unavailable' });
    expect(response.headers.get('retry-after')).toBe('5');
    await gone.close();
  });
});

describe('a request id', () => {
  test('of the caller is kept where it is harmless, else replaced', async () => {
    const idFor = async (given: string) =>
      (await api.call('GET', '/health/live', { headers: { 'x-request-id': given } })).headers.get('x-request-id');
    expect(await idFor('trace-0001.a')).toBe('trace-0001.a');
    expect(await idFor('x'.repeat(129))).not.toContain('xxx');
    expect(await idFor('a b{"level":60}')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the log', () => {
  test('has a line for each request, and neither its query nor any secret', async () => {
    const password = 'a password that nobody else has';
    const email = 'log@example.com';
    await api.call('POST', '/api/auth/register', { body: { email, password, full_name: 'L' } });
    const { body } = await api.call<{ access_token: string }>('POST', '/api/auth/login', { body: { email, password } });
    const { webhook_secret } = (
      await api.call<{ webhook_secret: string }>('POST', `/api/workspaces/${owner.workspace_id}/webhook-secret/rotate`, {
        token: owner.token,
      })
    ).body;
    const device = { name: 'H', kind: 'http', config: { url: 'https://example.com/x', headers: { 'X-Api-Key': 'device secret' } } };
    await api.call('POST', '/api/devices', { token: owner.token, body: device });
    await api.call('GET', `/api/events/stream?token=${body.access_token}`);
    await api.call('GET', `/api/auth/me?token=${body.access_token}`, { token: body.access_token });
    const log = api.log();
    for (const secret of [password, body.access_token, webhook_secret, 'device secret', owner.token]) expect(log).not.toContain(secret);
    const line = log.split('\n').find((text) => text.includes('"route":"/api/workspaces/:id/webhook-secret/rotate"')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({
      method: 'POST',
      status: 200,
      path: `/api/workspaces/${owner.workspace_id}/webhook-secret/rotate`,
      workspace_id: owner.workspace_id,
      user_id: owner.user_id,
      request_id: expect.any(String),
      duration_ms: expect.any(Number),
    });
  });
});
