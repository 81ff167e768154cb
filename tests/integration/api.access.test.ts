import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { openApiDocument } from '../../api/openapi.ts';
import { PERMISSIONS, WORKSPACE_ROLES, isAllowed, type Permission } from '../../domain/permissions.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Problem {
  code: string;
  detail: string;
  reason?: string;
}
interface Operation {
  method: string;
  path: string;
  access: string;
}

/** Whoever wants to add a route here has to say why it needs no token. */
const PUBLIC = [
  'get /',
  // A link that is signed for one file.
  'get /api/app-exports/{id}',
  'get /api/auth/tiktok/callback',
  // Public videos; others ask for a token themselves. Sounds of the catalogue are everybody's.
  'get /app-media/sounds/{id}/audio.m4a',
  'get /app-media/videos/{id}/{file}',
  'get /auth/shop/callback',
  'get /docs',
  'get /docs/favicon-32x32.png',
  'get /docs/start.js',
  'get /docs/swagger-ui-bundle.js',
  'get /docs/swagger-ui.css',
  'get /health',
  'get /health/live',
  'get /health/ready',
  'get /metrics',
  'get /openapi.json',
  // Public streams are; private ones look at a play token themselves.
  'get /streams/{id}/chat',
  'get /streams/{id}/public',
  'get /streams/{id}/thumbnail',
  // Public videos; private ones ask for a token themselves.
  'get /vod/{id}/chat',
  'get /vod/{id}/play',
  'get /vod/{id}/poster',
  'get /vod/{id}/public',
  // What a browser asks before it may send a token.
  'options /vod/upload/tus',
  'post /api/auth/login',
  'post /api/auth/register',
  // Signed by TikTok.
  'post /webhook',
  'post /webhook/',
  // Signed by Apple, and by Google's Pub/Sub.
  'post /webhook/apple-store',
  'post /webhook/google-play',
  // Signed by media servers.
  'post /webhook/stream-event',
  'post /webhook/tiktok',
];

/** Pages that sign in by themselves: the same files for everybody. */
const STATIC_FILES = /^get (\/crm\/social\/tiktok(\/[\w-]*(\.(js|css|svg))?)?|\/pages\/(live|shared|studio|vendor|watch|watch-vod)\/[\w.-]+\.(js|mjs|css|svg)|\/(studio|watch|watch\/vod)\/\{id\})$/;

let api: TestApi;
let operations: Operation[];
beforeAll(async () => {
  api = await createTestApi();
  operations = documented();
});
afterAll(() => api.close());

function documented(): Operation[] {
  const { paths = {} } = openApiDocument(api.app, 'test');
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, { 'x-access'?: string }>).map(([method, operation]) => ({
      method,
      path,
      access: operation['x-access'] ?? 'undeclared',
    })),
  );
}

/** The path with the workspace's id where it names a workspace, and ids of nothing else. */
const fill = (path: string, workspaceId: string): string =>
  path.replace('/workspaces/{id}', `/workspaces/${workspaceId}`).replaceAll(/\{\w+\}/g, () => randomUUID());
const bodyFor = (method: string) => (method === 'get' || method === 'delete' ? {} : { body: {} });
const guarded = () => operations.filter(({ access }) => access in PERMISSIONS);

/** Answers what apps call and we do not have. */
const UNKNOWN_VERB = 'post /api/{verb}';

test('every route that is registered says who may call it, or stands in the list of public ones', () => {
  const registered = new Set(
    api.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
  );
  const declared = new Set(
    operations.filter(({ access }) => ['signed_in', 'app_user', 'app_public'].includes(access) || access in PERMISSIONS).map(({ method, path }) => `${method} ${path}`),
  );
  expect([...registered].filter((route) => !declared.has(route) && !STATIC_FILES.test(route) && !route.startsWith(UNKNOWN_VERB)).sort()).toEqual(PUBLIC);
});

