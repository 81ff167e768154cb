import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createApp } from '../../api/app.ts';
import { ApiError } from '../../api/errors.ts';
import { newId } from '../../db/ids.ts';
import { SHOP_WEBHOOK_MAX_AGE_MS } from '../../domain/shop/webhook-age.ts';
import { eventually } from '../helpers/eventually.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

const SHOP = '7495540735365777507';
const APP = { app_key: 'test-app-key', app_secret: 'test-app-secret' };
let api: TestApi;
let owner: Person;
let channel: string;

beforeAll(async () => {
  api = await createTestApi();
  owner = await api.person();
  channel = await connect(owner.workspace_id, SHOP);
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.database.db.deleteFrom('shop_webhooks').execute();
  api.temporal.calls.length = 0;
});

/** A channel straight in the tables: no token of it is ever used here. */
async function connect(workspace_id: string, shop_id: string): Promise<string> {
  const [authorization_id, id] = [newId(), newId()];
  const { db } = api.database;
  const tokens = { access_token: 'sealed', refresh_token: 'sealed', granted_scopes: [] };
  await db.insertInto('shop_authorizations').values({ id: authorization_id, workspace_id, open_id: id, seller_name: null, seller_base_region: null, state: 'connected', ...tokens }).execute();
  await db.insertInto('channels').values({ id, workspace_id, authorization_id, shop_id, shop_cipher: 'sealed', name: 'Shop', region: 'GB', seller_type: null, code: null, state: 'active' }).execute();
  return id;
}

const nowS = (): number => Math.floor(Date.now() / 1_000);
let last = 7_380_066_284_010_030_000n;
const bodyOf = (over: object = {}): string =>
  JSON.stringify({
    type: 1,
    tts_notification_id: String((last += 1n)),
    shop_id: SHOP,
    timestamp: nowS(),
    data: { order_id: '576653688135258178', order_status: 'AWAITING_SHIPMENT', is_on_hold_order: false, update_time: nowS() },
    ...over,
  });
const sign = (body: string | Uint8Array, { app_key, app_secret } = APP): string => createHmac('sha256', app_secret).update(app_key).update(body).digest('hex');

interface Sent {
  authorization?: string | null;
  path?: string;
  app?: typeof api.app;
}
async function send(body: string | Uint8Array<ArrayBuffer>, { authorization = sign(body), path = '/webhook/', app = api.app }: Sent = {}) {
  const headers = { 'content-type': 'application/json', ...(authorization !== null && { authorization }) };
  const response = await app.request(path, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, body: (await response.json()) as { code?: string; detail?: string; received?: boolean } };
}
const stored = () => api.database.db.selectFrom('shop_webhooks').selectAll().orderBy('seq').execute();
const woken = () => api.temporal.calls.filter(({ name }) => name === 'processWebhooks').map(({ args }) => args[0]);
const metric = async (result: string): Promise<number> => Number(new RegExp(`showrunner_shop_webhooks_total\\{result="${result}"\\} (\\d+)`).exec(await api.deps.metrics.registry.metrics())?.[1] ?? 0);

