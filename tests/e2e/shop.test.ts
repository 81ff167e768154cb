import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import mqtt from 'mqtt';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import { shopSyncWorkflowId, shopTokenWorkflowId } from '../../domain/names.ts';
import { consentOfSeller } from '../../scripts/demo/consent.ts';
import { ApiClient, controlOf } from '../helpers/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { testMqttUrl } from '../helpers/mqtt.ts';
import { Product } from '../helpers/product.ts';
import { shopControlOf, type ConnectedShop } from '../helpers/shop-product.ts';
import { testTemporal, testTemporalAddress, type TestTemporal } from '../helpers/temporal.ts';

/** The whole product, every role a process, used over HTTP and MQTT alone; TikTok is the sandbox. */
let database: TestDatabase;
let temporal: TestTemporal;
let product: Product;
let control: ReturnType<typeof shopControlOf>;
let api: ApiClient;
let shop: ConnectedShop;
let seller: { open_id: string; name: string };
let lamp: mqtt.MqttClient | null = null;

interface Order {
  order_id: string;
  status: string;
}
const PATIENCE = { timeoutMs: 60_000, intervalMs: 200 };

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  const env = { SHOP_SYNC_INTERVAL_S: '5', TEMPORAL_TASK_QUEUE_PREFIX: `shop-${randomUUID()}-` };
  product = await Product.start({ databaseUrl: database.url, temporalAddress: testTemporalAddress(), mqttUrl: testMqttUrl(), env, parts: ['sandbox', 'live', 'actions', 'shop', 'api'] });
  control = shopControlOf(product.sandboxUrl);
  await control.patch(`/apps/${SANDBOX_SHOP_APP.app_key}`, { webhook_url: `${product.apiUrl}/webhook/`, redirect_url: `${product.apiUrl}/auth/shop/callback` });
  const name = 'Nordlicht Lamps';
  const made = await control.post<{ id: string; seller: typeof seller }>('/shops', { name, region: 'GB', seller: name });
  seller = made.seller;
  api = await ApiClient.register(product.apiUrl);
  await consentOfSeller(product.apiUrl, api.token, seller.open_id);
  shop = (await api.get<{ items: ConnectedShop[] }>('/channels')).items[0]!;
}, 180_000);
beforeEach(async () => {
  await control.patch('/settings', { webhooks: { drop_percent: 0 }, life: { unpaid_ms: 500, hold_ms: 500 } });
});
afterAll(async () => {
  await lamp?.endAsync(true);
  for (const { id } of await database.db.selectFrom('channels').select('id').execute()) await temporal.client.schedule.getHandle(shopSyncWorkflowId(id)).delete().catch(() => undefined);
  for (const { id } of await database.db.selectFrom('shop_authorizations').select('id').execute()) await temporal.client.workflow.getHandle(shopTokenWorkflowId(id)).terminate().catch(() => undefined);
  await product?.stop();
  await temporal.close();
  await database.drop();
}, 60_000);

async function lamps(quantity = 50): Promise<{ product_id: string; sku_id: string; seller_sku: string }> {
  const seller_sku = `LAMP-${randomUUID().slice(0, 8)}`;
  const { products } = await control.post<{ products: { id: string; skus: { id: string }[] }[] }>('/products', { shop_id: shop.shop_id, title: 'Desk lamp', quantity, seller_sku });
  return { product_id: products[0]!.id, sku_id: products[0]!.skus[0]!.id, seller_sku };
}
async function buy(sku_id: string, over: object = {}): Promise<string> {
  const { orders } = await control.post<{ orders: { id: string }[] }>('/orders', { shop_id: shop.shop_id, items: [{ sku_id, quantity: 1 }], ...over });
  return orders[0]!.id;
}
const order = (id: string): Promise<Order> => api.get<Order>(`/orders/${id}/?channel_uid=${shop.channel_uid}`);
const reaches = (id: string, status: string) => eventually(async () => (await order(id)).status === status, PATIENCE);
const truth = (sku: string) => control.get<{ available: number; committed: number; sold: number }>(`/stock/${sku}`);
const syncJob = async (): Promise<{ state: string; done: number }> => {
  const { job_id } = await api.get<{ job_id: string }>(`/products/fetch-all?channel_uid=${shop.channel_uid}`);
  return eventually(async () => {
    const job = await api.get<{ state: string; done: number }>(`/jobs/${job_id}`);
    return job.state === 'succeeded' ? job : null;
  }, PATIENCE);
};

