import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createApp } from '../../api/app.ts';
import { issueToken } from '../../api/auth.ts';
import type { Router } from '../../api/context.ts';
import type { ApiDeps } from '../../api/deps.ts';
import { createTemporalGateway, type TemporalGateway } from '../../api/temporal.ts';
import { connectShopsWorkflowId, shopTokenWorkflowId } from '../../domain/names.ts';
import type { WorkspaceRole } from '../../domain/permissions.ts';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import { eventually } from '../helpers/eventually.ts';
import { historyText } from '../helpers/history-text.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { INDONESIA, UK } from '../helpers/shop-sandbox.ts';
import { createShopWorld, type ShopWorld } from '../helpers/shop-world.ts';
import { testTemporalAddress } from '../helpers/temporal.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

interface Person {
  token: string;
  workspace_id: string;
}
interface Integrated {
  channels: { channel_uid: string; shop_id: string; name: string; region: string; state: string }[];
  taken: { shop_id: string; name: string }[];
}

let world: ShopWorld;
let api: TestApi;
let app: Router;
let deps: ApiDeps;
let gateway: TemporalGateway;
let owner: Person;

beforeAll(async () => {
  const quiet = { wakeStock: async () => undefined, wakeWebhooks: async () => undefined };
  [world, api] = await Promise.all([createShopWorld({ workflows: quiet }), createTestApi()]);
  await world.worker();
  gateway = createTemporalGateway({ address: testTemporalAddress(), namespace: 'default', taskQueuePrefix: world.prefix });
  const shopApp = { ...SANDBOX_SHOP_APP, market: 'row' as const, authorize_url: `${world.sandbox.url}/open/authorize` };
  deps = { ...api.deps, db: world.db, pool: world.database.pool, secrets: world.secrets, temporal: gateway, config: { ...api.deps.config, shopApp } };
  app = createApp(deps);
  owner = { token: await issueToken(world.user_id, deps.config), workspace_id: world.workspace_id };
});
beforeEach(async () => {
  await world.sandbox.reset();
  for (const { id } of await world.db.selectFrom('shop_authorizations').select('id').execute()) {
    await world.client.workflow.getHandle(shopTokenWorkflowId(id)).terminate().catch(() => undefined);
  }
  await world.db.deleteFrom('channels').execute();
  await world.db.deleteFrom('shop_authorizations').execute();
  world.schedules.asked.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await api.close();
  await world.close();
});

