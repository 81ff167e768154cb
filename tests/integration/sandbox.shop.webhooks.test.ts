import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import { eventually } from '../helpers/eventually.ts';
import { INDONESIA, ShopSandbox, ShopWebhookReceiver, UK, type ReceivedWebhook } from '../helpers/shop-sandbox.ts';

const receiver = new ShopWebhookReceiver();
let tiktok: ShopSandbox;

beforeAll(async () => {
  await receiver.start();
  tiktok = await ShopSandbox.start({ shopWebhookUrl: receiver.url });
});
beforeEach(async () => {
  await tiktok.reset();
  receiver.clear();
});
afterAll(async () => {
  await tiktok.close();
  receiver.close();
});

interface Sent {
  id: number;
  state: string;
  fate: string;
  attempts: { at_ms: number; status: number | null }[];
}
const deliveries = async (query = ''): Promise<Sent[]> => (await tiktok.control('GET', `/webhooks${query}`)).deliveries;
const orders = (input: object) => tiktok.control('POST', '/orders', { shop_id: tiktok.shopId(UK), status: 'AWAITING_SHIPMENT', moves: false, ...input });
const isSigned = ({ headers, raw }: ReceivedWebhook): boolean => headers.authorization === createHmac('sha256', SANDBOX_SHOP_APP.app_secret).update(SANDBOX_SHOP_APP.app_key + raw).digest('hex');
const all = (count: number) => eventually(() => receiver.received.length >= count);

test('an order’s way is told state by state, signed over app key and raw body', async () => {
  const { id } = await tiktok.newOrder(UK);
  for (const action of ['ship', 'scan', 'deliver', 'complete']) await tiktok.control('POST', `/orders/${id}/${action}`);
  await all(5);
  expect(receiver.received.every(isSigned)).toBe(true);
  expect(receiver.received.map(({ data }) => data['order_status'])).toEqual(expect.arrayContaining(['AWAITING_SHIPMENT', 'AWAITING_COLLECTION', 'IN_TRANSIT', 'DELIVERED', 'COMPLETED']));
  expect(JSON.parse(receiver.received[0]!.raw)).toEqual({
    type: 1,
    tts_notification_id: expect.stringMatching(/^\d{19}$/),
    shop_id: tiktok.shopId(UK),
    timestamp: expect.any(Number),
    data: { order_id: id, order_status: expect.any(String), is_on_hold_order: false, update_time: expect.any(Number) },
  });
  expect(new Set(receiver.received.map((each) => each.id)).size).toBe(5);
});

test('anything but 200 is tried again after 2 minutes, 30 minutes, 3 and 12 hours, with the same bytes; then never', async () => {
  receiver.answers = [500, 204, 302, 503, 500];
  await orders({});
  for (const [attempt, wait] of [120_000, 1_800_000, 10_800_000, 43_200_000].entries()) {
    await eventually(async () => (await deliveries())[0]?.attempts.length === attempt + 1);
    await tiktok.advance(wait - 30_000);
    expect(receiver.received).toHaveLength(attempt + 1);
    await tiktok.advance(30_000);
  }
  await eventually(async () => (await deliveries())[0]?.state === 'given_up');
  expect(receiver.received).toHaveLength(5);
  expect(new Set(receiver.received.map(({ raw }) => raw)).size).toBe(1);
});

test('the retry clock is compressed where that is set, and a receiver that comes back gets what it missed', async () => {
  await tiktok.settings({ webhooks: { compress: 10_000 } });
  receiver.answers = [500, 500];
  await orders({});
  await eventually(async () => (await deliveries())[0]?.state === 'delivered');
  expect((await deliveries())[0]?.attempts.map(({ status }) => status)).toEqual([500, 500, 200]);
});

test('drops, doubles and delays as the dice say, and the same dice for the same seed', async () => {
  const { skus } = (await tiktok.control('POST', '/products', { shop_id: tiktok.shopId(UK), quantity: 1_000 })).products[0];
  const fates = async () => {
    await tiktok.settings({ webhooks: { drop_percent: 10, duplicate_percent: 10, reorder_percent: 20, reorder_ms: 100, seed: 7 } });
    const before = (await deliveries()).length;
    await orders({ count: 100, items: [{ sku_id: skus[0].id }] });
    return (await deliveries()).slice(before).map(({ fate }) => fate);
  };
  const first = await fates();
  const count = (fits: (fate: string) => boolean) => first.filter(fits).length;
  const sent = 100 - count((fate) => fate === 'dropped') + count((fate) => fate.startsWith('doubled'));
  await all(sent);
  expect(receiver.received).toHaveLength(sent);
  for (const fate of ['dropped', 'doubled', 'late']) expect(count((each) => each.includes(fate))).toBeGreaterThan(2);
  const ids = receiver.received.map(({ id }) => id);
  expect(ids).not.toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(100 - count((fate) => fate === 'dropped'));
  receiver.clear();
  expect(await fates()).toEqual(first);
  await all(sent);
});

