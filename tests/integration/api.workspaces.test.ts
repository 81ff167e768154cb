import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { WorkspaceRole } from '../../domain/permissions.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
interface Problem {
  code: string;
  errors?: { field: string }[];
}

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const members = (person: Person) => `/api/workspaces/${person.workspace_id}/members`;
const emailOf = async ({ user_id }: Person) =>
  (await api.database.db.selectFrom('users').select('email').where('id', '=', user_id).executeTakeFirstOrThrow()).email;
const roleIn = async (workspace: Person, { user_id }: Person) =>
  (
    await api.database.db
      .selectFrom('workspace_members')
      .select('role')
      .where('workspace_id', '=', workspace.workspace_id)
      .where('user_id', '=', user_id)
      .executeTakeFirst()
  )?.role;

describe('workspaces', () => {
  test('are made with their maker as owner, and show the limits of their plan', async () => {
    const { token } = await api.person();
    const { status, body } = await api.call<{ id: string }>('POST', '/api/workspaces', {
      token,
      body: { name: ' Evening ', description: 'Lamps' },
    });
    expect([status, body]).toMatchObject([
      201,
      {
        name: 'Evening',
        description: 'Lamps',
        plan_tier: 'free',
        role: 'owner',
        is_personal: false,
        limits: { simultaneous_livestreams: 10 },
      },
    ]);
    expect((await api.call('GET', `/api/workspaces/${body.id}`, { token })).body).toEqual(body);
  });

  test('are listed page by page, each once', async () => {
    const { token } = await api.person();
    for (const name of ['one', 'two', 'three', 'four']) await api.call('POST', '/api/workspaces', { token, body: { name } });
    const first = (await api.call<Page<{ name: string }>>('GET', '/api/workspaces?limit=3', { token })).body;
    const second = (await api.call<Page<{ name: string }>>('GET', `/api/workspaces?limit=3&cursor=${first.next_cursor}`, { token })).body;
    expect([first.items, second.items].map((items) => items.map(({ name }) => name))).toEqual([
      ['four', 'three', 'two'],
      ['one', 'Test'],
    ]);
    expect(second.next_cursor).toBeNull();
  });

  test.each(['limit=0', 'limit=201', 'limit=ten', 'limit=1.5', 'cursor=!!', 'cursor=WzFd'])(
    'a list refuses %s and names it',
    async (query) => {
      const { token } = await api.person();
      const { status, body } = await api.call<Problem>('GET', `/api/workspaces?${query}`, { token });
      expect([status, body.errors?.map(({ field }) => field)]).toEqual([422, [query.split('=')[0]]]);
    },
  );

  test('change name and description, not their plan', async () => {
    const { token, workspace_id } = await api.person();
    const path = `/api/workspaces/${workspace_id}`;
    expect((await api.call('PATCH', path, { token, body: { description: 'New' } })).body).toMatchObject({
      name: 'Test',
      description: 'New',
    });
    const { status, body } = await api.call<Problem>('PATCH', path, { token, body: { plan_tier: 'enterprise' } });
    expect([status, body.errors?.[0]?.field]).toEqual([422, 'plan_tier']);
    expect((await api.call('PATCH', path, { token, body: {} })).status).toBe(422);
  });

  test('have a webhook secret that can be read and replaced', async () => {
    const { token, workspace_id } = await api.person();
    const path = `/api/workspaces/${workspace_id}/webhook-secret`;
    const read = async () => (await api.call<{ webhook_secret: string }>('GET', path, { token })).body.webhook_secret;
    const before = await read();
    const { body } = await api.call<{ webhook_secret: string }>('POST', `${path}/rotate`, { token });
    expect(body.webhook_secret).not.toBe(before);
    expect(await read()).toBe(body.webhook_secret);
  });
});