const call = (method: string, path: string, { token }: Partial<Person> = {}, { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {}) =>
  app.request(path, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const bodyOf = async <T = Record<string, unknown>>(response: Response): Promise<T> => (await response.json()) as T;
const problem = async (response: Response) => ({ status: response.status, code: (await bodyOf(response)).code });
const code = async (): Promise<string> => (await world.sandbox.control('POST', '/code')).code;
const exchanges = async (): Promise<number> => (await world.sandbox.control('GET', '/calls?path=/api/v2/token/get')).calls.length;

async function person(role: WorkspaceRole = 'owner', workspaceId?: string): Promise<Person> {
  if (workspaceId === undefined) {
    const seeded = await seedWorkspace(world.db);
    return { token: await issueToken(seeded.user_id, deps.config), workspace_id: seeded.workspace_id };
  }
  const id = randomUUID();
  await world.db.insertInto('users').values({ id, email: `${id}@example.test`, full_name: 'Test', password_hash: 'none' }).execute();
  await world.db.insertInto('workspace_members').values({ workspace_id: workspaceId, user_id: id, role }).execute();
  return { token: await issueToken(id, deps.config), workspace_id: workspaceId };
}

async function begin(who: Person = owner, query = '') {
  const response = await call('GET', `/auth/connect-url${query}`, who);
  expect(response.status).toBe(200);
  const { connect_url, state } = await bodyOf<{ connect_url: string; state: string }>(response);
  return { url: connect_url, state, cookie: response.headers.get('set-cookie')!.split(';')[0]! };
}
/** As TikTok sends the browser back. */
const comeBack = (query: Record<string, string>, headers: Record<string, string> = {}) => call('GET', `/auth/shop/callback?${new URLSearchParams(query).toString()}`, {}, { headers });
const integrate = async (who: Person = owner) => call('POST', '/auth/integrate-channel/', who, { body: { code: await code() } });

describe('Connecting', () => {
  test('by TikTok’s page makes a channel of each of the seller’s shops, and looks after tokens and sync', async () => {
    const { url, state, cookie } = await begin();
    expect(url).toBe(`${world.sandbox.url}/open/authorize?service_id=${SANDBOX_SHOP_APP.service_id}&state=${encodeURIComponent(state)}`);
    await world.sandbox.settings({ consent: { auto: { seller: 'Nordlicht Trading' } } });
    await world.sandbox.control('PATCH', `/apps/${SANDBOX_SHOP_APP.app_key}`, { redirect_url: 'http://127.0.0.1:8080/auth/shop/callback' });
    const consent = await fetch(url, { redirect: 'manual' });
    const back = new URL(consent.headers.get('location')!);
    const response = await call('GET', back.pathname + back.search, {}, { headers: { cookie } });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    const page = await response.text();
    expect(page).toContain(UK);
    expect(page).toContain(INDONESIA);

    const { items } = await bodyOf<{ items: { channel_uid: string; name: string; state: string }[] }>(await call('GET', '/channels/', owner));
    expect(items.map(({ name }) => name).sort()).toEqual([INDONESIA, UK]);
    const text = JSON.stringify(items);
    for (const { cipher } of Object.values(world.sandbox.shops)) expect(text).not.toContain(cipher);
    await eventually(() => world.schedules.asked.length === 4);
    const detail = await bodyOf<{ authorization: { state: string; seller_name: string } }>(await call('GET', `/channels/${items[0]!.channel_uid}`, owner));
    expect(detail.authorization).toMatchObject({ state: 'connected', seller_name: 'Nordlicht Trading' });
    const row = await world.db.selectFrom('shop_authorizations').selectAll().executeTakeFirstOrThrow();
    expect([world.secrets.isSealed(row.access_token!), world.secrets.isSealed(row.refresh_token!)]).toEqual([true, true]);
    const history = await historyText(world.client.workflow.getHandle(connectShopsWorkflowId(state.split('.')[0]!)));
    for (const secret of [back.searchParams.get('code')!, world.secrets.open(row.access_token!), ...Object.values(world.sandbox.shops).map(({ cipher }) => cipher)]) expect(history).not.toContain(secret);
    expect(history).toContain(row.id);
  });

  test('ends at the page that was asked for, which is one of ours', async () => {
    expect(await problem(await call('GET', '/auth/connect-url?redirect_to=https://elsewhere.example/', owner))).toEqual({ status: 422, code: 'validation_failed' });
    const { state, cookie } = await begin(owner, '?redirect_to=/crm/shops');
    const response = await comeBack({ state, code: await code() }, { cookie });
    const page = new URL(response.headers.get('location')!);
    expect([response.status, page.pathname, page.searchParams.get('shop'), page.searchParams.get('channels')?.split(',').length]).toEqual([302, '/crm/shops', 'connected', 2]);
  });

  test('by a code gives the channels, and again the same ones', async () => {
    const first = await integrate();
    expect(first.status).toBe(201);
    const { channels, taken } = await bodyOf<Integrated>(first);
    expect(channels).toHaveLength(2);
    expect(taken).toEqual([]);
    expect(channels).toContainEqual({ channel_uid: expect.any(String), shop_id: world.sandbox.shopId(UK), name: UK, region: 'GB', state: 'active' });
    const again = await bodyOf<Integrated>(await call('POST', '/auth/integrate-channel', owner, { body: { code: await code() } }));
    expect(again.channels).toEqual(channels);
    expect(await world.db.selectFrom('shop_authorizations').select('token_version').execute()).toEqual([{ token_version: 2 }]);
  });

  test('with a code that was used, or is none, is refused in TikTok’s words', async () => {
    const once = await code();
    await world.sandbox.tokenHost('get', { auth_code: once });
    const response = await call('POST', '/auth/integrate-channel/', owner, { body: { code: once } });
    expect(await bodyOf(response)).toMatchObject({ code: 'shop_auth_code', detail: expect.stringContaining('36004004') });
    expect(await problem(await call('POST', '/auth/integrate-channel/', owner, { body: {} }))).toEqual({ status: 422, code: 'validation_failed' });
    expect(await world.db.selectFrom('shop_authorizations').selectAll().execute()).toEqual([]);
  });

  test('sends a code once, though its answer is lost', async () => {
    await world.sandbox.fault({ path: '/api/v2/token/get', times: 1, drop: 'after' });
    const before = await exchanges();
    expect(await bodyOf(await integrate())).toMatchObject({ code: 'tiktok_unreachable', detail: expect.stringContaining('connect the shop again') });
    expect((await exchanges()) - before).toBe(1);
  });

  test('waits for TikTok where it stumbles over the list of shops', async () => {
    await world.sandbox.fault({ path: '/authorization/202309/shops', times: 2, answer: { status: 500, code: 36009003, message: 'Internal error' } });
    expect((await integrate()).status).toBe(201);
  });

  test('stores nothing that could be called with where the scope for shops is missing', async () => {
    await world.sandbox.fault({ path: '/authorization/202309/shops', times: 1, answer: { status: 401, code: 105005, message: 'apply auth pkg' } });
    expect(await bodyOf(await integrate())).toMatchObject({ code: 'shop_scope_missing' });
    expect(await world.db.selectFrom('shop_authorizations').select(['state', 'access_token']).execute()).toEqual([{ state: 'disconnected', access_token: null }]);
  });

  test('names the shops that another workspace has, and takes them when they are free', async () => {
    const { channels } = await bodyOf<Integrated>(await integrate());
    const stranger = await person();
    expect(await bodyOf(await integrate(stranger))).toMatchObject({ code: 'shop_taken', detail: expect.stringContaining(UK) });
    const uk = channels.find(({ name }) => name === UK)!;
    expect((await call('DELETE', `/channels/${uk.channel_uid}`, owner)).status).toBe(200);
    expect(await bodyOf(await integrate(stranger))).toMatchObject({ channels: [{ name: UK }], taken: [{ name: INDONESIA, shop_id: world.sandbox.shopId(INDONESIA) }] });
    const mine = await bodyOf<{ items: { state: string; name: string }[] }>(await call('GET', '/channels', owner));
    expect(mine.items.map(({ name, state }) => [name, state]).sort()).toEqual([[INDONESIA, 'active'], [UK, 'disconnected']]);
  });
});

describe('A return', () => {
  test('of a seller who refused says so', async () => {
    const { state, cookie } = await begin();
    const response = await comeBack({ state, code: 'null', error: 'auth_denied' }, { cookie });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.text()).toContain('auth_denied');
    const { state: other, cookie: kept } = await begin(owner, '?redirect_to=/');
    const away = await comeBack({ state: other, code: 'null', error: 'auth_denied' }, { cookie: kept });
    expect(new URL(away.headers.get('location')!).searchParams.get('code')).toBe('oauth_denied');
  });

  test('is good once, in the browser that began it, while it lasts', async () => {
    const { state, cookie } = await begin();
    expect(await problem(await comeBack({ state: `${state}x`, code: 'x' }, { cookie }))).toMatchObject({ code: 'oauth_state_forged' });
    expect(await problem(await comeBack({ state, code: 'x' }))).toMatchObject({ code: 'oauth_state_foreign' });
    expect(await problem(await comeBack({ state, code: 'x' }, { cookie: `showrunner_shop_oauth=${'a'.repeat(43)}` }))).toMatchObject({ code: 'oauth_state_foreign' });
    expect(await problem(await call('POST', '/auth/integrate-channel/', await person(), { body: { code: 'x', state } }))).toMatchObject({ code: 'oauth_state_foreign' });
    expect((await comeBack({ state, code: await code() }, { cookie })).status).toBe(200);
    expect(await problem(await comeBack({ state, code: await code() }, { cookie }))).toMatchObject({ code: 'oauth_state_replayed' });

    const late = await begin();
    await world.db.updateTable('shop_oauth_states').set({ expires_at: new Date(Date.now() - 1) }).where('id', '=', late.state.split('.')[0]!).execute();
    expect(await problem(await comeBack({ state: late.state, code: 'x' }, { cookie: late.cookie }))).toMatchObject({ code: 'oauth_state_expired' });
    expect(await problem(await comeBack({ state: late.state }, { cookie: late.cookie }))).toMatchObject({ code: 'oauth_state_expired' });
  });

  test('without a state connects nothing and tells what to do', async () => {
    const response = await comeBack({ code: await code() });
    expect([response.status, await exchanges()]).toEqual([200, 0]);
    expect(await response.text()).toContain('Sign in to Showrunner');
    expect(await problem(await comeBack({ code: 'x' }, { accept: 'application/json' }))).toMatchObject({ code: 'oauth_state_forged' });
  });

  test('of somebody who may no longer connect is refused', async () => {
    const admin = await person('admin', world.workspace_id);
    const { state, cookie } = await begin(admin);
    await world.db.updateTable('workspace_members').set({ role: 'sales' }).where('workspace_id', '=', world.workspace_id).where('role', '=', 'admin').execute();
    expect(await problem(await comeBack({ state, code: 'x' }, { cookie }))).toMatchObject({ code: 'forbidden' });
  });
});

describe('A channel', () => {
  test('that is paused comes back by connecting again, with its id, and what was missed is fetched', async () => {
    const { channels } = await bodyOf<Integrated>(await integrate());
    await eventually(() => world.schedules.asked.length === 4);
    await world.sandbox.control('POST', `/sellers/${encodeURIComponent('Nordlicht Trading')}/revoke`, { tell: false });
    const refused = await call('GET', `/auth/get-active-shops?channel_uid=${channels[0]!.channel_uid}`, owner);
    expect(await problem(refused)).toMatchObject({ code: 'shop_reconnect_needed' });
    const paused = await call('GET', `/auth/get-authorized-shops?channel_uid=${channels[0]!.channel_uid}`, owner);
    expect(await bodyOf(paused)).toMatchObject({ code: 'shop_channel_paused', detail: expect.stringContaining('36004005') });
    await eventually(() => world.schedules.asked.filter((asked) => asked.startsWith('pause:')).length === 2);
    world.schedules.asked.length = 0;
    expect(await bodyOf<Integrated>(await integrate())).toEqual({ channels, taken: [] });
    await eventually(() => world.schedules.asked.filter((asked) => asked.startsWith('trigger:')).length === 2);
    expect((await call('GET', `/auth/get-active-shops?channel_uid=${channels[0]!.channel_uid}`, owner)).status).toBe(200);
  });

  test('shows its seller’s shops without ciphers, and without a channel those of the first', async () => {
    expect(await problem(await call('GET', '/auth/get-authorized-shops', owner))).toEqual({ status: 404, code: 'not_found' });
    const { channels } = await bodyOf<Integrated>(await integrate());
    for (const query of ['', `?channel_uid=${channels[0]!.channel_uid}`]) {
      const { shops } = await bodyOf<{ shops: { id: string }[] }>(await call('GET', `/auth/get-authorized-shops${query}`, owner));
      expect(shops.map(({ id }) => id).sort()).toEqual(channels.map(({ shop_id }) => shop_id).sort());
      expect(JSON.stringify(shops)).not.toMatch(/cipher|GCP_|ROW_/);
    }
    const active = await bodyOf<{ shops: object[] }>(await call('GET', '/auth/get-active-shops/', owner));
    expect(active.shops).toContainEqual({ id: world.sandbox.shopId(UK), region: 'GB' });
  });

  test('is disconnected once and for all askers, and its tokens go with the last', async () => {
    const { channels } = await bodyOf<Integrated>(await integrate());
    for (const { channel_uid } of [...channels, ...channels]) {
      const response = await call('DELETE', `/channels/${channel_uid}`, owner);
      expect(await bodyOf(response)).toMatchObject({ channel_uid, state: 'disconnected', disconnected_at: expect.any(String) });
    }
    expect(await world.db.selectFrom('shop_authorizations').select(['state', 'access_token']).execute()).toEqual([{ state: 'disconnected', access_token: null }]);
    expect(await problem(await call('GET', `/auth/get-active-shops?channel_uid=${channels[0]!.channel_uid}`, owner))).toMatchObject({ code: 'shop_channel_disconnected' });
  });

  test('of another workspace is not there', async () => {
    const { channels } = await bodyOf<Integrated>(await integrate());
    const stranger = await person();
    const uid = channels[0]!.channel_uid;
    for (const [method, path] of [['GET', `/channels/${uid}`], ['DELETE', `/channels/${uid}`], ['GET', `/auth/get-authorized-shops?channel_uid=${uid}`], ['GET', `/auth/get-active-shops?channel_uid=${uid}`]]) {
      expect([path, await problem(await call(method!, path!, stranger))]).toEqual([path, { status: 404, code: 'not_found' }]);
    }
    expect((await bodyOf<{ items: object[] }>(await call('GET', '/channels', stranger))).items).toEqual([]);
    expect((await world.channel(uid)).state).toBe('active');
  });

  test('is for the roles that may', async () => {
    const allowed = async (role: WorkspaceRole) => {
      const who = await person(role, world.workspace_id);
      return [(await call('GET', '/channels', who)).status, (await call('GET', '/auth/connect-url', who)).status];
    };
    expect(await allowed('admin')).toEqual([200, 200]);
    expect(await allowed('sales')).toEqual([200, 403]);
    expect(await allowed('warehouse')).toEqual([200, 403]);
    expect(await allowed('member')).toEqual([403, 403]);
    expect(await allowed('social_marketing')).toEqual([403, 403]);
  });

  test('is listed in pages', async () => {
    await integrate();
    const first = await bodyOf<{ items: { channel_uid: string }[]; next_cursor: string }>(await call('GET', '/channels?limit=1', owner));
    const second = await bodyOf<{ items: { channel_uid: string }[]; next_cursor: null }>(await call('GET', `/channels?limit=1&cursor=${first.next_cursor}`, owner));
    expect(new Set([...first.items, ...second.items].map(({ channel_uid }) => channel_uid)).size).toBe(2);
    expect(second.next_cursor).toBeNull();
  });
});

test('Without an app of ours nothing is begun', async () => {
  const bare = createApp({ ...deps, config: { ...deps.config, shopApp: null } });
  const response = await bare.request('/auth/connect-url', { headers: { authorization: `Bearer ${owner.token}` } });
  expect(await problem(response)).toMatchObject({ code: 'shop_app_missing' });
});
