import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { createApp } from '../../api/app.ts';
import type { Router } from '../../api/context.ts';
import { createTemporalGateway, type TemporalGateway } from '../../api/temporal.ts';
import type { NewRow } from '../../db/schema.ts';
import { ERRORS } from '../../domain/errors.ts';
import { tiktokTokenWorkflowId } from '../../domain/names.ts';
import { accountsHarness, seedSocialAccount, type AccountsHarness } from '../helpers/accounts.ts';
import { eventually } from '../helpers/eventually.ts';
import { createFakeTikTok, failureOf, type FakeTikTok } from '../helpers/fake-tiktok.ts';
import { testTemporal, testTemporalAddress, type TestTemporal } from '../helpers/temporal.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

const PAGE = 'http://127.0.0.1:8080/crm/social/tiktok';

let api: TestApi;
let app: Router;
let temporal: TestTemporal;
let gateway: TemporalGateway;
let tiktok: FakeTikTok;
let accounts: AccountsHarness;
let owner: Person;

beforeAll(async () => {
  [api, temporal] = await Promise.all([createTestApi(), testTemporal()]);
  tiktok = createFakeTikTok();
  accounts = await accountsHarness(api.database, temporal, tiktok);
  gateway = createTemporalGateway({ address: testTemporalAddress(), namespace: 'default', taskQueuePrefix: accounts.prefix });
  app = createApp({ ...api.deps, temporal: gateway });
  owner = await api.person();
});
beforeEach(() => {
  for (const faults of Object.values(tiktok.faults)) faults.length = 0;
});
afterAll(async () => {
  const rows = await api.database.db.selectFrom('social_accounts').select('id').execute();
  for (const { id } of rows) await temporal.client.workflow.getHandle(tiktokTokenWorkflowId(id)).terminate().catch(() => undefined);
  await gateway.close();
  await temporal.close();
  await api.close();
});

interface Consent {
  state: string;
  cookie: string;
  url: URL;
}

const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
const auth = ({ token }: Person) => ({ authorization: `Bearer ${token}` });
const json = { accept: 'application/json' };

async function begin(person: Person = owner, query = '', cookie?: string): Promise<Consent> {
  const response = await get(`/api/auth/tiktok/start${query}`, { ...auth(person), ...json, ...(cookie ? { cookie } : {}) });
  expect(response.status).toBe(200);
  const url = new URL(((await response.json()) as { authorize_url: string }).authorize_url);
  return { url, state: url.searchParams.get('state')!, cookie: response.headers.get('set-cookie')!.split(';')[0]! };
}

/** As TikTok sends the browser back. */
const comeBack = (query: Record<string, string>, headers: Record<string, string>) => get(`/api/auth/tiktok/callback?${new URLSearchParams(query).toString()}`, headers);

/** Connects by the whole way round. @returns where the browser ends up */
async function connect(openId: string, person: Person = owner): Promise<URL> {
  const { state, cookie } = await begin(person);
  const response = await comeBack({ state, code: tiktok.code(openId) }, { cookie });
  expect(response.status).toBe(302);
  return new URL(response.headers.get('location')!);
}

const problem = async (response: Response) => {
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return { status: response.status, type: response.headers.get('content-type'), code, detail };
};

