import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ShopClient } from '../../tiktok/shop/index.ts';
import { fullAnswer, publishedShopApi, unknownFields, type PublishedCall } from '../helpers/published-shop-api.ts';
import { SHOP, startShop, type ShopServer } from '../helpers/shop-server.ts';

/** TikTok's wire in its own words: the OpenAPI files that TikTok publishes on npm. Each call of ours is held against them. */
const published = publishedShopApi();
let server: ShopServer;
let asked: { call: PublishedCall | null; unknown: string[]; what: string }[] = [];

const OURS = new Set(['app_key', 'timestamp', 'sign']);

beforeAll(async () => {
  server = await startShop((response, { method, path, query, json }) => {
    const call = published(method, path);
    const strange = Object.keys(query).filter((name) => !OURS.has(name) && !call?.query.has(name));
    asked.push({ call, unknown: [...strange.map((name) => `?${name}`), ...unknownFields(json, call?.body ?? undefined)], what: `${method} ${path}` });
    const answer = call ? { ...(fullAnswer(call.answer) as object), code: 0, message: 'Success' } : { code: 0, message: 'Success', data: {} };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
});
afterAll(() => server.close());

const ID = '1729582718312380123';
const times = { created_from_ms: 1_000, created_to_ms: 2_000, updated_from_ms: 3_000, updated_to_ms: 4_000 };
const page = { page_size: 20, page_token: 'token' };
const sorted = { sort_field: 'update_time', sort_order: 'ASC' } as const;
const tracking = { tracking_number: 'JX1', shipping_provider_id: '6617675021119438849' };

/** Each call with all that it can say, and what TikTok's answer has no word for. */
const CALLS: [name: string, ask: (client: ShopClient) => Promise<unknown>, silent?: string[]][] = [
  ['authorizedShops', (client) => client.authorizedShops(SHOP)],
  ['activeShops', (client) => client.activeShops(SHOP)],
  // A search has neither description nor pictures; sales_attributes only in the detail.
  ['searchProducts', (client) => client.searchProducts(SHOP, { ...page, ...times, status: 'ALL', seller_skus: ['a'], sku_ids: ['1'] }), ['description', 'image_urls', 'attributes']],
  ['product', (client) => client.product(SHOP, ID)],
  ['activateProducts', (client) => client.activateProducts(SHOP, [ID])],
  ['deactivateProducts', (client) => client.deactivateProducts(SHOP, [ID])],
  ['inventory of products', (client) => client.inventory(SHOP, { product_ids: [ID] })],
  ['inventory of SKUs', (client) => client.inventory(SHOP, { sku_ids: [ID] })],
  ['updateInventory', (client) => client.updateInventory(SHOP, ID, [{ sku_id: ID, inventory: [{ warehouse_id: ID, quantity: 1 }] }])],
  ['updatePrices', (client) => client.updatePrices(SHOP, ID, [{ sku_id: ID, price: { amount: 1, currency: 'USD' }, sale_price: { amount: 1, currency: 'USD' } }])],
  ['searchOrders', (client) => client.searchOrders(SHOP, { ...page, ...times, ...sorted, status: 'UNPAID' })],
  ['orders', (client) => client.orders(SHOP, [ID])],
  ['cancelOrder', (client) => client.cancelOrder(SHOP, { order_id: ID, cancel_reason: 'r', skus: [{ sku_id: ID, quantity: 1 }], order_line_item_ids: [ID] })],
  ['approveCancellation', (client) => client.approveCancellation(SHOP, ID, 'key')],
  ['rejectCancellation', (client) => client.rejectCancellation(SHOP, { cancel_id: ID, reject_reason: 'r', comment: 'c', idempotency_key: 'key' })],
  ['rejectReasons', (client) => client.rejectReasons(SHOP, ID)],
  ['searchCancellations', (client) => client.searchCancellations(SHOP, { ...page, ...times, ...sorted, order_ids: [ID], status: ['S'], cancel_ids: [ID] })],
  ['searchReturns', (client) => client.searchReturns(SHOP, { ...page, ...times, ...sorted, order_ids: [ID], status: ['S'], return_ids: [ID] })],
  ['warehouses', (client) => client.warehouses(SHOP)],
  ['deliveryOptions', (client) => client.deliveryOptions(SHOP, ID)],
  ['shippingProviders', (client) => client.shippingProviders(SHOP, ID)],
  ['package', (client) => client.package(SHOP, ID)],
  // The rest stands in the detail.
  ['searchPackages', (client) => client.searchPackages(SHOP, { ...page, ...times, ...sorted, status: 'PROCESSING' }), ['delivery_option_id', 'handover_method', 'shipping_type', 'split_and_combine']],
  ['handoverSlots', (client) => client.handoverSlots(SHOP, ID)],
  ['shipPackage by TikTok', (client) => client.shipPackage(SHOP, ID, { kind: 'tiktok', handover_method: 'PICKUP', pickup_slot: { start_ms: 1_000, end_ms: 2_000 } })],
  ['shipPackage by the seller', (client) => client.shipPackage(SHOP, ID, { kind: 'self', ...tracking })],
  ['markShipped', (client) => client.markShipped(SHOP, ID, { ...tracking, order_line_item_ids: [ID] })],
  ['updatePackageTracking', (client) => client.updatePackageTracking(SHOP, ID, tracking)],
  ['updateOrderTracking', (client) => client.updateOrderTracking(SHOP, ID, tracking)],
  ['orderTracking', (client) => client.orderTracking(SHOP, ID)],
  ['shippingDocument', (client) => client.shippingDocument(SHOP, ID, { type: 'SHIPPING_LABEL', size: 'A6', format: 'PDF' })],
  ['splitAttributes', (client) => client.splitAttributes(SHOP, [ID])],
  ['splitOrder', (client) => client.splitOrder(SHOP, ID, [[ID], ['2']])],
  ['combinablePackages', (client) => client.combinablePackages(SHOP, page)],
  ['combinePackages', (client) => client.combinePackages(SHOP, [{ id: ID, order_ids: [ID, '2'] }])],
  ['uncombinePackage', (client) => client.uncombinePackage(SHOP, ID, [ID])],
  ['webhooks', (client) => client.webhooks(SHOP)],
  ['subscribeWebhook', (client) => client.subscribeWebhook(SHOP, { address: 'https://example.com/webhook/', event_type: 'ORDER_STATUS_CHANGE' })],
  ['unsubscribeWebhook', (client) => client.unsubscribeWebhook(SHOP, 'ORDER_STATUS_CHANGE')],
];

/** Names of fields that stayed empty although the answer had a value for everything. */
function emptyFields(value: unknown, name = ''): string[] {
  if (value === null || value === '' || value === undefined) return [name];
  if (Array.isArray(value)) return value.length === 0 ? [name] : value.flatMap((item) => emptyFields(item, name));
  return typeof value === 'object' ? Object.entries(value).flatMap(([key, inner]) => emptyFields(inner, key)) : [];
}
/** Nothing of the answer, but of how it was read. */
const NOT_READ = new Set(['unreadable', 'retry_after_ms', 'tiktok_code']);

test.each(CALLS)('%s says nothing that TikTok’s OpenAPI does not know, and reads only what it has', async (_, ask, silent = []) => {
  asked = [];
  const result = (await ask(server.client)) as { ok: boolean; value?: unknown };
  expect(asked).toHaveLength(1);
  const { call, unknown, what } = asked[0]!;
  expect([what, call?.path ?? 'is not published', unknown]).toEqual([what, expect.stringMatching(/^\//), []]);
  expect(result).toMatchObject({ ok: true });
  expect([...new Set(emptyFields(result.value))].filter((name) => !NOT_READ.has(name) && name !== '').sort()).toEqual(silent.toSorted());
});
