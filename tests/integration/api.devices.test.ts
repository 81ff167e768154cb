import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Device {
  id: string;
  name: string;
  config: { headers?: Record<string, string>; base_topic?: string };
  is_online: boolean | null;
  last_seen_at: string | null;
}
interface Problem {
  code: string;
  detail: string;
  errors?: { field: string }[];
}

const LAMP = { name: 'Lamp', kind: 'mqtt', config: { preset: 'tasmota', base_topic: 'lamp' } };
const HOOK = {
  name: 'Hook',
  kind: 'http',
  config: { url: 'https://lamp.example.com/{{command}}', headers: { Authorization: 'Bearer top-secret', Accept: 'text/plain' } },
};

let api: TestApi;
let owner: Person;
beforeAll(async () => {
  api = await createTestApi();
});
beforeEach(async () => {
  owner = await api.person();
});
afterAll(() => api.close());

const as = <T>(method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  api.call<T>(method, path, { token: owner.token, body, headers });
const add = async (body: unknown) => (await as<Device>('POST', '/api/devices', body)).body;
const storedConfig = async (id: string) =>
  JSON.stringify((await api.database.db.selectFrom('devices').select('config').where('id', '=', id).executeTakeFirstOrThrow()).config);
const storedHeader = async (id: string, name: string) =>
  api.deps.secrets.open((JSON.parse(await storedConfig(id)) as { headers: Record<string, string> }).headers[name] ?? '');

describe('devices', () => {
  test('are added, read, listed newest first, replaced, changed and deleted', async () => {
    const lamp = await add(LAMP);
    expect(lamp).toMatchObject({ ...LAMP, config: { ...LAMP.config, qos: 1, retain: false }, is_online: null, last_seen_at: null });
    const hook = await add(HOOK);
    expect((await as<{ items: Device[] }>('GET', '/api/devices')).body.items.map(({ id }) => id)).toEqual([hook.id, lamp.id]);
    expect((await as('PUT', `/api/devices/${lamp.id}`, { ...LAMP, name: 'Big lamp' })).body).toMatchObject({ name: 'Big lamp' });
    expect(
      (await as<Device>('PATCH', `/api/devices/${lamp.id}`, { config: { preset: 'tasmota', base_topic: 'other' } })).body,
    ).toMatchObject({ name: 'Big lamp', config: { base_topic: 'other' } });
    expect((await as('DELETE', `/api/devices/${lamp.id}`)).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await as(method, `/api/devices/${lamp.id}`)).status).toBe(404);
  });

  test('show whether they are online, until their config changes', async () => {
    const { id } = await add(LAMP);
    const seen = new Date('2026-03-14T18:03:22.512Z');
    await api.database.db.updateTable('devices').set({ is_online: true, last_seen_at: seen }).where('id', '=', id).execute();
    expect((await as('PATCH', `/api/devices/${id}`, { name: 'Lamp 2' })).body).toMatchObject({
      is_online: true,
      last_seen_at: seen.toISOString(),
    });
    expect((await as('PATCH', `/api/devices/${id}`, { config: { preset: 'tasmota', base_topic: 'new' } })).body).toMatchObject({
      is_online: null,
    });
  });

  test('of another workspace are not there', async () => {
    const { id } = await add(LAMP);
    const stranger = await api.person();
    for (const [method, path, body] of [
      ['GET', ''],
      ['PUT', '', LAMP],
      ['PATCH', '', { name: 'x' }],
      ['DELETE', ''],
      ['POST', '/commands', { command: 'ON' }],
    ] as const) {
      expect((await api.call(method, `/api/devices/${id}${path}`, { token: stranger.token, body })).status).toBe(404);
    }
    expect((await as('GET', `/api/devices/${id}`)).status).toBe(200);
    expect(api.temporal.calls.filter(({ name }) => name === 'commandDevice')).toEqual([]);
  });

  test.each([
    ['config.base_topic', { ...LAMP, config: { preset: 'tasmota' } }],
    ['config.command_topic', { ...LAMP, config: { preset: 'custom' } }],
    ['config.qos', { ...LAMP, config: { ...LAMP.config, qos: 3 } }],
    ['config.url', { ...HOOK, config: { url: 'ftp://x' } }],
    ['config.headers.Host', { ...HOOK, config: { ...HOOK.config, headers: { Host: 'x' } } }],
  ])('are refused with the name of the field %s', async (field, body) => {
    const answer = await as<Problem>('POST', '/api/devices', body);
    expect([answer.status, answer.body.errors?.map((fault) => fault.field)]).toEqual([422, [field]]);
  });

  test('a change of the config is checked as a whole', async () => {
    const { id } = await add(LAMP);
    const { status, body } = await as<Problem>('PATCH', `/api/devices/${id}`, { config: { preset: 'tasmota' } });
    expect([status, body.errors?.[0]?.field]).toEqual([422, 'config.base_topic']);
  });
});

