import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import proto from '@temporalio/proto';
import { tiktokTokenWorkflowId } from '../../domain/names.ts';
import { ApiClient, call } from '../helpers/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { Product } from '../helpers/product.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { testTemporal, testTemporalAddress, type TestTemporal } from '../helpers/temporal.ts';
import { connectAccount, openApiControlOf, returnFromTikTok, visitConsentPage } from '../helpers/tiktok-consent.ts';

/** API and sandbox in one place; the worker beside them, with a PostgreSQL that can be cut off from it alone. */
let database: TestDatabase;
let temporal: TestTemporal;
let product: Product;
let worker: Product;
let postgres: TcpProxy;
let api: ApiClient;
let control: ReturnType<typeof openApiControlOf>;

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  const proxied = await TcpProxy.toUrl(database.url, 5432);
  postgres = proxied.proxy;
  const env = { TEMPORAL_TASK_QUEUE_PREFIX: `accounts-${randomUUID()}-` };
  const shared = { temporalAddress: testTemporalAddress() };
  product = await Product.start({ ...shared, databaseUrl: database.url, env, parts: ['sandbox', 'api'] });
  worker = await Product.start({ ...shared, databaseUrl: proxied.url, env, parts: [] });
  worker.useSandbox(product.sandboxUrl);
  await worker.spawn('publish');
  control = openApiControlOf(product.sandboxUrl);
  api = await ApiClient.register(product.apiUrl);
}, 120_000);
beforeEach(async () => {
  await control.delete('/faults');
  await control.patch('/settings', { tokens: { replay_grace_ms: 0 }, limits: { creator_info: 1_000 } });
});
afterAll(async () => {
  for (const { id } of await database.db.selectFrom('social_accounts').select('id').execute()) {
    await temporal.client.workflow.getHandle(tiktokTokenWorkflowId(id)).terminate().catch(() => undefined);
    await temporal.client.schedule.getHandle(`analytics:${id}`).delete().catch(() => undefined);
  }
  await worker.stop();
  await product.stop();
  await postgres.close();
  await temporal.close();
  await database.drop();
}, 60_000);

interface Account {
  id: string;
  state: string;
  state_code: string | null;
  state_reason: string | null;
  username: string | null;
  missing_features: { scope: string }[];
  last_refresh_error: string | null;
}
const show = (id: string): Promise<Account> => api.get<Account>(`/api/social-accounts/${id}`);
const rowOf = (id: string) => database.db.selectFrom('social_accounts').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const newAccount = async (): Promise<{ id: string; username: string }> => {
  const username = `u${randomUUID().slice(0, 8)}`;
  await control.post('/accounts', { username });
  return { username, id: await connectAccount(api, product.sandboxUrl, username) };
};
const refreshNow = async (id: string): Promise<{ status: number; code?: string; detail?: string }> => {
  const response = await fetch(`${product.apiUrl}/api/auth/tiktok/refresh`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ social_account_id: id }),
  });
  return { status: response.status, ...((await response.json()) as object) };
};
const refreshesOf = async (username: string): Promise<{ refreshes: number; replayed_refreshes: number }> => {
  const { accounts } = await control.get<{ accounts: Record<string, { refreshes: number; replayed_refreshes: number }> }>('/counts');
  return accounts[username] ?? { refreshes: 0, replayed_refreshes: 0 };
};

