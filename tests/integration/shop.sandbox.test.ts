import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SANDBOX_SHOP_APP } from '../../domain/sandbox-app.ts';
import type { Page, ShopResult } from '../../domain/contracts/shop-api.ts';
import { parseShopWebhook } from '../../domain/shop/webhook.ts';
import { createShopClient, isSignedWebhook, type ShopAccess, type ShopClient } from '../../tiktok/shop/index.ts';
import { eventually } from '../helpers/eventually.ts';
import { INDONESIA, ShopSandbox, ShopWebhookReceiver, UK } from '../helpers/shop-sandbox.ts';

let tiktok: ShopSandbox;
let client: ShopClient;
beforeAll(async () => {
  tiktok = await ShopSandbox.start();
});
beforeEach(async () => {
  await tiktok.reset();
  client = createShopClient({ apiUrl: tiktok.url, authUrl: tiktok.url, app: SANDBOX_SHOP_APP, pace: { initial: 50, least: 10, most: 50 } });
});
afterEach(() => client.close());
afterAll(() => tiktok.close());

const access = (name: string): ShopAccess => ({ shop_id: tiktok.shopId(name), shop_cipher: tiktok.shops[name]!.cipher, access_token: tiktok.token });
function valueOf<T>(result: ShopResult<T>): T {
  if (!result.ok) throw new Error(`${result.code}: ${result.reason}`);
  return result.value;
}
async function all<T>(page: (page_token: string | null) => Promise<ShopResult<Page<T>>>): Promise<T[]> {
  const items: T[] = [];
  for (let token: string | null = null, first = true; first || token !== null; first = false) {
    const { items: more, unreadable, next_page_token }: Page<T> = valueOf(await page(token));
    expect(unreadable).toEqual([]);
    items.push(...more);
    token = next_page_token;
  }
  return items;
}
const PROVIDER = '7117858858072016645';