describe('members', () => {
  test('are added by e-mail, listed, given another role and removed', async () => {
    const [owner, guest] = [await api.person(), await api.person()];
    const added = await api.call('POST', members(owner), {
      token: owner.token,
      body: { email: (await emailOf(guest)).toUpperCase(), role: 'sales' },
    });
    expect([added.status, added.body]).toMatchObject([201, { user_id: guest.user_id, role: 'sales' }]);
    const listed = await api.call<Page<{ user_id: string }>>('GET', members(owner), { token: guest.token, headers: {} });
    expect(listed.body.items.map(({ user_id }) => user_id)).toEqual([owner.user_id, guest.user_id]);
    const path = `${members(owner)}/${guest.user_id}`;
    expect((await api.call('PATCH', path, { token: owner.token, body: { role: 'admin' } })).body).toMatchObject({ role: 'admin' });
    expect((await api.call('DELETE', path, { token: owner.token })).status).toBe(204);
    expect((await api.call('GET', members(owner), { token: guest.token })).status).toBe(404);
    expect((await api.call('DELETE', path, { token: owner.token })).status).toBe(404);
  });

  test('are not added twice, nor when nobody has the e-mail, nor with a role that does not exist', async () => {
    const [owner, guest] = [await api.person(), await api.person()];
    const add = (body: unknown) => api.call<Problem>('POST', members(owner), { token: owner.token, body });
    const body = { email: await emailOf(guest), role: 'member' };
    expect((await add(body)).status).toBe(201);
    expect((await add(body)).body.code).toBe('already_member');
    expect((await add({ ...body, email: 'nobody@example.com' })).body.errors?.[0]?.field).toBe('email');
    expect((await add({ ...body, role: 'king' })).body.errors?.[0]?.field).toBe('role');
  });

  test('an admin manages everyone but owners', async () => {
    const owner = await api.person();
    const [admin, member] = [await api.person('admin', owner.workspace_id), await api.person('member', owner.workspace_id)];
    const asAdmin = async (method: string, target: Person, role?: WorkspaceRole) =>
      (await api.call(method, `${members(owner)}/${target.user_id}`, { token: admin.token, ...(role && { body: { role } }) })).status;
    expect(await asAdmin('PATCH', member, 'sales')).toBe(200);
    expect(await asAdmin('PATCH', member, 'owner')).toBe(403);
    expect(await asAdmin('PATCH', owner, 'member')).toBe(403);
    expect(await asAdmin('DELETE', owner)).toBe(403);
    expect(await asAdmin('PATCH', admin, 'owner')).toBe(403);
    expect(await asAdmin('DELETE', member)).toBe(204);
    const email = await emailOf(await api.person());
    expect((await api.call('POST', members(owner), { token: admin.token, body: { email, role: 'owner' } })).status).toBe(403);
  });

  test('may leave, and without members.edit remove nobody else', async () => {
    const owner = await api.person();
    const [one, other] = [await api.person('member', owner.workspace_id), await api.person('member', owner.workspace_id)];
    const remove = async (target: Person) =>
      (await api.call<Problem>('DELETE', `${members(owner)}/${target.user_id}`, { token: one.token })).status;
    expect(await remove(other)).toBe(403);
    expect(await remove(one)).toBe(204);
    expect(await roleIn(owner, other)).toBe('member');
  });
});

describe('the last owner', () => {
  test('neither steps down nor leaves', async () => {
    const owner = await api.person();
    const path = `${members(owner)}/${owner.user_id}`;
    expect((await api.call<Problem>('PATCH', path, { token: owner.token, body: { role: 'member' } })).body.code).toBe('last_owner');
    expect((await api.call<Problem>('DELETE', path, { token: owner.token })).body.code).toBe('last_owner');
    expect((await api.call('PATCH', path, { token: owner.token, body: { role: 'owner' } })).status).toBe(200);
  });

  test.each(['PATCH', 'DELETE'])('stays when all owners go by %s at the same moment', async (method) => {
    for (let round = 0; round < 5; round++) {
      const first = await api.person();
      const owners = [first, await api.person('owner', first.workspace_id), await api.person('owner', first.workspace_id)];
      const answers = await Promise.all(
        owners.map((owner) =>
          api.call(method, `${members(first)}/${owner.user_id}`, {
            token: owner.token,
            ...(method === 'PATCH' && { body: { role: 'member' } }),
          }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([method === 'PATCH' ? 200 : 204, method === 'PATCH' ? 200 : 204, 409]);
    }
  });

  test('an owner who was unmade meanwhile unmakes nobody', async () => {
    const first = await api.person();
    const second = await api.person('owner', first.workspace_id);
    const unmake = (actor: Person, target: Person) =>
      api.call('PATCH', `${members(first)}/${target.user_id}`, { token: actor.token, body: { role: 'member' } });
    const answers = await Promise.all([unmake(first, second), unmake(second, first)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
  });
});

test('ids of nothing are not found', async () => {
  const owner = await api.person();
  const path = `${members(owner)}/${randomUUID()}`;
  expect((await api.call('PATCH', path, { token: owner.token, body: { role: 'member' } })).status).toBe(404);
  expect((await api.call('GET', `/api/workspaces/${randomUUID()}`, { token: owner.token })).status).toBe(404);
});