describe('the way to TikTok', () => {
  test('is its consent page with a signed state, all scopes by commas, and PKCE by hex SHA-256', async () => {
    const { url, state } = await begin();
    expect(url.origin + url.pathname).toBe('https://www.tiktok.example/v2/auth/authorize/');
    const { code_challenge, ...rest } = Object.fromEntries(url.searchParams);
    expect(rest).toEqual({
      client_key: 'test-client-key',
      response_type: 'code',
      scope: 'user.info.basic,user.info.profile,user.info.stats,video.list,video.upload,video.publish',
      redirect_uri: 'http://127.0.0.1:8080/api/auth/tiktok/callback',
      state,
      code_challenge_method: 'S256',
      disable_auto_auth: '1',
    });
    const row = await accounts.db.selectFrom('oauth_states').selectAll().where('id', '=', state.split('.')[0]!).executeTakeFirstOrThrow();
    expect(code_challenge).toBe(createHash('sha256').update(accounts.secrets.open(row.code_verifier)).digest('hex'));
    expect(row).toMatchObject({ user_id: owner.user_id, workspace_id: owner.workspace_id, redirect_to: PAGE, used_at: null });
  });

  test('is a 302 for a browser, and its cookie is kept from scripts and from other sites', async () => {
    const response = await get('/api/auth/tiktok/start', { ...auth(owner), accept: 'text/html' });
    expect([response.status, response.headers.get('cache-control')]).toEqual([302, 'no-store']);
    expect(response.headers.get('location')).toMatch(/^https:\/\/www\.tiktok\.example\/v2\/auth\/authorize\//);
    expect(response.headers.get('set-cookie')).toMatch(/^showrunner_oauth=[\w-]{43}; Max-Age=86400; Path=\/api\/auth\/tiktok; HttpOnly; SameSite=Lax$/);
    const { cookie } = await begin();
    expect((await begin(owner, '', cookie)).cookie).toBe(cookie);
  });

  test.each(['https://evil.example/', '//evil.example', 'javascript:alert(1)', 'http://127.0.0.1:8080@evil.example/', 'https:evil.example', '/\\evil.example'])(
    'leads back to no other site: %s',
    async (page) => {
      const response = await get(`/api/auth/tiktok/start?redirect_to=${encodeURIComponent(page)}`, { ...auth(owner), ...json });
      expect(response.status).toBe(422);
      expect(((await response.json()) as { errors: unknown }).errors).toEqual([{ field: 'redirect_to', message: 'must be a page of this installation' }]);
    },
  );

  test('says where no TikTok app is configured', async () => {
    const bare = createApp({ ...api.deps, config: { ...api.deps.config, tiktokApp: null } });
    const response = await bare.request('/api/auth/tiktok/start', { headers: { ...auth(owner), ...json } });
    expect(await problem(response)).toMatchObject({ status: 501, code: 'tiktok_app_missing' });
  });

  test('takes the workspace from the query too, and never the token', async () => {
    const { workspace_id } = await api.person();
    const response = await get(`/api/auth/tiktok/start?workspace_id=${workspace_id}`, { ...auth(owner), ...json });
    expect(response.status).toBe(404);
    expect((await get(`/api/auth/tiktok/start?token=${owner.token}`, json)).status).toBe(401);
  });
});

describe('the return from TikTok', () => {
  test('connects the account, starts what owns its tokens, and leads back to the page', async () => {
    const page = await connect('open-first');
    expect(page.origin + page.pathname).toBe(PAGE);
    expect(page.searchParams.get('tiktok')).toBe('connected');
    const id = page.searchParams.get('social_account_id')!;
    const shown = await api.call<Record<string, unknown>>('GET', `/api/social-accounts/${id}`, { token: owner.token });
    expect(shown.body).toMatchObject({
      id,
      open_id: 'open-first',
      state: 'connected',
      username: 'user_open-fir',
      display_name: 'Name of open-first',
      missing_features: [],
      state_reason: null,
    });
    const { workflow } = temporal.client;
    expect((await workflow.getHandle(tiktokTokenWorkflowId(id)).describe()).status.name).toBe('RUNNING');
    await eventually(() => accounts.schedules.includes(`ensure:${id}`));
  });

  test('answers JSON where that is asked for', async () => {
    const { state, cookie } = await begin();
    const response = await comeBack({ state, code: tiktok.code('open-json') }, { cookie, ...json });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ social_account_id: expect.any(String), missing_features: [] });
  });

  test('with fewer scopes names what does not work, and the rest works', async () => {
    const all = tiktok.scopes;
    tiktok.scopes = ['user.info.basic', 'video.upload'];
    const id = (await connect('open-few')).searchParams.get('social_account_id')!;
    tiktok.scopes = all;
    const { body } = await api.call<{ missing_features: { scope: string; feature: string }[]; username: string | null }>('GET', `/api/social-accounts/${id}`, { token: owner.token });
    expect(body.username).toBeNull();
    expect(body.missing_features.map(({ scope }) => scope)).toEqual(['user.info.profile', 'user.info.stats', 'video.list', 'video.publish']);
    expect(body.missing_features.at(-1)!.feature).toBe('direct posts');
    const info = await get(`/api/social-accounts/${id}/creator-info`, auth(owner));
    expect(await problem(info)).toMatchObject({ status: 409, code: 'scope_missing', detail: expect.stringContaining('direct posts') });
  });

  test('of somebody who said no is oauth_denied, with TikTok’s words', async () => {
    const { state, cookie } = await begin();
    const response = await comeBack({ state, error: 'access_denied', error_type: 'non_sandbox_target', error_description: 'Not a target user' }, { cookie });
    expect(response.status).toBe(302);
    expect(Object.fromEntries(new URL(response.headers.get('location')!).searchParams)).toEqual({
      tiktok: 'error',
      code: 'oauth_denied',
      reason: 'TikTok: access_denied: non_sandbox_target: Not a target user',
    });
    const again = await begin();
    const asJson = await comeBack({ state: again.state, error: 'invalid_scope' }, { cookie: again.cookie, ...json });
    expect(await problem(asJson)).toMatchObject({ status: 502, code: 'oauth_failed', detail: 'TikTok: invalid_scope' });
  });

  test('with a state that was not signed here is forged, and redirects nowhere', async () => {
    const { state, cookie } = await begin();
    const [id, mac] = state.split('.') as [string, string];
    const forged = [undefined, '', 'x', `${randomUUID()}.${mac}`, `${id}.`, `${id}.${mac.slice(1)}`, `${state}.x`, `${id}.${'A'.repeat(43)}`];
    for (const wrong of forged) {
      const response = await comeBack({ code: 'c', ...(wrong === undefined ? {} : { state: wrong }) }, { cookie, accept: 'text/html' });
      expect([wrong, (await problem(response)).code, response.headers.get('location')]).toEqual([wrong, 'oauth_state_forged', null]);
    }
  });

  test('after ten minutes is expired', async () => {
    const { state, cookie } = await begin();
    await accounts.db.updateTable('oauth_states').set({ expires_at: new Date() }).where('id', '=', state.split('.')[0]!).execute();
    expect(await problem(await comeBack({ state, code: 'c' }, { cookie }))).toMatchObject({ status: 400, code: 'oauth_state_expired' });
    await accounts.db.deleteFrom('oauth_states').where('id', '=', state.split('.')[0]!).execute();
    expect(await problem(await comeBack({ state, code: 'c' }, { cookie }))).toMatchObject({ code: 'oauth_state_expired' });
  });

  test('is good once, however many come at the same time', async () => {
    const { state, cookie } = await begin();
    const before = tiktok.calls.exchangeCode;
    const code = tiktok.code('open-once');
    const responses = await Promise.all(Array.from({ length: 4 }, async () => comeBack({ state, code }, { cookie })));
    expect(responses.map(({ status }) => status).sort()).toEqual([302, 400, 400, 400]);
    expect(await problem(await comeBack({ state, code }, { cookie }))).toMatchObject({ code: 'oauth_state_replayed', detail: ERRORS.oauth_state_replayed.message });
    expect(tiktok.calls.exchangeCode - before).toBe(1);
  });

  test('of another browser or another user is foreign, and leaves the state to its owner', async () => {
    const { state, cookie } = await begin();
    const [stranger, other] = [await api.person(), await begin()];
    const code = tiktok.code('open-foreign');
    await accounts.db.updateTable('oauth_states').set({ browser_hash: 'another' }).where('id', '=', state.split('.')[0]!).execute();
    const wrong: Record<string, string>[] = [{}, { cookie: other.cookie }, { cookie }, { ...auth(stranger), cookie }];
    for (const headers of wrong) {
      expect(await problem(await comeBack({ state, code }, headers))).toMatchObject({ status: 403, code: 'oauth_state_foreign' });
    }
    expect((await comeBack({ state, code }, auth(owner))).status).toBe(302);
  });

  test('another user’s token outweighs the browser that both use', async () => {
    const { state, cookie } = await begin();
    const stranger = await api.person();
    expect(await problem(await comeBack({ state, code: 'c' }, { cookie, ...auth(stranger) }))).toMatchObject({ code: 'oauth_state_foreign' });
  });

  test('of somebody who may not connect any more is forbidden', async () => {
    const person = await api.person('social_marketing', owner.workspace_id);
    const { state, cookie } = await begin(person);
    await accounts.db.updateTable('workspace_members').set({ role: 'sales' }).where('user_id', '=', person.user_id).execute();
    expect(await problem(await comeBack({ state, code: 'c' }, { cookie }))).toMatchObject({ status: 403, code: 'forbidden', detail: 'social_accounts.connect is needed' });
  });

  test('whose code TikTok refuses says so in TikTok’s words; whose answer was lost says to begin again', async () => {
    const first = await begin();
    const refused = await comeBack({ state: first.state, code: 'never given out' }, { cookie: first.cookie, ...json });
    expect(await problem(refused)).toMatchObject({ status: 502, code: 'oauth_failed', detail: 'invalid_grant: Authorization code is expired.' });
    const second = await begin();
    tiktok.faults.exchangeCode.push({ kind: 'lost' });
    const lost = await comeBack({ state: second.state, code: tiktok.code('open-lost') }, { cookie: second.cookie, ...json });
    expect(await problem(lost)).toMatchObject({ code: 'oauth_failed', detail: expect.stringContaining('begin again') });
  });

  test('is tried again where TikTok was not reached, for its code is still good', async () => {
    const { state, cookie } = await begin();
    tiktok.faults.exchangeCode.push({ kind: 'failure', failure: failureOf({ code: 'tiktok_unreachable', definite: true, tiktok_code: null }) });
    const response = await comeBack({ state, code: tiktok.code('open-again') }, { cookie, ...json });
    expect(response.status).toBe(200);
  });

  test('while Temporal is away leads back with unavailable', async () => {
    const { state, cookie } = await begin();
    const nobody = createTemporalGateway({ address: '127.0.0.1:1', namespace: 'default' });
    const without = createApp({ ...api.deps, temporal: nobody });
    const response = await without.request(`/api/auth/tiktok/callback?${new URLSearchParams({ state, code: 'c' }).toString()}`, { headers: { cookie } });
    expect(new URL(response.headers.get('location')!).searchParams.get('code')).toBe('unavailable');
    await nobody.close();
  });

  test('leaves neither code nor verifier readable, in the row or the log', async () => {
    const { state, cookie } = await begin();
    const code = tiktok.code('open-quiet');
    await comeBack({ state, code }, { cookie });
    const row = await accounts.db.selectFrom('oauth_states').selectAll().where('id', '=', state.split('.')[0]!).executeTakeFirstOrThrow();
    expect([row.code, row.used_at]).toEqual([null, expect.any(Date)]);
    expect(accounts.secrets.isSealed(row.code_verifier)).toBe(true);
    expect(api.log()).not.toContain(code);
    expect(api.log()).not.toMatch(/act\.|rft\./);
  });
});