describe('a webhook of TikTok Shop', () => {
  test.each(['/webhook/', '/webhook'])('sent to %s is kept as it came, with whose it is, and the shop is woken', async (path) => {
    const body = bodyOf();
    const fresh = createApp(api.deps);
    expect(await send(body, { path, app: fresh })).toMatchObject({ status: 200, body: { received: true } });
    expect(await stored()).toMatchObject([
      { id: (JSON.parse(body) as { tts_notification_id: string }).tts_notification_id, type: 1, kind: 'order_status', shop_id: SHOP, workspace_id: owner.workspace_id, channel_id: channel, subject: '576653688135258178', body, state: 'received', times_received: 1 },
    ]);
    await eventually(() => woken().includes(SHOP));
  });

  test('signed as TikTok’s own sample is taken for signed, and refused for its age alone', async () => {
    const { webhook_vectors } = JSON.parse(await readFile('tests/fixtures/shop-sign-vectors.json', 'utf8')) as { webhook_vectors: { app_key: string; app_secret: string; raw_body: string; authorization_header: string }[] };
    expect(webhook_vectors.length).toBeGreaterThan(0);
    for (const { app_key, app_secret, raw_body, authorization_header } of webhook_vectors) {
      const app = createApp({ ...api.deps, config: { ...api.deps.config, shopApp: { ...api.deps.config.shopApp!, app_key, app_secret } } });
      expect((await send(raw_body, { app, authorization: authorization_header })).body.code).toBe('webhook_too_old');
      expect((await send(`${raw_body} `, { app, authorization: authorization_header })).body.code).toBe('webhook_signature');
    }
  });

  test('printed on many lines is the bytes that were signed', async () => {
    const body = JSON.stringify(JSON.parse(bodyOf()), null, 2);
    expect((await send(body)).status).toBe(200);
    expect(await stored()).toMatchObject([{ body }]);
  });

  test('that is repeated, at once and later, is one row that is counted', async () => {
    const body = bodyOf();
    const before = await metric('repeated');
    const answers = await Promise.all([send(body), send(body), send(body)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await send(body)).status).toBe(200);
    expect(await stored()).toMatchObject([{ times_received: 4 }]);
    expect((await metric('repeated')) - before).toBeGreaterThanOrEqual(2);
  });

  test('without a notification id is known by its bytes', async () => {
    const body = bodyOf({ tts_notification_id: undefined });
    await send(body);
    await send(body);
    await send(bodyOf({ tts_notification_id: undefined, data: { order_id: '2', order_status: 'UNPAID' } }));
    expect((await stored()).map(({ id, times_received }) => [id.length, times_received])).toEqual(expect.arrayContaining([[64, 2], [64, 1]]));
  });

  test('of a shop that nobody has, of a type that nobody knows, and with data that is not as documented, is kept', async () => {
    await send(bodyOf({ shop_id: '7000000000000000001' }));
    await send(bodyOf({ type: 4_711, data: { surprise: true } }));
    await send(bodyOf({ data: 'no object' }));
    await send(bodyOf({ shop_id: '' }));
    expect(await stored()).toMatchObject([
      { shop_id: '7000000000000000001', workspace_id: null, channel_id: null },
      { kind: 'unknown', type: 4_711, channel_id: channel },
      { kind: 'unknown', type: 1, channel_id: channel },
      { shop_id: null, workspace_id: null },
    ]);
  });

  test('is answered 200 though Temporal is away, and many of one shop ask for one wake at a time', async () => {
    let wakes = 0;
    const shop = { ...api.temporal.shop, processWebhooks: () => ((wakes += 1), Promise.reject(new ApiError('unavailable', { detail: 'Temporal' }))) };
    const app = createApp({ ...api.deps, temporal: { ...api.temporal, shop } });
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(bodyOf(), { app })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(await stored()).toHaveLength(50);
    await eventually(() => api.log().includes('the sweep has them processed'));
    expect(wakes).toBeLessThan(10);
  });

  test('that is 23 hours old is one of TikTok’s last attempts', async () => {
    expect((await send(bodyOf({ timestamp: nowS() - 23 * 3_600 }))).status).toBe(200);
    expect((await send(bodyOf({ timestamp: nowS() + 240 }))).status).toBe(200);
  });
});

describe('refused, and not kept, is a webhook', () => {
  // An app of their own: a wake that an earlier webhook has asked for may still be on its way in the other.
  const wakes: string[] = [];
  let ownApp: typeof api.app;
  beforeAll(() => {
    const shop = { ...api.temporal.shop, processWebhooks: (shopId: string) => Promise.resolve(void wakes.push(shopId)) };
    ownApp = createApp({ ...api.deps, temporal: { ...api.temporal, shop } });
  });
  const refused = async (status: number, code: string, body: string | Uint8Array<ArrayBuffer>, options?: Sent): Promise<void> => {
    const before = await metric(code);
    const answer = await send(body, { app: ownApp, ...options });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await stored()).toEqual([]);
    expect(wakes).toEqual([]);
    expect(await metric(code)).toBe(before + 1);
  };

  test('without a signature, or with one that is none', async () => {
    const body = bodyOf();
    for (const authorization of [null, '', 'nonsense', `Bearer ${sign(body)}`, sign(body).slice(1), `${sign(body)}0`, sign(body).toUpperCase(), '0'.repeat(64)])
      await refused(401, 'webhook_signature', body, { authorization });
  });

  test('signed with another secret, for another app, or over other bytes; the log says so without the body', async () => {
    const body = bodyOf({ data: { order_id: 'unseen-in-logs', order_status: 'UNPAID' } });
    await refused(401, 'webhook_signature', body, { authorization: sign(body, { ...APP, app_secret: 'another' }) });
    await refused(401, 'webhook_signature', body, { authorization: sign(body, { ...APP, app_key: 'another' }) });
    await refused(401, 'webhook_signature', `${body}\n`, { authorization: sign(body) });
    expect(api.log()).toContain('a webhook without TikTok Shop’s signature was refused');
    expect(api.log()).not.toContain('unseen-in-logs');
  });

  test('older than TikTok’s last attempt can be, or from a time to come', async () => {
    await refused(401, 'webhook_too_old', bodyOf({ timestamp: nowS() - SHOP_WEBHOOK_MAX_AGE_MS / 1_000 - 5 }));
    await refused(401, 'webhook_too_old', bodyOf({ timestamp: nowS() + 310 }));
  });

  test('whose signature is wrong does not learn whether its time is', () => refused(401, 'webhook_signature', bodyOf({ timestamp: 1 }), { authorization: '0'.repeat(64) }));

  test('that is no JSON, no envelope, or no text', async () => {
    for (const body of ['', 'nonsense', '[]', '{}', bodyOf({ type: 'one' }), bodyOf({ timestamp: 'now' }), bodyOf({ type: 3_000_000_000 }), bodyOf({ tts_notification_id: 'a\0b' }), bodyOf({ shop_id: '\0' })])
      await refused(400, 'shop_webhook_unreadable', body);
    await refused(400, 'shop_webhook_unreadable', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]));
  });

  test('of 5 MB, whoever signed it', async () => {
    const body = bodyOf({ data: { order_id: 'a'.repeat(5_000_000) } });
    await refused(413, 'payload_too_large', body);
    await refused(413, 'payload_too_large', body, { authorization: null });
  });

  test('where no TikTok Shop app is configured', () => refused(501, 'shop_app_missing', bodyOf(), { app: createApp({ ...api.deps, config: { ...api.deps.config, shopApp: null } }) }));
});