test('a subscription of the shop goes before the app’s URL, for its own event alone; nobody hears without a consent', async () => {
  const address = receiver.url.replace('/webhook', '/subscribed').replace('127.0.0.1', 'localhost');
  const subscribe = (body: object) => tiktok.call('/event/202309/webhooks', { method: 'PUT', body });
  for (const bad of ['http://shop.example', 'https://10.0.0.1', 'https://shop.example:8443', `https://shop.example/${'x'.repeat(255)}`]) {
    expect((await subscribe({ address: bad, event_type: 'ORDER_STATUS_CHANGE' })).code).toBe(36009004);
  }
  expect((await subscribe({ event_type: 'ORDER_STATUS_CHANGE' })).message).toContain('Address is a required field');
  expect((await subscribe({ address, event_type: 'ORDER_STATUS_CHANGE' })).data).toEqual({});
  expect((await tiktok.call('/event/202309/webhooks')).data).toMatchObject({ total_count: 1, webhooks: [{ address, event_type: 'ORDER_STATUS_CHANGE' }] });
  await orders({});
  await tiktok.control('POST', '/webhooks', { shop_id: tiktok.shopId(UK), type: 'PRODUCT_CREATION', data: { product_id: '1' } });
  const urls = (await tiktok.control('GET', '/webhooks')).deliveries.map(({ url }: { url: string }) => url);
  expect(urls).toEqual([address, receiver.url]);
  await all(2);
  await tiktok.call('/event/202309/webhooks', { method: 'DELETE', body: { event_type: 'ORDER_STATUS_CHANGE' } });
  expect((await tiktok.call('/event/202309/webhooks')).data.total_count).toBe(0);
  await tiktok.control('POST', '/sellers/Nordlicht Trading/revoke', { tell: false });
  await orders({});
  expect(await deliveries()).toHaveLength(2);
});

test('as the documentation’s samples differ: CANCEL, a bare product id, no notification id, printed on many lines', async () => {
  await tiktok.settings({ webhooks: { pretty: true, without_notification_id: true } });
  const { id } = await tiktok.newOrder(UK, { quiet: true });
  await tiktok.control('POST', `/orders/${id}/cancel`);
  const [product] = (await tiktok.control('GET', `/products?shop_id=${tiktok.shopId(UK)}&status=ACTIVATE`)).products;
  await tiktok.control('POST', `/products/${product.id}/status`, { status: 'PLATFORM_DEACTIVATED' });
  await all(3);
  const of = (type: number) => receiver.received.find((each) => each.type === type)!;
  expect(of(1).data['order_status']).toBe('CANCEL');
  expect(of(11).data).toMatchObject({ order_id: id, cancellations_role: 'BUYER', cancel_status: 'CANCELLATION_REQUEST_SUCCESS' });
  expect(of(5).raw).toContain(`"product_id": ${product.id},`);
  expect(of(5).id).toBeUndefined();
  expect(receiver.received.every(isSigned)).toBe(true);
});

test('waits while paused, comes again by order, with a wrong signature or an old time where that is set', async () => {
  await tiktok.settings({ webhooks: { paused: true } });
  await orders({});
  expect((await deliveries())[0]).toMatchObject({ state: 'waiting', attempts: [] });
  await tiktok.settings({ webhooks: { paused: false } });
  await all(1);
  await tiktok.control('POST', `/webhooks/${(await deliveries())[0]!.id}/again`);
  await all(2);
  expect(receiver.received[0]!.raw).toBe(receiver.received[1]!.raw);
  await tiktok.settings({ webhooks: { wrong_signature: true, age_s: 3_600 } });
  await orders({});
  await all(3);
  expect(isSigned(receiver.received[2]!)).toBe(false);
  expect(JSON.parse(receiver.received[2]!.raw).timestamp).toBeLessThan(Date.now() / 1_000 - 3_500);
});

test('splitting, addresses, returns and audits are told too', async () => {
  const shop_id = tiktok.shopId(INDONESIA);
  const { skus } = (await tiktok.control('POST', '/products', { shop_id, skus: 2, tell: true })).products[0];
  const { id, lines } = await tiktok.newOrder(INDONESIA, { items: skus.map((sku: { id: string }) => ({ sku_id: sku.id })), quiet: true });
  await tiktok.post(`/fulfillment/202309/orders/${id}/split`, { splittable_groups: lines.map((line: { id: string }, index: number) => ({ id: `g${index}`, order_line_item_ids: [line.id] })) }, { shop: INDONESIA });
  await tiktok.control('POST', `/orders/${id}/address`);
  await tiktok.control('POST', `/orders/${id}/return`);
  const [paused] = (await tiktok.control('GET', `/products?shop_id=${shop_id}&status=SELLER_DEACTIVATED`)).products;
  await tiktok.post('/product/202309/products/activate', { product_ids: [paused.id] }, { shop: INDONESIA });
  await tiktok.control('POST', `/products/${paused.id}/audit`, { result: 'FAILED' });
  await all(7);
  const byType = (type: number) => receiver.received.filter((each) => each.type === type);
  expect(byType(4)[0]?.data).toMatchObject({ sc_type: 'SPLIT', role_type: 'ROLE_SELLER', package_list: [{ order_id_list: [id] }, { order_id_list: [id] }] });
  expect(byType(3)[0]?.data).toMatchObject({ order_id: id });
  expect(byType(12)[0]?.data).toMatchObject({ order_id: id, return_type: 'RETURN_AND_REFUND' });
  expect(byType(16)).toHaveLength(1);
  expect(byType(5).map(({ data }) => data['status'])).toEqual(expect.arrayContaining(['PRODUCT_STATUS_CHANGED', 'PRODUCT_AUDIT_FAILURE']));
  expect(byType(37)[0]?.data).toMatchObject({ product_id: paused.id, audit: { status: 'FAILED' } });
});
