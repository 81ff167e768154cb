import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ensureShopTokens } from '../../activities/shop/accounts/ensure-tokens.ts';
import type { TokenTimings } from '../../domain/contracts/social-account.ts';
import { shopTokenWorkflowId } from '../../domain/names.ts';
import { WEBHOOK_EVENT_TYPES } from '../../domain/shop/webhook-subscription.ts';
import { deauthorizedSignal, disconnectUpdate, expiringSignal, reconnectedSignal, refreshUpdate, tokenQuery } from '../../workflows/shop-token.messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { historyText } from '../helpers/history-text.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { INDONESIA, UK } from '../helpers/shop-sandbox.ts';
import { createShopWorld, seedChannel, type ShopWorld } from '../helpers/shop-world.ts';

const SELLER = encodeURIComponent('Nordlicht Trading');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const QUICK: Partial<TokenTimings> = { retry_initial_ms: 50, retry_max_ms: 100 };

let world: ShopWorld;
let id = '';
let uk = '';
let indonesia = '';
/** What other parts were told. */
const woken: string[] = [];

beforeAll(async () => {
  world = await createShopWorld({ publicUrl: 'https://shops.example.test/', workflows: { wakeStock: async ({ channel_id }) => void woken.push(`stock:${channel_id}`), wakeWebhooks: async (shopId) => void woken.push(`webhooks:${shopId}`) } });
  await world.worker();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.sandbox.reset();
  await world.db.deleteFrom('channels').execute();
  await world.db.deleteFrom('shop_authorizations').execute();
  await world.db.deleteFrom('notifications').execute();
  id = await world.authorization(world.workspace_id);
  uk = await channel(UK);
  indonesia = await channel(INDONESIA);
  world.schedules.asked.length = 0;
  woken.length = 0;
});
afterEach(async () => {
  await handle().terminate().catch(() => undefined);
});

const channel = async (name: string) => (await seedChannel(world.db, world.secrets, world.sandbox, { workspace_id: world.workspace_id, authorization_id: id }, name)).channel_id;
const row = () => world.db.selectFrom('shop_authorizations').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const change = (values: object) => world.db.updateTable('shop_authorizations').set(values).where('id', '=', id).execute();
const handle = () => world.client.workflow.getHandle(shopTokenWorkflowId(id));
const start = (timings: Partial<TokenTimings> = QUICK) =>
  world.client.workflow.start('shopToken', { taskQueue: world.queue, workflowId: shopTokenWorkflowId(id), args: [{ authorization_id: id, workspace_id: world.workspace_id, timings }] });
const refreshes = async (): Promise<number> => (await world.sandbox.control('GET', '/calls?path=/api/v2/token/refresh')).calls.length;
const warehouses = (channelId: string) => world.calls.withShop(channelId, {}, (access) => world.tiktok.warehouses(access));
const state = async (channelId: string) => (await world.channel(channelId)).state;
const key = () => ({ authorization_id: id, workspace_id: world.workspace_id });