interface Delivery {
  id: string;
  type: number;
  kind: string;
  state: string;
  channel_uid: string | null;
  replays: number;
  outcome: string | null;
  body?: string;
}
interface Deliveries {
  items: Delivery[];
  next_cursor: string | null;
}

describe('The deliveries of a workspace', () => {
  const list = async (query = '', token = owner.token) => (await api.call<Deliveries>('GET', `/webhook/deliveries${query}`, { token })).body;

  test('are listed newest first, page by page, by type, kind, state, subject and channel', async () => {
    const product = (id: string) => ({ type: 5, data: { product_id: id, status: 'PRODUCT_STATUS_CHANGED' } });
    const bodies = [bodyOf(), bodyOf(product('17')), bodyOf({ type: 99 }), bodyOf(product('18')), bodyOf()];
    for (const body of bodies) await send(body);
    const ids = bodies.map((body) => (JSON.parse(body) as { tts_notification_id: string }).tts_notification_id).reverse();
    const first = await list('?limit=3');
    const second = await list(`?limit=3&cursor=${first.next_cursor}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.next_cursor).toBeNull();
    expect(first.items[0]).not.toHaveProperty('body');
    const found = async (query: string) => (await list(query)).items.map(({ id }) => ids.indexOf(id));
    expect(await found('?type=5')).toEqual([1, 3]);
    expect(await found('?kind=unknown,order_status')).toEqual([0, 2, 4]);
    expect(await found('?subject=17')).toEqual([3]);
    expect(await found('?state=failed')).toEqual([]);
    expect(await found(`?channel_uid=${channel}&state=received`)).toHaveLength(5);
    expect(await found(`?channel_uid=${newId()}`)).toEqual([]);
    for (const bad of ['?type=one', '?kind=nonsense', '?state=lost', '?cursor=nonsense', '?channel_uid=1', '?limit=0']) {
      expect([bad, (await api.call('GET', `/webhook/deliveries${bad}`, { token: owner.token })).status]).toEqual([bad, 422]);
    }
  });

  test('are shown with their bodies one by one, and to nobody of another workspace', async () => {
    const body = bodyOf();
    await send(body);
    const [{ id }] = (await list()).items as [Delivery];
    expect((await api.call<Delivery>('GET', `/webhook/deliveries/${id}`, { token: owner.token })).body).toMatchObject({ id, body, channel_uid: channel });
    const stranger = await api.person();
    expect((await list('', stranger.token)).items).toEqual([]);
    expect((await api.call('GET', `/webhook/deliveries/${id}`, { token: stranger.token })).status).toBe(404);
    expect((await api.call('POST', `/webhook/deliveries/${id}/replay`, { token: stranger.token })).status).toBe(404);
    expect((await stored())[0]).toMatchObject({ replays: 0 });
  });

  test('are open again after a replay, whatever came of them, though Temporal is away', async () => {
    await send(bodyOf());
    const [{ id }] = (await list()).items as [Delivery];
    await api.database.db.updateTable('shop_webhooks').set({ state: 'failed', attempts: 8, outcome: 'given up: x', processed_at: new Date() }).execute();
    await eventually(() => woken().length > 0);
    api.temporal.calls.length = 0;
    const answer = await api.call<Delivery>('POST', `/webhook/deliveries/${id}/replay`, { token: owner.token });
    expect([answer.status, answer.body]).toMatchObject([202, { state: 'received', replays: 1, outcome: null }]);
    expect(woken()).toContain(SHOP);
    expect(await stored()).toMatchObject([{ state: 'received', attempts: 0, replays: 1, processed_at: null }]);
    expect((await api.call('POST', '/webhook/deliveries/unheard-of/replay', { token: owner.token })).status).toBe(404);
  });

  test.each(['owner', 'admin', 'member', 'social_marketing', 'sales', 'warehouse'] as const)('for the role %s are what the table of permissions says', async (role) => {
    await send(bodyOf());
    const { id } = (await stored())[0]!;
    const { token } = await api.person(role, owner.workspace_id);
    const may = role === 'owner' || role === 'admin';
    expect((await api.call('GET', '/webhook/deliveries', { token })).status).toBe(may ? 200 : 403);
    expect((await api.call('GET', `/webhook/deliveries/${id}`, { token })).status).toBe(may ? 200 : 403);
    expect((await api.call('POST', `/webhook/deliveries/${id}/replay`, { token })).status).toBe(may ? 202 : 403);
  });
});
