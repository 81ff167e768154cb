import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { INDONESIA, ShopSandbox, UK } from '../helpers/shop-sandbox.ts';

const SEARCH = '/order/202309/orders/search';
const CANCELLATIONS = '/return_refund/202309/cancellations';

let tiktok: ShopSandbox;
beforeAll(async () => {
  tiktok = await ShopSandbox.start();
});
beforeEach(() => tiktok.reset());
afterAll(() => tiktok.close());

const search = (query: Record<string, string>, body: object = {}, shop = UK) => tiktok.post(SEARCH, body, { query: { page_size: '100', ...query }, shop });
const detail = async (id: string, shop = UK) => (await tiktok.call('/order/202507/orders', { query: { ids: id }, shop })).data.orders[0];
const idsOf = ({ data }: { data: { orders: { id: string }[] } }) => data.orders.map(({ id }) => id);

describe('search', () => {
  test('an order in every state, one line item for each unit, money exact in the shop’s currency', async () => {
    for (const shop of [UK, INDONESIA]) {
      const { data } = await search({}, {}, shop);
      expect(new Set(data.orders.map(({ status }: { status: string }) => status)).size).toBe(9);
    }
    const { skus } = (await tiktok.control('POST', '/products', { shop_id: tiktok.shopId(UK), price: 1_099 })).products[0];
    const { id } = await tiktok.newOrder(UK, { items: [{ sku_id: skus[0].id, quantity: 3 }], buyer_message: 'Please ring' });
    const order = await detail(id);
    expect(order.line_items).toHaveLength(3);
    expect(order).toMatchObject({ buyer_message: 'Please ring', payment: { currency: 'GBP', sub_total: '32.97', shipping_fee: '2.99', total_amount: '35.96' } });
    expect(order.line_items[0]).toMatchObject({ sku_id: skus[0].id, display_status: 'AWAITING_SHIPMENT', sale_price: '10.99', package_status: 'TO_FULFILL', package_id: '' });
    expect('quantity' in order.line_items[0]).toBe(false);
    expect((await search({}, { order_status: 'COMPLETED' }, INDONESIA)).data.orders[0].payment.total_amount).toMatch(/^\d+$/);
  });

  test('by update time ascending an order that changes comes again, and none is skipped', async () => {
    await tiktok.settings({ limits: { per_second: null } });
    const { ids } = await tiktok.control('POST', '/orders', { shop_id: tiktok.shopId(UK), count: 25, status: 'AWAITING_SHIPMENT', moves: false });
    const query = { page_size: '10', sort_field: 'update_time', sort_order: 'ASC' };
    const first = await search(query);
    const moved = idsOf(first)[0]!;
    await tiktok.control('POST', `/orders/${ids[20]}/ship`);
    await tiktok.control('POST', `/orders/${moved}/address`);
    const seen = idsOf(first);
    for (let token = first.data.next_page_token; token !== ''; ) {
      const page = await search({ ...query, page_token: token });
      seen.push(...idsOf(page));
      token = page.data.next_page_token;
    }
    expect(seen.filter((id) => id === moved)).toHaveLength(2);
    expect(new Set(seen).size).toBe(seen.length - 1);
    expect(new Set(seen)).toEqual(new Set(idsOf(await search({}))));
  });

  test('time bounds: from one, up to and without the other; a page token that expired is refused', async () => {
    const { ids } = await tiktok.control('POST', '/orders', { shop_id: tiktok.shopId(UK), count: 4, status: 'AWAITING_SHIPMENT', moves: false, over_ms: 400_000 });
    const times = await Promise.all(ids.map(async (id: string) => (await detail(id)).create_time));
    const found = await search({ sort_field: 'create_time', sort_order: 'ASC' }, { create_time_ge: times[1], create_time_lt: times[3] });
    expect(idsOf(found)).toEqual([ids[1], ids[2]]);
    const { data } = await search({ page_size: '5' });
    await tiktok.advance(3_600_000);
    expect(await search({ page_size: '5', page_token: data.next_page_token })).toMatchObject({ status: 400, code: 36009004, message: expect.stringContaining('page_token') });
  });

  test('a new order may come into sight late; its detail is there at once', async () => {
    await tiktok.settings({ paging: { visibility_ms: 30_000 } });
    const { id } = await tiktok.newOrder(UK);
    expect(idsOf(await search({}))).not.toContain(id);
    expect((await detail(id)).id).toBe(id);
    await tiktok.advance(30_000);
    expect(idsOf(await search({}))).toContain(id);
  });
});

test('details: at most 50, unknown ones and those of the other shop are silently missing', async () => {
  const { id } = await tiktok.newOrder(UK);
  const other = await tiktok.newOrder(INDONESIA);
  const details = (ids: string[], version = '202507') => tiktok.call(`/order/${version}/orders`, { query: { ids: ids.join(',') } });
  expect(idsOf(await details(['404', id, other.id]))).toEqual([id]);
  expect(await details(Array.from({ length: 51 }, (_, index) => String(index)))).toMatchObject({ status: 400, code: 36009004 });
  expect(await tiktok.call('/order/202507/orders')).toMatchObject({ code: 36009004, message: expect.stringContaining('Ids is a required field') });
  expect((await details([id], '202309')).data.orders[0]).toHaveProperty('fulfillment_priority_level');
  expect((await details([id])).data.orders[0]).not.toHaveProperty('fulfillment_priority_level');
});