describe('connecting', () => {
  test('goes by TikTok’s consent page, which checks PKCE, and back', async () => {
    await control.patch('/settings', { consent: { require_pkce: true } });
    const id = await connectAccount(api, product.sandboxUrl, 'showrunner_demo');
    await control.patch('/settings', { consent: { require_pkce: false } });
    expect(await show(id)).toMatchObject({ state: 'connected', username: 'showrunner_demo', missing_features: [] });
    expect(await connectAccount(api, product.sandboxUrl, 'showrunner_demo')).toBe(id);
  });

  test('with part of the scopes says what is missing', async () => {
    const id = await connectAccount(api, product.sandboxUrl, 'partial_pat');
    expect((await show(id)).missing_features.map(({ scope }) => scope)).toEqual(['user.info.profile', 'user.info.stats', 'video.upload', 'video.publish']);
  });

  test('that is denied says so in TikTok’s words', async () => {
    await control.patch('/settings', { consent: { auto: { username: 'showrunner_demo', decision: 'deny' } } });
    const page = await returnFromTikTok(await visitConsentPage(api));
    expect([page.searchParams.get('code'), page.searchParams.get('reason')]).toEqual(['oauth_denied', expect.stringContaining('access_denied')]);
    await control.patch('/settings', { consent: { auto: { username: 'outsider_olaf' } } });
    expect((await returnFromTikTok(await visitConsentPage(api))).searchParams.get('reason')).toContain('non_sandbox_target');
  });

  test('is refused to another person, and to whoever comes a second time', async () => {
    await control.patch('/settings', { consent: { auto: { username: 'showrunner_demo' } } });
    const visit = await visitConsentPage(api);
    const other = await ApiClient.register(product.apiUrl);
    const answer = (token: string) => fetch(visit.callback, { redirect: 'manual', headers: { accept: 'application/json', authorization: `Bearer ${token}` } }).then((response) => response.json());
    expect(await answer(other.token)).toMatchObject({ code: 'oauth_state_foreign' });
    expect((await returnFromTikTok(visit)).searchParams.get('tiktok')).toBe('connected');
    expect(await answer(api.token)).toMatchObject({ code: 'oauth_state_replayed' });
  });
});

