import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { INDONESIA, ShopSandbox, UK } from '../helpers/shop-sandbox.ts';

const ROYAL_MAIL = '7117858858072016645';
const JNE = '6841743441349706241';

let tiktok: ShopSandbox;
beforeAll(async () => {
  tiktok = await ShopSandbox.start();
});
beforeEach(() => tiktok.reset());
afterAll(() => tiktok.close());

const mark = (orderId: string, body: object = {}, shop = UK) =>
  tiktok.post(`/fulfillment/202309/orders/${orderId}/packages`, { tracking_number: 'AB123456789GB', shipping_provider_id: ROYAL_MAIL, ...body }, { shop });
const ship = (packageId: string, body: object = {}, shop = INDONESIA) => tiktok.post(`/fulfillment/202309/packages/${packageId}/ship`, body, { shop });
const pkg = async (packageId: string, shop = INDONESIA) => (await tiktok.call(`/fulfillment/202309/packages/${packageId}`, { shop })).data;
const detail = async (id: string, shop = UK) => (await tiktok.call('/order/202507/orders', { query: { ids: id }, shop })).data.orders[0];
const skuWith = async (shop: string) => (await tiktok.control('POST', '/products', { shop_id: tiktok.shopId(shop), quantity: 1_000 })).products[0].skus[0].id;

test('from an order’s delivery option to the providers; TikTok’s own option has none', async () => {
  const { data } = await tiktok.call('/logistics/202309/warehouses');
  expect(data.warehouses.map(({ type }: { type: string }) => type)).toEqual(['SALES_WAREHOUSE', 'SALES_WAREHOUSE', 'RETURN_WAREHOUSE']);
  expect(data.warehouses[0].address).toHaveProperty('distict');
  const options = (await tiktok.call(`/logistics/202309/warehouses/${data.warehouses[0].id}/delivery_options`)).data.delivery_options;
  expect(options.map(({ type }: { type: string }) => type)).toEqual(['STANDARD', 'SEND_BY_SELLER']);
  const providers = (option: string) => tiktok.call(`/logistics/202309/delivery_options/${option}/shipping_providers`);
  const order = await detail((await tiktok.newOrder(UK)).id);
  expect((await providers(order.delivery_option_id)).data.shipping_providers).toContainEqual({ id: ROYAL_MAIL, name: 'Royal Mail' });
  expect((await providers(options[0].id)).code).toBe(21008117);
  expect((await providers('404')).code).toBe(21008116);
});