test('an order moves on by itself on the clock: paid, held, released, and on from where the seller shipped it', async () => {
  const { id } = await tiktok.newOrder(UK, { status: 'UNPAID', moves: true });
  const states: string[] = [];
  const note = async () => states.push((await detail(id)).status);
  await note();
  expect((await detail(id)).recipient_address).toEqual({});
  await tiktok.advance(2_000);
  await note();
  await tiktok.advance(5_000);
  await note();
  expect((await detail(id)).recipient_address.full_address).toContain('Leeds');
  await tiktok.advance(3_600_000);
  await note();
  await tiktok.control('POST', `/orders/${id}/ship`);
  for (const ms of [0, 10_000, 20_000, 30_000]) {
    await tiktok.advance(ms);
    await note();
  }
  expect(states).toEqual(['UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'AWAITING_SHIPMENT', 'AWAITING_COLLECTION', 'IN_TRANSIT', 'DELIVERED', 'COMPLETED']);
  const { data } = await tiktok.call(`/fulfillment/202309/orders/${id}/tracking`);
  expect(data.tracking.map(({ update_time_millis }: { update_time_millis: number }) => update_time_millis)).toHaveLength(3);
  const other = await tiktok.newOrder(INDONESIA, { status: 'UNPAID', moves: true });
  await tiktok.advance(2_000);
  expect((await detail(other.id, INDONESIA)).status).toBe('AWAITING_SHIPMENT');
});

describe('cancellations', () => {
  const create = (body: object, shop = UK) => tiktok.post(CANCELLATIONS, { cancel_reason: 'seller_cancel_reason_out_of_stock', ...body }, { shop });

  test('the seller cancels some units, then the rest; not what is shipped', async () => {
    const { skus } = (await tiktok.control('POST', '/products', { shop_id: tiktok.shopId(UK), quantity: 5 })).products[0];
    const { id, lines } = await tiktok.newOrder(UK, { items: [{ sku_id: skus[0].id, quantity: 3 }] });
    expect(await create({ order_id: id, skus: [{ sku_id: skus[0].id, quantity: 1 }] })).toMatchObject({ code: 0, data: { cancel_id: expect.any(String), cancel_status: 'CANCELLATION_REQUEST_SUCCESS' } });
    expect(await detail(id)).toMatchObject({ status: 'AWAITING_SHIPMENT', cancellation_initiator: 'SELLER' });
    expect((await tiktok.control('GET', `/stock/${skus[0].id}`)).available).toBe(3);
    expect((await create({ order_id: id, order_line_item_ids: [lines[1].id] })).code).toBe(0);
    await tiktok.control('POST', `/orders/${id}/ship`);
    expect(await create({ order_id: id })).toMatchObject({ code: 25001051 });
    expect(await create({ order_id: '404' })).toMatchObject({ code: 25001001 });
    const whole = await tiktok.newOrder(UK);
    await create({ order_id: whole.id });
    expect((await detail(whole.id)).status).toBe('CANCELLED');
  });

  test('a buyer asks: shipping stops until the seller answers; silence is a yes', async () => {
    const asked = async () => {
      const { id, lines } = await tiktok.newOrder(UK);
      const { result } = await tiktok.control('POST', `/orders/${id}/request-cancel`);
      return { id, lines, cancel_id: result.id };
    };
    const ship = (id: string) => tiktok.post(`/fulfillment/202309/orders/${id}/packages`, { tracking_number: 'AB123456789GB', shipping_provider_id: '7117858858072016645' });
    const refused = await asked();
    expect(await ship(refused.id)).toMatchObject({ code: 21008044 });
    expect(await create({ order_id: refused.id })).toMatchObject({ code: 25001011 });
    const { data } = await tiktok.post(`${CANCELLATIONS}/search`, { order_ids: [refused.id] });
    expect(data.cancellations).toEqual([expect.objectContaining({ cancel_id: refused.cancel_id, cancel_type: 'BUYER_CANCEL', cancel_status: 'CANCELLATION_REQUEST_PENDING', role: 'BUYER' })]);
    expect((await search({}, { is_buyer_request_cancel: true })).data.total_count).toBe(1);
    expect((await tiktok.post(`${CANCELLATIONS}/${refused.cancel_id}/reject`, { reject_reason: 'packed' })).code).toBe(0);
    expect((await tiktok.post(`${CANCELLATIONS}/${refused.cancel_id}/approve`, '')).code).toBe(25001051);
    expect((await ship(refused.id)).code).toBe(0);

    const approved = await asked();
    expect((await tiktok.post(`${CANCELLATIONS}/${approved.cancel_id}/approve`, '')).code).toBe(0);
    expect((await detail(approved.id)).status).toBe('CANCELLED');
    const held = await tiktok.newOrder(UK, { status: 'ON_HOLD' });
    await tiktok.control('POST', `/orders/${held.id}/request-cancel`);
    expect((await detail(held.id)).status).toBe('CANCELLED');
    const gone = await tiktok.newOrder(UK, { status: 'IN_TRANSIT' });
    await expect(tiktok.control('POST', `/orders/${gone.id}/request-cancel`)).rejects.toThrow('409');
    const silent = await asked();
    await tiktok.advance(172_800_000);
    expect((await detail(silent.id)).status).toBe('CANCELLED');
  });
});

test('a return of a delivered order is found, and completes it', async () => {
  const { id } = await tiktok.newOrder(UK, { status: 'DELIVERED' });
  const { result } = await tiktok.control('POST', `/orders/${id}/return`, { type: 'REFUND' });
  const found = await tiktok.post('/return_refund/202309/returns/search', { order_ids: [id] });
  expect(found.data.return_orders).toEqual([expect.objectContaining({ return_id: result.id, return_type: 'REFUND', return_status: 'RETURN_OR_REFUND_REQUEST_PENDING' })]);
  await tiktok.control('POST', `/returns/${result.id}/settle`);
  expect((await detail(id)).status).toBe('COMPLETED');
});