describe('secrets of a device', () => {
  test('are sealed at rest and never shown', async () => {
    const hook = await add(HOOK);
    expect(hook.config.headers).toEqual({ Authorization: '***', Accept: '***' });
    expect(await storedConfig(hook.id)).not.toContain('top-secret');
    expect(await storedHeader(hook.id, 'Authorization')).toBe('Bearer top-secret');
  });

  test('stay when what was shown is sent back, and are replaced when not', async () => {
    const hook = await add(HOOK);
    await as('PUT', `/api/devices/${hook.id}`, {
      ...HOOK,
      config: { ...HOOK.config, url: 'https://lamp.example.com/other', headers: { Authorization: '***', Accept: 'text/html' } },
    });
    expect(await storedHeader(hook.id, 'Authorization')).toBe('Bearer top-secret');
    expect(await storedHeader(hook.id, 'Accept')).toBe('text/html');
  });

  test('do not follow the device to another host', async () => {
    const hook = await add(HOOK);
    const moved = { ...HOOK, config: { ...HOOK.config, url: 'https://lamp.example.com.evil.test/', headers: { Authorization: '***' } } };
    const { status, body } = await as<Problem>('PUT', `/api/devices/${hook.id}`, moved);
    expect([status, body.errors?.[0]?.field]).toEqual([422, 'config.headers.Authorization']);
  });

  test('a mask with nothing behind it is a fault', async () => {
    const masked = { ...HOOK, config: { ...HOOK.config, headers: { Authorization: '***' } } };
    expect((await as<Problem>('POST', '/api/devices', masked)).body.errors?.[0]?.field).toBe('config.headers.Authorization');
  });
});

describe('a command', () => {
  const command = async (headers?: Record<string, string>) =>
    as<Problem & { outcome: string }>(
      'POST',
      `/api/devices/${(await add(LAMP)).id}/commands`,
      { command: 'ON', params: { level: 3 } },
      headers,
    );

  test('goes through Temporal and gives what the device answered', async () => {
    api.temporal.commandResult = { outcome: 'succeeded', response: { status: 200, body: 'ok' } };
    const { status, body } = await command({ 'idempotency-key': 'again-1' });
    expect([status, body]).toEqual([200, { outcome: 'succeeded', response: { status: 200, body: 'ok' } }]);
    expect(api.temporal.calls.at(-1)).toMatchObject({
      name: 'commandDevice',
      args: [{ workspace_id: owner.workspace_id, command: 'ON', params: { level: 3 }, idempotency_key: 'again-1' }],
    });
  });

  test.each([
    [{ outcome: 'retryable', code: 'mqtt_unavailable', error: 'connect refused' }, 503],
    [{ outcome: 'failed', code: 'device_refused', error: 'HTTP 400: no such relay' }, 502],
    [{ outcome: 'failed', code: 'device_not_found', error: 'gone' }, 404],
    [{ outcome: 'failed', code: 'constructor', error: 'strange' }, 504],
  ] as const)('that fails tells why, in the words of the other side: %j', async (result, status) => {
    api.temporal.commandResult = result;
    const answer = await command();
    expect([answer.status, answer.body.detail]).toEqual([status, result.error]);
  });

  test('needs words and a sound key', async () => {
    const { id } = await add(LAMP);
    expect((await as<Problem>('POST', `/api/devices/${id}/commands`, { command: '' })).body.errors?.[0]?.field).toBe('command');
    expect((await command({ 'idempotency-key': 'a b' })).body.errors?.[0]?.field).toBe('Idempotency-Key');
  });
});