describe('A pair of tokens', () => {
  test('is refreshed by itself ahead of its end, by the epochs that TikTok tells', async () => {
    const now = Date.now();
    await change({ token_obtained_at: new Date(now - 160 * HOUR), access_expires_at: new Date(now + 8 * HOUR) });
    await start();
    await eventually(async () => (await row()).token_version === 2);
    const { access_expires_at, refresh_expires_at, refresh_sent_version, last_refresh_error } = await row();
    expect(Math.abs(access_expires_at!.getTime() - now - 7 * DAY)).toBeLessThan(60_000);
    expect(refresh_expires_at!.getTime() - now).toBeGreaterThan(300 * DAY);
    expect([refresh_sent_version, last_refresh_error]).toEqual([null, null]);
    // The workflow hears of what the row says already.
    const next = await eventually(async () => {
      const { next_refresh_at_ms } = await handle().query(tokenQuery);
      return next_refresh_at_ms !== null && next_refresh_at_ms > now ? next_refresh_at_ms : null;
    });
    expect(next - now).toBeGreaterThan(0.74 * 7 * DAY);
    expect(next - now).toBeLessThan(0.86 * 7 * DAY);
    expect((await warehouses(uk)).ok).toBe(true);
  });

  test('that has ended is refreshed once for a hundred callers of two shops', async () => {
    await change({ access_expires_at: new Date(Date.now() - 1_000) });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, turn) => warehouses(turn % 2 === 0 ? uk : indonesia)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(100);
    expect(await refreshes()).toBe(1);
    expect(await row()).toMatchObject({ state: 'connected', token_version: 2 });
  });

  test('is refreshed once for callers of many processes that saw the same one', async () => {
    await start();
    const answers = await Promise.all(Array.from({ length: 8 }, () => handle().executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] })));
    expect(answers).toEqual(Array(8).fill({ ok: true, token_version: 2 }));
    expect(await refreshes()).toBe(1);
  });

  test('that TikTok takes no more in the middle is refreshed, and the call made again', async () => {
    expect((await warehouses(uk)).ok).toBe(true);
    await world.sandbox.control('POST', `/sellers/${SELLER}/expire`, { which: 'access' });
    let told = 0;
    const answer = await world.calls.withShop(uk, { onRefreshed: () => void (told += 1) }, (access) => world.tiktok.warehouses(access));
    expect([answer.ok, told, await refreshes()]).toEqual([true, 1, 1]);
    expect((await row()).access_token).not.toContain('ROW_');
  });

  test('is tried again where TikTok fails, and disconnects nothing', async () => {
    await change({ access_expires_at: new Date(Date.now() - 1_000) });
    await world.sandbox.fault({ path: '/api/v2/token/refresh', times: 3, answer: { status: 500, code: 36009003, message: 'Internal error' } });
    await start();
    await eventually(async () => (await row()).token_version === 2);
    expect([await refreshes(), await state(uk)]).toEqual([4, 'active']);
    expect(await world.notifications()).toEqual([]);
  });

  test('whose answer was lost after TikTok had rotated it is named as lost, and channels wait for a person', async () => {
    await world.sandbox.fault({ path: '/api/v2/token/refresh', times: 1, drop: 'after' });
    await start();
    await handle().executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] });
    await eventually(async () => (await row()).state === 'reconnect_needed');
    expect(await row()).toMatchObject({ state_code: 'token_lost', state_reason: expect.stringContaining('36004005') });
    expect([await state(uk), await state(indonesia)]).toEqual(['paused', 'paused']);
    expect(await world.notifications()).toHaveLength(1);
  });

  test('whose answer was lost is got again where TikTok has not rotated it', async () => {
    await world.sandbox.settings({ tokens: { rotate: false } });
    await world.sandbox.fault({ path: '/api/v2/token/refresh', times: 1, drop: 'after' });
    await start();
    await handle().executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] });
    await eventually(async () => (await row()).token_version === 2);
    expect([await refreshes(), (await row()).state, await state(uk)]).toEqual([2, 'connected', 'active']);
  });

  test('is kept until PostgreSQL takes it, though its connection broke between answer and commit', async () => {
    const lock = await world.database.pool.connect();
    await start();
    await world.sandbox.fault({ path: '/api/v2/token/refresh', times: 1, delay_ms: 5_000 });
    const asked = handle().executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] });
    await eventually(async () => (await row()).refresh_sent_version === 1);
    await lock.query('begin');
    await lock.query('select 1 from shop_authorizations where id = $1 for update', [id]);
    const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%was_lost%' and datname = current_database()`;
    const pid = await eventually(async () => (await world.database.pool.query<{ pid: number }>(waiting)).rows[0]?.pid);
    await world.database.pool.query('select pg_terminate_backend($1)', [pid]);
    await lock.query('commit');
    lock.release();
    expect(await asked).toEqual({ ok: true, token_version: 2 });
    expect([await refreshes(), (await warehouses(uk)).ok]).toEqual([1, true]);
  });

  test('leaves no token in the history', async () => {
    await start();
    await handle().executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] });
    const text = await historyText(handle());
    expect(text).toContain(id);
    const { access_token, refresh_token } = await row();
    for (const secret of [access_token!, refresh_token!].flatMap((sealed) => [sealed, world.secrets.open(sealed)])) expect(text).not.toContain(secret);
    expect(text).not.toContain('ROW_');
  });
});