describe('connecting again', () => {
  test('keeps the account and its posts, and an exchange that fails leaves its good tokens alone', async () => {
    const id = (await connect('open-twice')).searchParams.get('social_account_id')!;
    await accounts.db.insertInto('posts').values(postOf(id)).execute();
    const before = await accounts.row(id);
    const failing = await begin();
    await comeBack({ state: failing.state, code: 'refused' }, { cookie: failing.cookie });
    expect(await accounts.row(id)).toEqual(before);
    expect((await connect('open-twice')).searchParams.get('social_account_id')).toBe(id);
    const after = await accounts.row(id);
    expect([after.token_version, after.state, after.created_at]).toEqual([before.token_version + 1, 'connected', before.created_at]);
    expect(await accounts.db.selectFrom('posts').select('id').where('social_account_id', '=', id).execute()).toHaveLength(1);
  });

  test('makes good what needed it, and a disconnected account is the same one again', async () => {
    const grant = tiktok.grant('open-back');
    const id = await seedSocialAccount(accounts.db, accounts.secrets, owner.workspace_id, grant, { state: 'reconnect_needed', state_code: 'token_lost', state_reason: 'x' });
    expect((await connect('open-back')).searchParams.get('social_account_id')).toBe(id);
    expect(await accounts.row(id)).toMatchObject({ state: 'connected', state_code: null, state_reason: null });
    expect((await api.call('GET', `/api/social-accounts?state=reconnect_needed`, { token: owner.token })).body).toEqual({ items: [], next_cursor: null });
    const gone = await app.request(`/api/social-accounts/${id}`, { method: 'DELETE', headers: auth(owner) });
    expect([gone.status, await gone.json()]).toEqual([200, { revoked_at_tiktok: true, reason: null, cancelled_posts: 0 }]);
    expect((await connect('open-back')).searchParams.get('social_account_id')).toBe(id);
    expect(await accounts.row(id)).toMatchObject({ state: 'connected', disconnected_at: null });
  });

  test('the same TikTok account in another workspace is an account of its own', async () => {
    const other = await api.person();
    const [mine, theirs] = [await connect('open-shared'), await connect('open-shared', other)];
    expect(mine.searchParams.get('social_account_id')).not.toBe(theirs.searchParams.get('social_account_id'));
    expect((await get(`/api/social-accounts/${theirs.searchParams.get('social_account_id')}`, auth(owner))).status).toBe(404);
  });
});

