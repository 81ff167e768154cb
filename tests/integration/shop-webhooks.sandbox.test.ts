import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { serve, type ServerType } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { createShopWorkflows } from '../../activities/shop/shop-workflows.ts';
import { createShopWebhookActivities } from '../../activities/shop/webhooks/webhook.activities.ts';
import { createApp } from '../../api/app.ts';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { worldGateway } from '../helpers/shop-gateway.ts';
import { ShopSandbox, UK } from '../helpers/shop-sandbox.ts';
import { notedWorkflows, seedShop, type NotedWorkflows } from '../helpers/shop-webhooks.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

interface Sent {
  fate: string;
  state: string;
  attempts: { status: number | null }[];
}

let api: TestApi;
let temporal: TestTemporal;
let sandbox: ShopSandbox;
let gateway: Awaited<ReturnType<typeof worldGateway>>;
let server: ServerType;
let told: NotedWorkflows;
let listening: number;

beforeAll(async () => {
  [api, temporal, sandbox] = await Promise.all([createTestApi(), testTemporal(), ShopSandbox.start()]);
  const prefix = `${temporal.taskQueue}-`;
  gateway = await worldGateway({ prefix });
  told = notedWorkflows(createShopWorkflows(temporal.client, prefix));
  await temporal.runWorker({ taskQueue: `${prefix}shop`, activities: createShopWebhookActivities({ db: api.database.db, workflows: told, logger: quietLog }) });
  const shopApp = { ...api.deps.config.shopApp!, ...SANDBOX_SHOP_APP };
  listening = await listen(createApp({ ...api.deps, config: { ...api.deps.config, shopApp }, temporal: { ...api.temporal, shop: gateway } }).fetch);
});
beforeEach(async () => {
  await sandbox.reset();
  await sandbox.control('PATCH', `/apps/${SANDBOX_SHOP_APP.app_key}`, { webhook_url: `http://127.0.0.1:${listening}/webhook/` });
  await api.database.db.deleteFrom('shop_webhooks').execute();
  await api.database.db.deleteFrom('channels').execute();
  await seedShop(api.database.db, { shop_id: sandbox.shopId(UK) });
  told.told.length = 0;
});
afterAll(async () => {
  await sandbox.close();
  await new Promise((resolve) => server.close(resolve));
  await gateway.close();
  await temporal.close();
  await api.close();
});

const listen = (fetch: TestApi['app']['fetch']): Promise<number> =>
  new Promise((resolve) => {
    server = serve({ fetch, hostname: '127.0.0.1', port: 0 }, (info: AddressInfo) => resolve(info.port));
  });
const sent = async (): Promise<Sent[]> => (await sandbox.control('GET', '/webhooks')).deliveries;
const rows = () => api.database.db.selectFrom('shop_webhooks').selectAll().execute();
const order = (count: number) => sandbox.control('POST', '/orders', { shop_id: sandbox.shopId(UK), status: 'AWAITING_SHIPMENT', moves: false, count });

test('dropped, doubled and reordered webhooks: each that arrives is kept once, and its order told', async () => {
  await sandbox.settings({ webhooks: { drop_percent: 10, duplicate_percent: 20, reorder_percent: 30, reorder_ms: 50, seed: 7 } });
  await order(60);
  const all = await sent();
  expect(all).toHaveLength(60);
  const arriving = all.filter(({ fate }) => fate !== 'dropped').length;
  expect(arriving).toBeLessThan(60);
  await eventually(async () => (await rows()).filter(({ state }) => state === 'processed').length === arriving);
  await eventually(async () => (await rows()).some(({ times_received }) => times_received === 2));
  const kept = await rows();
  expect(kept).toHaveLength(arriving);
  expect(new Set(told.orders().map(({ whom }) => whom))).toEqual(new Set(kept.map(({ subject }) => subject)));
});

test('a wrong signature and an old time are refused at every attempt, and nothing is kept', async () => {
  await sandbox.settings({ webhooks: { wrong_signature: true, compress: 1_000_000 } });
  await order(1);
  await eventually(async () => (await sent())[0]?.state === 'given_up');
  expect((await sent())[0]?.attempts.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
  await sandbox.settings({ webhooks: { wrong_signature: false, age_s: 25 * 3_600 } });
  await order(1);
  await eventually(async () => (await sent())[1]?.state === 'given_up');
  expect(await rows()).toEqual([]);
});

test('the samples of the documentation: without a notification id, on many lines, CANCEL, a bare product id', async () => {
  await sandbox.settings({ webhooks: { pretty: true, without_notification_id: true } });
  const { id } = await sandbox.newOrder(UK, { quiet: true });
  await sandbox.control('POST', `/orders/${id}/cancel`);
  const [product] = (await sandbox.control('GET', `/products?shop_id=${sandbox.shopId(UK)}&status=ACTIVATE`)).products;
  await sandbox.control('POST', `/products/${product.id}/status`, { status: 'PLATFORM_DEACTIVATED' });
  await eventually(async () => (await rows()).length >= 3 && (await rows()).every(({ state }) => state === 'processed'));
  expect(new Set(told.orders().map(({ whom, change }) => `${whom} ${change?.news}`))).toEqual(new Set([`${id} order`, `${id} cancellation`]));
  expect(told.told.some(({ what, whom }) => what === 'productsChanged' && whom === product.id)).toBe(true);
});