describe('An authorization', () => {
  test('that the seller ended pauses its channels, tells people once, and asks TikTok nothing more', async () => {
    await world.sandbox.control('POST', `/sellers/${SELLER}/revoke`, { tell: false });
    expect(await warehouses(uk)).toMatchObject({ ok: false, code: 'shop_reconnect_needed' });
    expect([await state(uk), await state(indonesia)]).toEqual(['paused', 'paused']);
    expect(await world.channel(uk)).toMatchObject({ state_code: 'shop_reconnect_needed', state_reason: expect.stringContaining('36004005') });
    expect(await warehouses(indonesia)).toMatchObject({ ok: false, code: 'shop_channel_paused', retry: 'later' });
    await handle().result();
    await world.workflows.deauthorized(key(), { shop_id: world.sandbox.shopId(UK), reason: 'again' });
    await handle().result();
    expect(await world.notifications()).toEqual([expect.stringContaining(`${UK}, ${INDONESIA}`)]);
    expect(world.schedules.asked.filter((asked) => asked === `pause:${uk}`).length).toBeGreaterThan(0);
  });

  test('is checked before a webhook is believed: a late one changes nothing', async () => {
    await start();
    await handle().signal(deauthorizedSignal, { shop_id: world.sandbox.shopId(UK), reason: 'The seller has removed the authorization.' });
    await eventually(async () => (await world.sandbox.control('GET', '/calls?path=/authorization/202309/shops')).calls.length > 0);
    expect(await refreshes()).toBe(1);
    await eventually(async () => (await handle().query(tokenQuery)).life?.token_version === 2);
    expect([await state(uk), await state(indonesia), (await row()).state]).toEqual(['active', 'active', 'connected']);
    expect(await world.notifications()).toEqual([]);
  });

  test('that covers one shop less pauses that one alone', async () => {
    await world.db.updateTable('channels').set({ shop_id: '7000000000000000001' }).where('id', '=', uk).execute();
    await start();
    await handle().signal(deauthorizedSignal, { shop_id: '7000000000000000001', reason: 'The seller has removed the shop.' });
    await eventually(async () => (await state(uk)) === 'paused');
    expect(await world.channel(uk)).toMatchObject({ state_code: 'shop_reconnect_needed', state_reason: 'The seller has removed the shop.' });
    expect([await state(indonesia), (await row()).state]).toEqual(['active', 'connected']);
    await eventually(async () => world.schedules.asked.includes(`pause:${uk}`));
    expect(world.schedules.asked).not.toContain(`pause:${indonesia}`);
    expect(await world.notifications()).toEqual([expect.stringContaining(UK)]);
  });

  test('whose cipher TikTok takes no more gets the new one', async () => {
    await world.db.updateTable('channels').set({ shop_cipher: world.secrets.seal('GCP_old') }).where('id', '=', uk).execute();
    await start();
    expect(await warehouses(uk)).toMatchObject({ ok: false });
    await eventually(async () => (await warehouses(uk)).ok);
    expect(await state(uk)).toBe('active');
  });

  test('is checked again where TikTok gave no answer', async () => {
    await world.db.updateTable('channels').set({ shop_id: '7000000000000000001' }).where('id', '=', uk).execute();
    await world.sandbox.fault({ path: '/authorization/202309/shops', times: 3, answer: { status: 500, code: 36009003, message: 'Internal error' } });
    await start();
    await handle().signal(deauthorizedSignal, { shop_id: null, reason: 'gone' });
    await eventually(async () => (await state(uk)) === 'paused');
    expect(await refreshes()).toBe(1);
  });

  test('that ends soon is shown, and people are told once', async () => {
    const expires_at_ms = Date.now() + 20 * DAY;
    await change({ connected_at: new Date(Date.now() - 300 * DAY) });
    await start();
    await handle().signal(expiringSignal, { expires_at_ms });
    await eventually(async () => (await row()).state === 'expiring');
    await handle().signal(expiringSignal, { expires_at_ms: expires_at_ms - 1_000 });
    await eventually(async () => (await row()).refresh_expires_at?.getTime() === expires_at_ms - 1_000);
    expect(await world.notifications()).toEqual([expect.stringContaining(new Date(expires_at_ms).toISOString().slice(0, 10))]);
    expect((await warehouses(uk)).ok).toBe(true);
  });

  test('that was just given is not shown as ending by a webhook of the one before', async () => {
    await start();
    await handle().signal(expiringSignal, { expires_at_ms: Date.now() + 2 * DAY });
    await handle().executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] });
    expect((await row()).state).toBe('connected');
    expect(await world.notifications()).toEqual([]);
  });

  test('that was given again has what was missed fetched', async () => {
    await start();
    await handle().signal(reconnectedSignal);
    await eventually(() => woken.length === 4);
    expect(world.schedules.asked).toEqual([`ensure:${uk}`, `trigger:${uk}`, `ensure:${indonesia}`, `trigger:${indonesia}`]);
    expect(woken).toEqual([`stock:${uk}`, `webhooks:${world.uk.shop_id}`, `stock:${indonesia}`, `webhooks:${world.indonesia.shop_id}`]);
  });
});