describe('an account', () => {
  test('is refreshed on demand through its workflow, and shows no token', async () => {
    const id = (await connect('open-demand')).searchParams.get('social_account_id')!;
    const response = await app.request('/api/auth/tiktok/refresh', {
      method: 'POST',
      headers: { ...auth(owner), 'content-type': 'application/json' },
      body: JSON.stringify({ social_account_id: id }),
    });
    const text = await response.text();
    expect([response.status, (await accounts.row(id)).token_version]).toEqual([200, 2]);
    expect(text).not.toMatch(/act\.|rft\.|v1\.[0-9a-f]{8}\./);
    expect(JSON.parse(text)).toMatchObject({ id, state: 'connected', last_refreshed_at: expect.any(String) });
  });

  test('that is gone or another workspace’s is 404 to every route', async () => {
    const other = await api.person();
    const id = (await connect('open-theirs', other)).searchParams.get('social_account_id')!;
    for (const social_account_id of [id, randomUUID()]) {
      const body = JSON.stringify({ social_account_id });
      const headers = { ...auth(owner), 'content-type': 'application/json' };
      const answers = await Promise.all([
        app.request('/api/auth/tiktok/refresh', { method: 'POST', headers, body }),
        get(`/api/social-accounts/${social_account_id}`, auth(owner)),
        get(`/api/social-accounts/${social_account_id}/creator-info`, auth(owner)),
        app.request(`/api/social-accounts/${social_account_id}`, { method: 'DELETE', headers: auth(owner) }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    }
  });

  test('tells what TikTok allows its creator now', async () => {
    const id = (await connect('open-creator')).searchParams.get('social_account_id')!;
    const response = await get(`/api/social-accounts/${id}/creator-info`, auth(owner));
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await response.json()).toMatchObject({ privacy_level_options: ['SELF_ONLY'], max_video_post_duration_s: 300 });
  });

  test('can not be disconnected while Temporal is away, and then nothing is half done', async () => {
    const id = (await connect('open-away')).searchParams.get('social_account_id')!;
    const nobody = createTemporalGateway({ address: '127.0.0.1:1', namespace: 'default' });
    const without = createApp({ ...api.deps, temporal: nobody });
    const response = await without.request(`/api/social-accounts/${id}`, { method: 'DELETE', headers: auth(owner) });
    expect(await problem(response)).toMatchObject({ status: 503, code: 'unavailable' });
    expect(await accounts.row(id)).toMatchObject({ state: 'connected', access_token: expect.any(String) });
    await nobody.close();
  });

  test('is listed page by page', async () => {
    const person = await api.person();
    for (const name of ['a', 'b', 'c']) await seedSocialAccount(accounts.db, accounts.secrets, person.workspace_id, tiktok.grant(`list-${name}`));
    const first = await api.call<{ items: { open_id: string }[]; next_cursor: string }>('GET', '/api/social-accounts?limit=2', { token: person.token });
    expect(first.body.items.map(({ open_id }) => open_id)).toEqual(['list-c', 'list-b']);
    const second = await api.call<{ items: { open_id: string }[]; next_cursor: null }>('GET', `/api/social-accounts?limit=2&cursor=${first.body.next_cursor}`, { token: person.token });
    expect([second.body.items.map(({ open_id }) => open_id), second.body.next_cursor]).toEqual([['list-a'], null]);
  });
});

const postOf = (social_account_id: string): NewRow<'posts'> => ({
  id: randomUUID(),
  workspace_id: owner.workspace_id,
  social_account_id,
  group_id: randomUUID(),
  kind: 'video',
  mode: 'direct',
  source: 'url',
  video_url: 'https://media.example/clip.mp4',
  content: '{}',
  state: 'published',
  updated_at: new Date(),
});