describe('a merchant', () => {
  test('who consented on TikTok’s page has a channel, and its products after a sync', async () => {
    expect(shop).toMatchObject({ name: 'Nordlicht Lamps', region: 'GB', state: 'active' });
    const { product_id } = await lamps();
    expect((await syncJob()).done).toBeGreaterThanOrEqual(1);
    expect((await api.get<{ items: { product_id: string }[] }>(`/products?channel_uid=${shop.channel_uid}`)).items.map((item) => item.product_id)).toContain(product_id);
  });

  test('sees an order within seconds, ships it once however often the button is pressed, and sees it delivered', async () => {
    await control.patch('/settings', { life: { collection_ms: 300, transit_ms: 300 } });
    const { sku_id } = await lamps();
    const id = await buy(sku_id, { buyer: 'Ann' });
    await reaches(id, 'AWAITING_SHIPMENT');
    const { delivery_option_id } = await api.get<{ delivery_option_id: string }>(`/orders/${id}/?channel_uid=${shop.channel_uid}`);
    const { items } = await api.get<{ items: { id: string }[] }>(`/shipping/providers?channel_uid=${shop.channel_uid}&delivery_option_id=${delivery_option_id}`);
    const parcel = { channel_uid: shop.channel_uid, order_id: id, tracking_number: `JD${Date.now()}`, shipping_provider_id: items[0]!.id };
    const answers = await Promise.all([1, 2, 3].map(() => api.post<{ ok: boolean; package_id: string }>('/shipping/mark-shipped', parcel)));
    expect(new Set(answers.map(({ package_id }) => package_id)).size).toBe(1);
    await reaches(id, 'DELIVERED');
    const { calls } = await control.get<{ calls: { status: number }[] }>('/calls?path=/fulfillment/202309/orders/{order_id}/packages');
    expect(calls).toHaveLength(1);
  });

  test('gets the order whose webhook was lost, and sees that one was missed', async () => {
    const { sku_id } = await lamps();
    await control.patch('/settings', { webhooks: { drop_percent: 100 } });
    const id = await buy(sku_id, { status: 'AWAITING_SHIPMENT' });
    await reaches(id, 'AWAITING_SHIPMENT');
    const timeline = await api.get<{ items: { source: string | null }[] }>(`/orders/${id}/timeline?channel_uid=${shop.channel_uid}`);
    expect(timeline.items[0]).toMatchObject({ source: 'poll' });
  });

  test('whose authorization ended is told, loses nothing, and goes on after connecting again', async () => {
    const { sku_id } = await lamps();
    await control.post(`/sellers/${encodeURIComponent(seller.name)}/revoke`);
    await eventually(async () => (await api.get<ConnectedShop & { state: string }>(`/channels/${shop.channel_uid}`)).state === 'paused', PATIENCE);
    await eventually(async () => (await api.get<{ items: { message: string }[] }>('/api/notifications')).items.some(({ message }) => /connect/i.test(message)), PATIENCE);
    const missed = await buy(sku_id, { status: 'AWAITING_SHIPMENT' });
    await consentOfSeller(product.apiUrl, api.token, seller.open_id);
    expect(await api.get(`/channels/${shop.channel_uid}`)).toMatchObject({ state: 'active' });
    await reaches(missed, 'AWAITING_SHIPMENT');
  });

  test('is alone with it: another workspace finds none of it', async () => {
    const other = await ApiClient.register(product.apiUrl);
    const id = await buy((await lamps()).sku_id);
    await eventually(() => order(id), PATIENCE);
    for (const path of [`/channels/${shop.channel_uid}`, `/orders/${id}?channel_uid=${shop.channel_uid}`, `/channels/${shop.channel_uid}/sync`]) await expect(other.get(path)).rejects.toThrow(': 404 ');
    expect((await other.get<{ items: unknown[] }>('/orders')).items).toEqual([]);
  });
});

describe('stock and LIVE meet', () => {
  test('a sale switches the lamp, once', async () => {
    const topic = `showrunner/e2e/${randomUUID()}`;
    lamp = await mqtt.connectAsync(testMqttUrl());
    const lit: { state: string; why: string }[] = [];
    lamp.on('message', (_topic, payload) => lit.push(JSON.parse(payload.toString()) as { state: string; why: string }));
    await lamp.subscribeAsync(topic, { qos: 1 });
    const { id: device_id } = await api.post<{ id: string }>('/api/devices', {
      name: 'Lamp',
      kind: 'mqtt',
      config: { preset: 'custom', command_topic: topic, qos: 1, retain: false, payload: { state: '{{command}}', why: '{{why}}' } },
    });
    const rule = await api.post<{ id: string }>('/api/rules', {
      name: 'Sale',
      event_type: 'order',
      conditions: [{ field: 'buyer_note', operator: 'contains', value: 'wrap' }],
      actions: [{ action_type: 'device_control', config: { device_id, command: 'ON', params: { why: '{{item_count}} × {{item_names}} for {{buyer_nickname}}' } } }],
    });
    await api.patch(`/api/rules/${rule.id}/activate`);
    const { sku_id } = await lamps();
    const id = await buy(sku_id, { buyer: 'Ben', buyer_message: 'please wrap it' });
    await buy(sku_id, { buyer: 'Chi' });
    await reaches(id, 'AWAITING_SHIPMENT');
    await eventually(() => lit.length > 0, PATIENCE);
    expect(lit).toMatchObject([{ state: 'ON', why: '1 × Desk lamp for ben' }]);
    await api.patch(`/api/rules/${rule.id}/deactivate`);
  });

  test('a gift sets stock at TikTok', async () => {
    const { sku_id, seller_sku } = await lamps(0);
    await syncJob();
    const rule = await api.post<{ id: string }>('/api/rules', {
      name: 'Roses put lamps on sale',
      event_type: 'gift',
      actions: [{ action_type: 'shop_inventory', config: { channel_id: shop.channel_uid, seller_sku, quantity: '{{repeat_count}}' } }],
      cooldown_ms: 60_000,
    });
    await api.patch(`/api/rules/${rule.id}/activate`);
    const room = controlOf(product.sandboxUrl);
    const name = `shop${randomUUID().slice(0, 8)}`;
    await room.post('/rooms', { name });
    const { id: livestream } = await api.post<{ id: string }>('/api/livestreams/connect', { tiktok_input: `@${name}` });
    await eventually(async () => (await api.get<{ status: string }>(`/api/livestreams/${livestream}`)).status === 'live', PATIENCE);
    await room.post(`/rooms/${name}/events`, { type: 'gift', gift: 'Rose', repeat_count: 7, repeat_end: true, user: 'anna' });
    await eventually(async () => (await truth(sku_id)).available === 7, PATIENCE);
    await api.patch(`/api/rules/${rule.id}/deactivate`);
    await api.post(`/api/livestreams/${livestream}/disconnect`);
  });
});