test('Whose tokens nobody looks after is found when a worker starts', async () => {
  const gone = await world.authorization((await seedWorkspace(world.db)).workspace_id, { state: 'reconnect_needed' });
  await change({ access_expires_at: new Date(Date.now() - 1_000) });
  const ensure = () => ensureShopTokens({ db: world.db, client: world.client, taskQueuePrefix: world.prefix, signal: new AbortController().signal });
  expect([await ensure(), await ensure()]).toEqual([1, 1]);
  await eventually(async () => (await row()).token_version === 2);
  await expect(world.client.workflow.getHandle(shopTokenWorkflowId(gone)).describe()).rejects.toMatchObject({ name: 'WorkflowNotFoundError' });
});

describe('Webhooks', () => {
  const subscribed = async (channelId: string) => {
    const answer = await world.calls.withShop(channelId, {}, (access) => world.tiktok.webhooks(access));
    return answer.ok ? answer.value.filter(({ address }) => address === 'https://shops.example.test/webhook/').map(({ event_type }) => event_type) : [];
  };

  test('are subscribed for each shop, those that are missing', async () => {
    await start();
    await handle().signal(reconnectedSignal);
    await eventually(async () => (await subscribed(indonesia)).length === WEBHOOK_EVENT_TYPES.length);
    expect((await subscribed(uk)).sort()).toEqual([...WEBHOOK_EVENT_TYPES].sort());
    const puts = async () => (await world.sandbox.control('GET', '/calls?path=/event/202309/webhooks')).calls.filter(({ method }: { method: string }) => method === 'PUT').length as number;
    const before = await puts();
    woken.length = 0;
    await handle().signal(reconnectedSignal);
    await handle().executeUpdate(disconnectUpdate, { args: [{ channel_id: uk }] });
    await eventually(() => world.schedules.asked.includes(`remove:${uk}`));
    expect(await puts()).toBe(before);
  });

  test('that TikTok does not subscribe are named to people', async () => {
    await world.sandbox.fault({ path: '/event/202309/webhooks', method: 'PUT', times: 24, answer: { status: 400, code: 36009004, message: 'param body.address is invalid' } });
    await start();
    await handle().signal(reconnectedSignal);
    const messages = await eventually(async () => ((await world.notifications()).length === 2 ? world.notifications() : null));
    expect(messages[0]).toMatch(/Nordlicht UK.*ORDER_STATUS_CHANGE.*36009004.*https:\/\/shops\.example\.test\/webhook\//);
    expect(await state(uk)).toBe('active');
  });
});

describe('Disconnecting', () => {
  test('ends one channel, and with the last one the tokens and the workflow', async () => {
    await start();
    await handle().executeUpdate(disconnectUpdate, { args: [{ channel_id: uk }] });
    expect([await state(uk), await state(indonesia), (await row()).state]).toEqual(['disconnected', 'active', 'connected']);
    expect(await warehouses(uk)).toMatchObject({ ok: false, code: 'shop_channel_disconnected', retry: 'never' });
    expect((await warehouses(indonesia)).ok).toBe(true);
    await handle().executeUpdate(disconnectUpdate, { args: [{ channel_id: indonesia }] });
    await handle().result();
    expect(await row()).toMatchObject({ state: 'disconnected', access_token: null, refresh_token: null });
    expect(world.schedules.asked).toEqual([`remove:${uk}`, `remove:${indonesia}`]);
  });

  test('of another workspace changes nothing', async () => {
    await start();
    const activities = world.client.workflow.start('shopToken', {
      taskQueue: world.queue,
      workflowId: `${shopTokenWorkflowId(id)}-foreign`,
      args: [{ authorization_id: id, workspace_id: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10' }],
    });
    await (await activities).result();
    await handle().executeUpdate(disconnectUpdate, { args: [{ channel_id: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10' }] });
    expect([await state(uk), (await row()).state]).toEqual(['active', 'connected']);
  });
});