describe('Mark Package As Shipped', () => {
  test('package by package, each with its own items, in its markets alone', async () => {
    const { id, lines } = await tiktok.newOrder(UK, { items: [{ sku_id: await skuWith(UK), quantity: 3 }] });
    const first = await mark(id, { order_line_item_ids: [lines[0].id] });
    expect(first).toMatchObject({ code: 0, data: { order_id: id, order_line_item_ids: [lines[0].id], package_id: expect.any(String) } });
    expect((await detail(id)).status).toBe('PARTIALLY_SHIPPING');
    expect((await mark(id)).code).toBe(21011048);
    expect((await mark(id, { order_line_item_ids: [lines[0].id] })).code).toBe(21011020);
    expect((await mark(id, { order_line_item_ids: ['404'] })).code).toBe(21011036);
    expect((await mark(id, { order_line_item_ids: [lines[1].id, lines[2].id], tracking_number: 'CD123456789GB' })).code).toBe(0);
    const order = await detail(id);
    expect(order).toMatchObject({ status: 'AWAITING_COLLECTION', split_or_combine_tag: 'SPLIT' });
    expect(order.line_items.map(({ tracking_number }: { tracking_number: string }) => tracking_number)).toEqual(['AB123456789GB', 'CD123456789GB', 'CD123456789GB']);
    expect((await mark(id)).code).toBe(21011020);
    const abroad = await tiktok.newOrder(INDONESIA);
    expect((await mark(abroad.id, {}, INDONESIA)).code).toBe(21008106);
  });

  test.each([
    ['UNPAID', 21011003],
    ['ON_HOLD', 21011044],
    ['CANCELLED', 21011041],
    ['DELIVERED', 21011027],
  ])('an order that is %s is refused', async (status, code) => {
    const { id } = await tiktok.newOrder(UK, { status });
    expect((await mark(id)).code).toBe(code);
  });

  test('neither unknown providers, nor tracking numbers of another form, nor TikTok’s own shipments', async () => {
    const { id } = await tiktok.newOrder(UK);
    expect((await mark(id, { shipping_provider_id: '404' })).code).toBe(11028006);
    expect((await mark(id, { tracking_number: 'a b' })).code).toBe(21011022);
    expect((await mark((await tiktok.newOrder(UK, { shipping_type: 'TIKTOK' })).id)).code).toBe(21011004);
    expect((await mark((await tiktok.newOrder(UK, { fulfillment_type: 'FULFILLMENT_BY_TIKTOK' })).id)).code).toBe(21008025);
    expect((await detail(id)).status).toBe('AWAITING_SHIPMENT');
  });

  test('tracking is put right once, after shipping, within the window, before delivery', async () => {
    const { id } = await tiktok.newOrder(UK);
    const update = (order: string) => tiktok.post(`/fulfillment/202309/orders/${order}/shipping_info/update`, { tracking_number: 'XY123456789GB', shipping_provider_id: ROYAL_MAIL });
    expect((await update(id)).code).toBe(21011043);
    const { data } = await mark(id);
    const byPackage = await tiktok.post(`/fulfillment/202309/packages/${data.package_id}/shipping_info/update`, { tracking_number: 'EF123456789GB', shipping_provider_id: ROYAL_MAIL });
    expect(byPackage).toMatchObject({ code: 0 });
    expect((await detail(id)).tracking_number).toBe('EF123456789GB');
    expect((await update(id)).code).toBe(21011051);
    const late = await tiktok.newOrder(UK);
    await mark(late.id);
    await tiktok.advance(259_200_000);
    expect((await update(late.id)).code).toBe(21011050);
    await tiktok.control('POST', `/orders/${late.id}/scan`);
    await tiktok.control('POST', `/orders/${late.id}/deliver`);
    expect((await update(late.id)).code).toBe(21011030);
  });
});

describe('packages that are there from payment', () => {
  test('TikTok ships: slot, label as a real PDF for a day, until it is picked up', async () => {
    const { id } = await tiktok.newOrder(INDONESIA, { shipping_type: 'TIKTOK' });
    const packageId = (await detail(id, INDONESIA)).packages[0].id;
    expect(await pkg(packageId)).toMatchObject({ package_id: packageId, order_line_item_ids: expect.any(Array), tracking_number: '' });
    const label = () => tiktok.call(`/fulfillment/202309/packages/${packageId}/shipping_documents`, { shop: INDONESIA, query: { document_type: 'SHIPPING_LABEL' } });
    expect((await label()).code).toBe(21042104);
    const { data } = await tiktok.call(`/fulfillment/202309/packages/${packageId}/handover_time_slots`, { shop: INDONESIA });
    const [free, , taken] = data.pickup_slots;
    const slot = ({ start_time, end_time }: { start_time: number; end_time: number }) => ({ handover_method: 'PICKUP', pickup_slot: { start_time, end_time } });
    expect((await ship(packageId, slot(taken))).code).toBe(21004017);
    expect(await ship(packageId, slot(free))).toMatchObject({ code: 0, data: {} });
    expect(await pkg(packageId)).toMatchObject({ package_status: 'PROCESSING', handover_method: 'PICKUP', tracking_number: expect.stringMatching(/^TTS/) });
    expect((await ship(packageId)).code).toBe(21011020);
    const { doc_url, tracking_number } = (await label()).data;
    const file = await tiktok.send(doc_url);
    expect(file.headers.get('content-type')).toBe('application/pdf');
    expect(file.text).toMatch(/^%PDF-1\.4[\s\S]*%%EOF\n$/);
    expect(file.text).toContain(tracking_number);
    const xref = Number(/startxref\n(\d+)/.exec(file.text)![1]);
    expect(file.text.slice(xref, xref + 4)).toBe('xref');
    await tiktok.control('POST', `/orders/${id}/scan`);
    expect((await label()).code).toBe(21042102);
    await tiktok.advance(86_400_000);
    expect((await tiktok.send(doc_url)).status).toBe(404);
  });

  test('the seller ships in South East Asia with a tracking number of its own; a batch names what failed', async () => {
    const orders = [await tiktok.newOrder(INDONESIA), await tiktok.newOrder(INDONESIA)];
    const [one, two] = await Promise.all(orders.map(async ({ id }) => (await detail(id, INDONESIA)).packages[0].id));
    expect((await ship(one)).code).toBe(21011022);
    const self_shipment = { tracking_number: 'JNE0000000001', shipping_provider_id: JNE };
    const batch = await tiktok.post('/fulfillment/202309/packages/ship', { packages: [{ id: one, self_shipment }, { id: '404', self_shipment }, { id: two, self_shipment: { ...self_shipment, shipping_provider_id: '1' } }] }, { shop: INDONESIA });
    expect(batch).toMatchObject({ code: 0, data: { errors: [{ code: 21011028, detail: { package_id: '404' } }, { code: 11028006, detail: { package_id: two } }] } });
    expect((await detail(orders[0].id, INDONESIA)).status).toBe('AWAITING_COLLECTION');
    const label = await tiktok.call(`/fulfillment/202309/packages/${one}/shipping_documents`, { shop: INDONESIA, query: { document_type: 'SHIPPING_LABEL' } });
    expect(label.code).toBe(21008017);
    const search = await tiktok.post('/fulfillment/202309/packages/search', { package_status: 'PROCESSING' }, { shop: INDONESIA, query: { page_size: '50' } });
    expect(search.data.packages.map(({ id }: { id: string }) => id)).toContain(one);
    expect((await tiktok.post('/fulfillment/202309/packages/search', {}, { shop: INDONESIA, query: { page_size: '51' } })).code).toBe(36009004);
  });
});