describe('the tokens', () => {
  test('an access token that TikTok ended is refreshed once for all who need it', async () => {
    const { id, username } = await newAccount();
    const before = await refreshesOf(username);
    await control.post(`/accounts/${username}/expire`, { which: 'access' });
    const infos = await Promise.all(Array.from({ length: 12 }, () => api.get<{ username: string }>(`/api/social-accounts/${id}/creator-info`)));
    expect(infos.map((info) => info.username)).toEqual(Array(12).fill(username));
    expect((await refreshesOf(username)).refreshes - before.refreshes).toBe(1);
  });

  test('TikTok failing never disconnects, and is over when it is over', async () => {
    const { id } = await newAccount();
    await control.post('/faults', { path: '/v2/oauth/token/', answer: { status: 503, code: 'server_error' }, times: 3 });
    expect(await refreshNow(id)).toMatchObject({ status: 502, code: 'tiktok_internal' });
    expect(await show(id)).toMatchObject({ state: 'connected', last_refresh_error: expect.stringContaining('server_error') });
    await eventually(async () => (await rowOf(id)).token_version === 2, { timeoutMs: 30_000 });
    expect(await show(id)).toMatchObject({ state: 'connected', last_refresh_error: null });
  });

  test('a consent that the person took back needs a reconnect, tells the workspace, and is made good by connecting again', async () => {
    const { id, username } = await newAccount();
    await control.post(`/accounts/${username}/disconnect`, { reason: 1 });
    expect(await refreshNow(id)).toMatchObject({ status: 409, code: 'reconnect_needed', detail: expect.stringContaining('invalid_grant') });
    expect(await show(id)).toMatchObject({ state: 'reconnect_needed', state_reason: expect.stringContaining('invalid_grant') });
    const { items } = await api.get<{ items: { message: string }[] }>('/api/notifications');
    expect(items.filter(({ message }) => message.includes(`@${username} has to be connected again`))).toHaveLength(1);
    expect(await connectAccount(api, product.sandboxUrl, username)).toBe(id);
    expect(await show(id)).toMatchObject({ state: 'connected', state_reason: null });
    expect((await refreshNow(id)).status).toBe(200);
  });

  test('PostgreSQL that goes away between TikTok’s answer and our commit is survived', async () => {
    const { id, username } = await newAccount();
    const { asked } = await answerWithoutCommit(id, username);
    expect((await rowOf(id)).token_version).toBe(1);
    postgres.mend();
    expect((await asked).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({ state: 'connected', token_version: 2, refresh_sent_version: null });
    expect((await api.get<{ username: string }>(`/api/social-accounts/${id}/creator-info`)).username).toBe(username);
    expect(await refreshesOf(username)).toMatchObject({ refreshes: 1, replayed_refreshes: 0 });
  });

  test('a worker that is killed between TikTok’s answer and our commit: where TikTok gives the pair again, nothing is lost', async () => {
    const { id, username } = await newAccount();
    await control.patch('/settings', { tokens: { replay_grace_ms: 120_000 } });
    await killBetweenAnswerAndCommit(id, username);
    await eventually(async () => (await rowOf(id)).token_version === 2, { timeoutMs: 40_000 });
    expect(await rowOf(id)).toMatchObject({ state: 'connected', refresh_sent_version: null });
    expect((await api.get<{ username: string }>(`/api/social-accounts/${id}/creator-info`)).username).toBe(username);
  });

  test('a worker that is killed between TikTok’s answer and our commit: where the pair is lost, it says so', async () => {
    const { id, username } = await newAccount();
    await killBetweenAnswerAndCommit(id, username);
    await eventually(async () => (await rowOf(id)).state === 'reconnect_needed', { timeoutMs: 40_000 });
    expect(await show(id)).toMatchObject({ state_code: 'token_lost', state_reason: expect.stringContaining('An earlier refresh with the same token got no answer') });
    expect(await connectAccount(api, product.sandboxUrl, username)).toBe(id);
    expect((await refreshNow(id)).status).toBe(200);
  });

  test('disconnect removes them though TikTok fails', async () => {
    const { id } = await newAccount();
    await control.post('/faults', { path: '/v2/oauth/revoke/', answer: { status: 500 }, times: 10 });
    const answer = await call<{ revoked_at_tiktok: boolean; reason: string }>(product.apiUrl, api.token, 'DELETE', `/api/social-accounts/${id}`);
    expect(answer).toMatchObject({ revoked_at_tiktok: false, reason: expect.stringContaining('internal_error') });
    expect(await rowOf(id)).toMatchObject({ state: 'disconnected', access_token: null, refresh_token: null });
    expect(await refreshNow(id)).toMatchObject({ status: 409, code: 'account_disconnected' });
  });

  test('disconnect cancels what waits, and the posts stay', async () => {
    const { id } = await newAccount();
    const publish_at = new Date(Date.now() + 3_600_000).toISOString();
    const post = { video_url: 'https://media.example.test/clip.mp4', caption: 'later', mode: 'inbox', publish_at, social_account_ids: [id] };
    const created = await api.post<{ items: { id: string }[] }>('/api/posts', post);
    const answer = await call<{ cancelled_posts: number }>(product.apiUrl, api.token, 'DELETE', `/api/social-accounts/${id}`);
    expect(answer).toEqual({ revoked_at_tiktok: true, reason: null, cancelled_posts: 1 });
    expect(await api.get(`/api/posts/${created.items[0]!.id}`)).toMatchObject({ state: 'cancelled' });
  });

  test('are in no history, no log and no answer', async () => {
    const { id, username } = await newAccount();
    await refreshNow(id);
    const { access_token, refresh_token } = await rowOf(id);
    const sealed = [access_token!, refresh_token!];
    const { History } = proto.temporal.api.history.v1;
    const runs = await eventually(async () => {
      const found: { workflowId: string; runId: string }[] = [];
      for await (const { workflowId, runId } of temporal.client.workflow.list({ query: `SocialAccountId = '${id}'` })) found.push({ workflowId, runId });
      return found.length >= 2 ? found : null;
    });
    const histories = await Promise.all(
      runs.map(async ({ workflowId, runId }) => {
        const history = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
        return Buffer.from(History.encode(History.fromObject(history)).finish()).toString('latin1');
      }),
    );
    const logs = await Promise.all([join(product.logFolder, 'api.log'), join(worker.logFolder, 'publish.log')].map((path) => readFile(path, 'utf8')));
    const answers = JSON.stringify([await show(id), await api.get('/api/social-accounts')]);
    expect(answers).toContain(username);
    const texts = [...histories, ...logs, answers];
    expect(texts.filter((text) => /\b(act|rft)\.[\w-]{20}/.test(text) || sealed.some((secret) => text.includes(secret)))).toEqual([]);
  });
});

/**
 * Has a refresh asked for, and cuts the worker off from PostgreSQL while TikTok takes its time over the answer: it comes, and
 * can't be stored.
 */
async function answerWithoutCommit(id: string, username: string): Promise<{ asked: ReturnType<typeof refreshNow> }> {
  await control.post('/faults', { path: '/v2/oauth/token/', username, delay_ms: 2_000 });
  const asked = refreshNow(id);
  await eventually(async () => (await rowOf(id)).refresh_sent_version === 1);
  postgres.cut();
  await eventually(async () => (await refreshesOf(username)).refreshes === 1);
  return { asked };
}

async function killBetweenAnswerAndCommit(id: string, username: string): Promise<void> {
  const { asked } = await answerWithoutCommit(id, username);
  await worker.kill('publish');
  postgres.mend();
  await worker.spawn('publish');
  await asked;
}