describe('The client and the sandbox, each written from the reference', () => {
  test('agree on tokens and shops', async () => {
    const tokens = valueOf(await client.refreshTokens(tiktok.refreshToken));
    expect(tokens.access_expires_at_ms - Date.now()).toBeGreaterThan(6 * 86_400_000);
    const shops = valueOf(await client.authorizedShops(tokens));
    expect(shops.map(({ name, cipher }) => [name, cipher]).sort()).toEqual([INDONESIA, UK].map((name) => [name, tiktok.shops[name]!.cipher]).sort());
    expect(valueOf(await client.activeShops(tokens)).map(({ id }) => id).sort()).toEqual(shops.map(({ id }) => id).sort());
    expect(await client.refreshTokens('unknown')).toMatchObject({ ok: false, code: 'shop_reconnect_needed' });
    expect(await client.getTokens('unknown')).toMatchObject({ ok: false, code: 'shop_auth_code' });
  });

  test.each([UK, INDONESIA])('agree on every product of %s, page by page, and on its stock and prices', async (name) => {
    const shop = access(name);
    const products = await all((page_token) => client.searchProducts(shop, { page_size: 7, page_token }));
    expect(new Set(products.map(({ id }) => id)).size).toBe(products.length);
    expect(products.length).toBeGreaterThan(30);
    const live = products.findLast(({ status }) => status === 'ACTIVATE')!;
    const detail = valueOf(await client.product(shop, live.id));
    expect(detail).toMatchObject({ id: live.id, title: live.title, detailed: true });
    const [sku] = detail.skus;
    const [row] = valueOf(await client.inventory(shop, { sku_ids: [sku!.id] }));
    const inventory = row!.warehouses.map(({ warehouse_id }, index) => ({ warehouse_id, quantity: 40 + index }));
    expect(valueOf(await client.updateInventory(shop, live.id, [{ sku_id: sku!.id, inventory }]))).toEqual([]);
    expect(valueOf(await client.inventory(shop, { sku_ids: [sku!.id] }))[0]!.warehouses.map(({ available }) => available)).toEqual(inventory.map(({ quantity }) => quantity));
    const price = { ...sku!.price!, amount: sku!.price!.amount + 100 };
    expect(valueOf(await client.updatePrices(shop, live.id, [{ sku_id: sku!.id, price }]))).toEqual([]);
    expect(valueOf(await client.product(shop, live.id)).skus[0]!.price).toEqual(price);
    expect(valueOf(await client.deactivateProducts(shop, [live.id]))).toEqual([]);
    expect(valueOf(await client.deactivateProducts(shop, ['1729000000000000000']))).toMatchObject([{ id: '1729000000000000000', code: 'shop_product_not_found' }]);
  });

  test.each([UK, INDONESIA])('agree on orders of %s in every state', async (name) => {
    const shop = access(name);
    const orders = await all((page_token) => client.searchOrders(shop, { page_size: 2, page_token, sort_field: 'update_time', sort_order: 'ASC' }));
    expect(new Set(orders.map(({ status }) => status)).size).toBeGreaterThan(7);
    const detailed = valueOf(await client.orders(shop, orders.map(({ id }) => id)));
    expect(detailed.unreadable).toEqual([]);
    expect(detailed.orders.map(({ id, payment, line_items }) => [id, payment?.total, line_items.length]).sort()).toEqual(orders.map(({ id, payment, line_items }) => [id, payment?.total, line_items.length]).sort());
    for (const { payment, line_items } of orders) {
      const items = line_items.reduce((sum, item) => sum + item.sale_price!.amount, 0);
      expect(payment!.sub_total!.amount).toBe(items);
    }
  });

  test('agree on shipping by the seller: providers, mark, one change of tracking, and no second mark', async () => {
    const shop = access(UK);
    const { id } = await tiktok.newOrder(UK);
    const [order] = valueOf(await client.orders(shop, [id])).orders;
    const providers = valueOf(await client.shippingProviders(shop, order!.delivery_option_id!));
    expect(providers.map((provider) => provider.id)).toContain(PROVIDER);
    const marked = valueOf(await client.markShipped(shop, id, { tracking_number: 'AB123456789GB', shipping_provider_id: PROVIDER }));
    expect(await client.markShipped(shop, id, { tracking_number: 'AB123456789GB', shipping_provider_id: PROVIDER })).toMatchObject({ ok: false, code: 'shop_already_shipped' });
    expect(valueOf(await client.package(shop, marked.package_id))).toMatchObject({ id: marked.package_id, tracking_number: 'AB123456789GB', orders: [{ id }] });
    expect((await all((page_token) => client.searchPackages(shop, { page_token }))).map((parcel) => parcel.id)).toContain(marked.package_id);
    const other = { tracking_number: 'CD123456789GB', shipping_provider_id: PROVIDER };
    expect(await client.updatePackageTracking(shop, marked.package_id, other)).toEqual({ ok: true, value: null });
    expect(await client.updateOrderTracking(shop, id, other)).toMatchObject({ ok: false, code: 'shop_tracking_final' });
    expect(await client.orderTracking(shop, id)).toMatchObject({ ok: true });
  });

  test('agree on shipping by TikTok: slots, the label and its bytes', async () => {
    const shop = access(INDONESIA);
    const { id } = await tiktok.newOrder(INDONESIA, { shipping_type: 'TIKTOK' });
    const [order] = valueOf(await client.orders(shop, [id])).orders;
    const [packageId] = order!.package_ids;
    expect(await client.handoverSlots(shop, packageId!)).toMatchObject({ ok: true, value: { can_drop_off: true } });
    expect(await client.shippingDocument(shop, packageId!, { type: 'SHIPPING_LABEL' })).toMatchObject({ ok: false, code: 'shop_not_shipped' });
    expect(await client.shipPackage(shop, packageId!, { kind: 'tiktok', handover_method: 'DROP_OFF' })).toEqual({ ok: true, value: null });
    let label = await client.shippingDocument(shop, packageId!, { type: 'SHIPPING_LABEL' });
    await eventually(async () => {
      if (!label.ok) expect(label).toMatchObject({ code: 'shop_label_pending', retry: 'later' });
      label = await client.shippingDocument(shop, packageId!, { type: 'SHIPPING_LABEL' });
      return label.ok;
    });
    expect(valueOf(await client.downloadDocument(valueOf(label))).subarray(0, 5).toString()).toBe('%PDF-');
  });

  test('agree on splitting and on what may be combined', async () => {
    const shop = access(UK);
    const product = (await tiktok.control('POST', '/products', { shop_id: tiktok.shopId(UK), quantity: 100, skus: 2 })).products[0];
    const { id } = await tiktok.newOrder(UK, { shipping_type: 'TIKTOK', items: product.skus.map((sku: { id: string }) => ({ sku_id: sku.id, quantity: 1 })) });
    const [order] = valueOf(await client.orders(shop, [id])).orders;
    expect(valueOf(await client.splitAttributes(shop, [id]))).toMatchObject([{ order_id: id, can_split: true }]);
    const split = valueOf(await client.splitOrder(shop, id, order!.line_items.map((item) => [item.id])));
    expect(split.map(({ group }) => group).sort()).toEqual([0, 1]);
    expect(new Set(split.map(({ package_id }) => package_id)).size).toBe(2);
    expect(await client.combinablePackages(shop, {})).toMatchObject({ ok: true });
  });

  test('agree on cancellations and returns', async () => {
    const shop = access(UK);
    const { id } = await tiktok.newOrder(UK);
    const cancelled = valueOf(await client.cancelOrder(shop, { order_id: id, cancel_reason: 'seller_cancel_reason_out_of_stock' }));
    const found = await all((page_token) => client.searchCancellations(shop, { page_token, order_ids: [id] }));
    expect(found).toMatchObject([{ cancel_id: cancelled.cancel_id, order_id: id }]);
    expect(valueOf(await client.orders(shop, [id])).orders).toMatchObject([{ status: 'CANCELLED' }]);
    expect(await client.searchReturns(shop, {})).toMatchObject({ ok: true, value: { unreadable: [] } });
  });

  test('agree on warehouses, and on whom a cipher belongs to', async () => {
    const shop = access(UK);
    const warehouses = valueOf(await client.warehouses(shop));
    expect(warehouses.find(({ is_default }) => is_default)).toBeDefined();
    expect(valueOf(await client.deliveryOptions(shop, warehouses[0]!.id)).length).toBeGreaterThan(0);
    expect(await client.warehouses({ ...shop, shop_cipher: 'GCP_wrong' })).toMatchObject({ ok: false, code: 'shop_mismatch' });
    expect(await client.warehouses({ ...shop, access_token: 'ROW_wrong-token' })).toMatchObject({ ok: false, code: 'tiktok_token_invalid', retry: 'refresh' });
  });

  test.each([-3_600_000, 3_600_000])('agree on the time, where our clock is off by %d ms', async (off) => {
    const skewed = createShopClient({ apiUrl: tiktok.url, authUrl: tiktok.url, app: SANDBOX_SHOP_APP, now: () => Date.now() + off });
    try {
      expect(await skewed.warehouses(access(UK))).toMatchObject({ ok: true });
    } finally {
      await skewed.close();
    }
  });

  test('agree on webhooks', async () => {
    const receiver = new ShopWebhookReceiver();
    await receiver.start();
    try {
      const shop = access(UK);
      valueOf(await client.subscribeWebhook(shop, { event_type: 'ORDER_STATUS_CHANGE', address: receiver.url }));
      expect(valueOf(await client.webhooks(shop))).toContainEqual({ event_type: 'ORDER_STATUS_CHANGE', address: receiver.url });
      const { id } = await tiktok.newOrder(UK);
      await eventually(() => receiver.received.length > 0);
      const [webhook] = receiver.received;
      expect(isSignedWebhook(webhook!.headers.authorization, webhook!.raw, SANDBOX_SHOP_APP)).toBe(true);
      expect(parseShopWebhook(webhook!.raw)).toMatchObject({ ok: true, webhook: { type: 1, kind: 'order_status', shop_id: shop.shop_id, order_id: id } });
      valueOf(await client.unsubscribeWebhook(shop, 'ORDER_STATUS_CHANGE'));
      expect(valueOf(await client.webhooks(shop)).map(({ event_type }) => event_type)).not.toContain('ORDER_STATUS_CHANGE');
    } finally {
      receiver.close();
    }
  });
});