test('an order is split by SKU, and orders of one buyer go as one package and apart again', async () => {
  const skus = [await skuWith(INDONESIA), await skuWith(INDONESIA)];
  const { id, lines } = await tiktok.newOrder(INDONESIA, { items: [{ sku_id: skus[0], quantity: 2 }, { sku_id: skus[1], quantity: 1 }] });
  const attributes = await tiktok.call('/fulfillment/202309/orders/split_attributes', { shop: INDONESIA, query: { order_ids: id } });
  expect(attributes.data.split_attributes).toEqual([expect.objectContaining({ order_id: id, can_split: true })]);
  const split = (groups: string[][]) =>
    tiktok.post(`/fulfillment/202309/orders/${id}/split`, { splittable_groups: groups.map((order_line_item_ids, index) => ({ id: `g${index}`, order_line_item_ids })) }, { shop: INDONESIA });
  const [a, b, c] = lines.map((line: { id: string }) => line.id);
  expect((await split([[a], [b, c]])).code).toBe(21011035);
  expect((await split([[a], [c]])).code).toBe(21011035);
  const { data } = await split([[a, b], [c]]);
  expect(data.packages.map(({ splittable_group_id }: { splittable_group_id: string }) => splittable_group_id)).toEqual(['g0', 'g1']);
  expect((await pkg(data.packages[0].id)).split_and_combine_tag).toBe('SPLIT');

  const pair = [await tiktok.newOrder(INDONESIA, { buyer: 'Sari' }), await tiktok.newOrder(INDONESIA, { buyer: 'Sari' })].map((order) => order.id);
  const groups = (await tiktok.call('/fulfillment/202309/combinable_packages/search', { shop: INDONESIA, query: { page_size: '50' } })).data.combinable_packages;
  const group = groups.find(({ order_ids }: { order_ids: string[] }) => order_ids.includes(pair[0]!));
  expect(new Set(group.order_ids)).toEqual(new Set(pair));
  const combined = await tiktok.post('/fulfillment/202309/packages/combine', { combinable_packages: [group, { id: 'x', order_ids: [id, pair[0]] }] }, { shop: INDONESIA });
  expect(combined).toMatchObject({ code: 0, data: { packages: [{ order_ids: pair }], errors: [{ code: 21011031 }] } });
  const packageId = combined.data.packages[0].id;
  expect(await detail(pair[0]!, INDONESIA)).toMatchObject({ split_or_combine_tag: 'COMBINED', packages: [{ id: packageId }] });
  const apart = await tiktok.post(`/fulfillment/202309/packages/${packageId}/uncombine`, { order_ids: [pair[0]] }, { shop: INDONESIA });
  expect(apart.data.packages).toHaveLength(2);
  expect((await pkg(packageId)).package_status).toBe('CANCELLED');
});