test('every route that is not public refuses a caller without a token', async () => {
  const closed = operations.filter(({ access }) => !['public', 'app_user', 'app_public'].includes(access));
  expect(closed.length).toBeGreaterThan(20);
  for (const { method, path } of closed) {
    const { status, body } = await api.call<Problem>(method.toUpperCase(), fill(path, randomUUID()), bodyFor(method));
    expect([method, path, status, body.reason]).toEqual([method, path, 401, 'missing']);
  }
});

test('every verb that is for users of the app refuses a caller without a token, in the words of the contract', async () => {
  await api.person();
  for (const { path } of operations.filter(({ access }) => access === 'app_user')) {
    const { status, body } = await api.call<{ code: number; msg: string }>('POST', path, { body: {} });
    expect([path, status, body.code]).toEqual([path, 200, 401]);
    expect(body.msg).toContain('Sign in first');
  }
});

describe.each(WORKSPACE_ROLES)('a member with the role %s', (role) => {
  let person: Person;
  beforeAll(async () => {
    const owner = await api.person();
    person = role === 'owner' ? owner : await api.person(role, owner.workspace_id);
  });

  test('may call exactly the routes whose permission the role has', async () => {
    for (const { method, path, access } of guarded()) {
      const { status, body } = await api.call<Problem>(method.toUpperCase(), fill(path, person.workspace_id), {
        token: person.token,
        ...bodyFor(method),
      });
      const forbidden = status === 403 && body.code === 'forbidden';
      expect([method, path, forbidden]).toEqual([method, path, !isAllowed(role, access as Permission)]);
      if (forbidden) expect(body.detail).toBe(`${access} is needed; your role is ${role}`);
      expect([method, path, status < 500]).toEqual([method, path, true]);
    }
  });
});

describe('a workspace that is not yours', () => {
  test('is not there, whatever you ask of it', async () => {
    const [stranger, owner] = [await api.person(), await api.person()];
    for (const { method, path } of guarded()) {
      const own = !path.includes('/workspaces/{id}');
      const headers = own ? { 'x-workspace-id': owner.workspace_id } : undefined;
      const { status, body } = await api.call<Problem>(method.toUpperCase(), fill(path, owner.workspace_id), {
        token: stranger.token,
        headers,
        ...bodyFor(method),
      });
      expect([method, path, status, body.code]).toEqual([method, path, 404, 'not_found']);
    }
  });
});

describe('the workspace of a request', () => {
  test('is the one that X-Workspace-Id names, else the one joined first', async () => {
    const [first, second] = [await api.person(), await api.person()];
    await api.database.db
      .insertInto('workspace_members')
      .values({ workspace_id: second.workspace_id, user_id: first.user_id, role: 'warehouse' })
      .execute();
    const body = { name: 'Lamp', kind: 'mqtt', config: { preset: 'tasmota', base_topic: 'lamp' } };
    expect((await api.call('POST', '/api/devices', { token: first.token, body })).status).toBe(201);
    const elsewhere = await api.call<Problem>('POST', '/api/devices', {
      token: first.token,
      body,
      headers: { 'x-workspace-id': second.workspace_id },
    });
    expect([elsewhere.status, elsewhere.body.detail]).toEqual([403, 'devices.edit is needed; your role is warehouse']);
  });

  test('is a fault of input where the header is no id', async () => {
    const { token } = await api.person();
    const { status, body } = await api.call<{ errors: unknown }>('GET', '/api/devices', { token, headers: { 'x-workspace-id': 'mine' } });
    expect([status, body.errors]).toEqual([422, [{ field: 'X-Workspace-Id', message: 'must be the id of a workspace' }]]);
  });

  test('is none for somebody who left all of them', async () => {
    const { token, user_id } = await api.person();
    await api.database.db.deleteFrom('workspace_members').where('user_id', '=', user_id).execute();
    expect((await api.call('GET', '/api/devices', { token })).status).toBe(404);
    expect((await api.call('GET', '/api/auth/me', { token })).status).toBe(200);
  });
});
