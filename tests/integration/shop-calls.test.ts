import { afterEach, describe, expect, test } from '@jest/globals';
import { isDocumentUrl } from '../../tiktok/shop/download.ts';
import type { ShopClient } from '../../tiktok/shop/index.ts';
import { answerJson, done, inTurn, orderJson, refusedWith, REQUEST_ID, SHOP, startShop, type ShopAnswer, type ShopServer } from '../helpers/shop-server.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
async function shop(answer: ShopAnswer): Promise<ShopServer> {
  const server = await startShop(answer);
  closing.push(() => server.close());
  return server;
}
const PRODUCT = '1729582718312380123';

describe('What is asked of TikTok Shop', () => {
  type Asked = [name: string, ask: (client: ShopClient) => Promise<unknown>, wire: { method: string; path: string; json?: unknown; query?: object }];
  const tracking = { tracking_number: 'JX1', shipping_provider_id: '6617675021119438849' };
  test.each<Asked>([
    ['search of products', (client) => client.searchProducts(SHOP, { status: 'ACTIVATE', page_size: 50, updated_from_ms: 10_000, updated_to_ms: 20_000, sku_ids: ['1', '1'] }), { method: 'POST', path: '/product/202502/products/search', query: { page_size: '50' }, json: { status: 'ACTIVATE', sku_ids: ['1'], update_time_ge: 10, update_time_le: 19 } }],
    ['a product', (client) => client.product(SHOP, PRODUCT), { method: 'GET', path: `/product/202309/products/${PRODUCT}` }],
    ['activation', (client) => client.activateProducts(SHOP, ['1', '2', '1']), { method: 'POST', path: '/product/202309/products/activate', json: { product_ids: ['1', '2'] } }],
    ['deactivation', (client) => client.deactivateProducts(SHOP, ['1']), { method: 'POST', path: '/product/202309/products/deactivate', json: { product_ids: ['1'] } }],
    ['inventory of products', (client) => client.inventory(SHOP, { product_ids: ['1'] }), { method: 'POST', path: '/product/202309/inventory/search', json: { product_ids: ['1'] } }],
    ['inventory of SKUs', (client) => client.inventory(SHOP, { sku_ids: ['1', '2'] }), { method: 'POST', path: '/product/202309/inventory/search', json: { sku_ids: ['1', '2'] } }],
    [
      'new stock',
      (client) => client.updateInventory(SHOP, PRODUCT, [{ sku_id: '1', inventory: [{ warehouse_id: '7', quantity: 5 }] }, { sku_id: '2', inventory: [{ warehouse_id: null, quantity: 0 }] }]),
      { method: 'POST', path: `/product/202309/products/${PRODUCT}/inventory/update`, json: { skus: [{ id: '1', inventory: [{ warehouse_id: '7', quantity: 5 }] }, { id: '2', inventory: [{ quantity: 0 }] }] } },
    ],
    [
      'new prices',
      (client) => client.updatePrices(SHOP, PRODUCT, [{ sku_id: '1', price: { amount: 1_499, currency: 'USD' } }, { sku_id: '2', price: { amount: 15_000, currency: 'IDR' }, sale_price: { amount: 16_000, currency: 'IDR' } }]),
      {
        method: 'POST',
        path: `/product/202309/products/${PRODUCT}/prices/update`,
        json: { skus: [{ id: '1', price: { amount: '14.99', currency: 'USD' } }, { id: '2', price: { amount: '15000', currency: 'IDR', sale_price: '16000' } }] },
      },
    ],
    ['orders', (client) => client.orders(SHOP, ['1', '2', '1']), { method: 'GET', path: '/order/202507/orders', query: { ids: '1,2' } }],
    [
      'a cancellation',
      (client) => client.cancelOrder(SHOP, { order_id: '1', cancel_reason: 'out_of_stock', order_line_item_ids: ['2'] }),
      { method: 'POST', path: '/return_refund/202309/cancellations', json: { order_id: '1', cancel_reason: 'out_of_stock', order_line_item_ids: ['2'] } },
    ],
    ['approval', (client) => client.approveCancellation(SHOP, '9', 'key-1'), { method: 'POST', path: '/return_refund/202309/cancellations/9/approve', query: { idempotency_key: 'key-1' }, json: null }],
    ['rejection', (client) => client.rejectCancellation(SHOP, { cancel_id: '9', reject_reason: 'sent', idempotency_key: 'k' }), { method: 'POST', path: '/return_refund/202309/cancellations/9/reject', query: { idempotency_key: 'k' }, json: { reject_reason: 'sent' } }],
    ['reasons', (client) => client.rejectReasons(SHOP, '9'), { method: 'GET', path: '/return_refund/202309/reject_reasons', query: { return_or_cancel_id: '9' } }],
    ['search of cancellations', (client) => client.searchCancellations(SHOP, { order_ids: ['1'], status: ['CANCELLATION_REQUEST_PENDING'] }), { method: 'POST', path: '/return_refund/202309/cancellations/search', query: { page_size: '50' }, json: { order_ids: ['1'], cancel_status: ['CANCELLATION_REQUEST_PENDING'] } }],
    ['search of returns', (client) => client.searchReturns(SHOP, { return_ids: ['1'], updated_from_ms: 1_000 }), { method: 'POST', path: '/return_refund/202309/returns/search', json: { return_ids: ['1'], update_time_ge: 1 } }],
    ['warehouses', (client) => client.warehouses(SHOP), { method: 'GET', path: '/logistics/202309/warehouses' }],
    ['delivery options', (client) => client.deliveryOptions(SHOP, '7'), { method: 'GET', path: '/logistics/202309/warehouses/7/delivery_options' }],
    ['providers', (client) => client.shippingProviders(SHOP, '8'), { method: 'GET', path: '/logistics/202309/delivery_options/8/shipping_providers' }],
    ['a package', (client) => client.package(SHOP, '1'), { method: 'GET', path: '/fulfillment/202309/packages/1' }],
    ['search of packages', (client) => client.searchPackages(SHOP, { status: 'PROCESSING', created_to_ms: 5_000 }), { method: 'POST', path: '/fulfillment/202309/packages/search', query: { page_size: '50' }, json: { package_status: 'PROCESSING', create_time_lt: 5 } }],
    ['times of handover', (client) => client.handoverSlots(SHOP, '1'), { method: 'GET', path: '/fulfillment/202309/packages/1/handover_time_slots' }],
    ['shipping by TikTok', (client) => client.shipPackage(SHOP, '1', { kind: 'tiktok', handover_method: 'PICKUP', pickup_slot: { start_ms: 1_000, end_ms: 2_000 } }), { method: 'POST', path: '/fulfillment/202309/packages/1/ship', json: { handover_method: 'PICKUP', pickup_slot: { start_time: 1, end_time: 2 } } }],
    ['shipping without more', (client) => client.shipPackage(SHOP, '1', { kind: 'tiktok' }), { method: 'POST', path: '/fulfillment/202309/packages/1/ship', json: {} }],
    ['shipping by the seller', (client) => client.shipPackage(SHOP, '1', { kind: 'self', ...tracking }), { method: 'POST', path: '/fulfillment/202309/packages/1/ship', json: { self_shipment: tracking } }],
    ['a mark', (client) => client.markShipped(SHOP, '5', { ...tracking, order_line_item_ids: ['2'] }), { method: 'POST', path: '/fulfillment/202309/orders/5/packages', json: { ...tracking, order_line_item_ids: ['2'] } }],
    ['tracking of a package', (client) => client.updatePackageTracking(SHOP, '1', tracking), { method: 'POST', path: '/fulfillment/202309/packages/1/shipping_info/update', json: tracking }],
    ['tracking of an order', (client) => client.updateOrderTracking(SHOP, '5', tracking), { method: 'POST', path: '/fulfillment/202309/orders/5/shipping_info/update', json: tracking }],
    ['the way of an order', (client) => client.orderTracking(SHOP, '5'), { method: 'GET', path: '/fulfillment/202309/orders/5/tracking' }],
    ['a document', (client) => client.shippingDocument(SHOP, '1', { type: 'SHIPPING_LABEL', size: 'A6' }), { method: 'GET', path: '/fulfillment/202309/packages/1/shipping_documents', query: { document_type: 'SHIPPING_LABEL', document_size: 'A6' } }],
    ['what may be split', (client) => client.splitAttributes(SHOP, ['5', '6']), { method: 'GET', path: '/fulfillment/202309/orders/split_attributes', query: { order_ids: '5,6' } }],
    ['a split', (client) => client.splitOrder(SHOP, '5', [['1'], ['2', '3']]), { method: 'POST', path: '/fulfillment/202309/orders/5/split', json: { splittable_groups: [{ id: '1', order_line_item_ids: ['1'] }, { id: '2', order_line_item_ids: ['2', '3'] }] } }],
    ['what may be combined', (client) => client.combinablePackages(SHOP, {}), { method: 'GET', path: '/fulfillment/202309/combinable_packages/search', query: { page_size: '50' } }],
    ['a combination', (client) => client.combinePackages(SHOP, [{ id: '1', order_ids: ['5', '6'] }]), { method: 'POST', path: '/fulfillment/202309/packages/combine', json: { combinable_packages: [{ id: '1', order_ids: ['5', '6'] }] } }],
    ['its end', (client) => client.uncombinePackage(SHOP, '1', ['5']), { method: 'POST', path: '/fulfillment/202309/packages/1/uncombine', json: { order_ids: ['5'] } }],
    ['webhooks', (client) => client.webhooks(SHOP), { method: 'GET', path: '/event/202309/webhooks' }],
    ['a webhook', (client) => client.subscribeWebhook(SHOP, { event_type: 'PACKAGE_UPDATE', address: 'https://x.example/w' }), { method: 'PUT', path: '/event/202309/webhooks', json: { event_type: 'PACKAGE_UPDATE', address: 'https://x.example/w' } }],
    ['no webhook', (client) => client.unsubscribeWebhook(SHOP, 'PACKAGE_UPDATE'), { method: 'DELETE', path: '/event/202309/webhooks', json: { event_type: 'PACKAGE_UPDATE' } }],
  ])('goes out signed and as documented: %s', async (_name, ask, wire) => {
    const { client, requests } = await shop(done({}));
    await ask(client);
    expect(requests).toMatchObject([{ ...wire, signed: true }]);
    expect(Object.keys(requests[0]!.query).sort()).toEqual([...Object.keys(wire.query ?? {}), ...(requests[0]!.query.page_size ? ['page_size'] : []), 'app_key', 'shop_cipher', 'sign', 'timestamp'].filter((name, index, all) => all.indexOf(name) === index).sort());
  });
});

describe('Products', () => {
  const sku = { id: '2729382476852921560', seller_sku: 'LAMP', price: { currency: 'IDR', tax_exclusive_price: '15000', sale_price: '' }, inventory: [{ warehouse_id: '7', quantity: 3 }], status_info: { status: 'NORMAL' } };

  test('are read from a page and from a detail; one with a price that is none is set aside', async () => {
    const product = { id: PRODUCT, title: 'Lamp', status: 'ACTIVATE', create_time: 1718305585, update_time: 1718305590, audit: { status: 'APPROVED' }, skus: [sku] };
    const { client } = await shop(inTurn(done({ products: [product, { ...product, id: '2', skus: [{ ...sku, price: { currency: 'IDR', sale_price: '1.5' } }] }], total_count: 2 }), done({ ...product, description: '<p>Hi</p>', main_images: [{ urls: ['https://a/1', 'https://a/2'] }], skus: [{ ...sku, price: { ...sku.price, sale_price: '16000' }, sales_attributes: [{ name: 'Colour', value_name: 'Red' }] }] })));
    const read = { id: PRODUCT, title: 'Lamp', status: 'ACTIVATE', audit_status: 'APPROVED', description: null, image_urls: [], create_time_ms: 1_718_305_585_000, update_time_ms: 1_718_305_590_000, detailed: false };
    const readSku = { id: sku.id, seller_sku: 'LAMP', price: { amount: 15_000, currency: 'IDR' }, inventory: sku.inventory, status: 'NORMAL', attributes: [] };
    expect(await client.searchProducts(SHOP, {})).toEqual({
      ok: true,
      value: { items: [{ ...read, skus: [readSku] }], unreadable: [{ id: '2', reason: expect.stringContaining('1.5') }], next_page_token: null, total_count: 2 },
    });
    expect(await client.product(SHOP, PRODUCT)).toEqual({
      ok: true,
      value: { ...read, detailed: true, description: '<p>Hi</p>', image_urls: ['https://a/1'], skus: [{ ...readSku, price: { amount: 16_000, currency: 'IDR' }, attributes: [{ name: 'Colour', value: 'Red' }] }] },
    });
  });

  test('have inventory by SKU and warehouse, ids as digits where they come as numbers', async () => {
    const body = `{"code":0,"message":"Success","data":{"inventory":[{"product_id":1729582718312380123,"skus":[{"id":2729382476852921561,"seller_sku":"","total_available_quantity":12,"total_committed_quantity":2,"warehouse_inventory":[{"warehouse_id":7000714532876273421,"available_quantity":12,"committed_quantity":2}]}]}]}}`;
    const { client } = await shop(answerJson(body));
    expect(await client.inventory(SHOP, { sku_ids: ['2729382476852921561'] })).toEqual({
      ok: true,
      value: [{ product_id: PRODUCT, sku_id: '2729382476852921561', seller_sku: null, available: 12, committed: 2, warehouses: [{ warehouse_id: '7000714532876273421', available: 12, committed: 2 }] }],
    });
  });

  test('whose stock is not said have none: that is no zero', async () => {
    const { client } = await shop(done({ inventory: [{ product_id: '1', skus: [{ id: '2', total_available_quantity: null }] }] }));
    expect(await client.inventory(SHOP, { sku_ids: ['2'] })).toMatchObject({ ok: false, code: 'tiktok_bad_response' });
  });

  test('that were not all changed are told by SKU, by the most telling code', async () => {
    const errors = [
      { code: 12052990, message: 'Some warehouses failed', detail: { sku_id: '1', extra_errors: [{ warehouse_id: '7', code: 12052097, message: 'no such warehouse' }] } },
      { code: 12019024, message: 'stock number invalid', detail: { sku_id: '2' } },
      { code: 99, message: 'new', detail: null },
    ];
    const { client } = await shop(done({ errors }));
    expect(await client.updateInventory(SHOP, PRODUCT, [])).toEqual({
      ok: true,
      value: [
        { id: '1', code: 'shop_warehouse_refused', tiktok_code: 12052990, reason: `TikTok Shop: 12052990, “Some warehouses failed; no such warehouse” (request_id ${REQUEST_ID}).`, retry: 'never' },
        { id: '2', code: 'shop_stock_refused', tiktok_code: 12019024, reason: expect.stringContaining('stock number invalid'), retry: 'never' },
        { id: null, code: 'shop_refused', tiktok_code: 99, reason: expect.any(String), retry: 'never' },
      ],
    });
  });
});

describe('Orders', () => {
  test('are read with every unit once, exact sums and TikTok’s times', async () => {
    const doubled = orderJson() as { line_items: unknown[] };
    doubled.line_items.push(doubled.line_items[0]);
    const { client } = await shop(done({ orders: [doubled, orderJson({ id: '2', status: 'SOMETHING_NEW', payment: null, recipient_address: null, line_items: null, packages: null })] }));
    const result = await client.orders(SHOP, ['576653688135258178', '2', '3']);
    if (!result.ok) throw new Error(result.reason);
    const [order, bare] = result.value.orders;
    expect(order).toMatchObject({
      id: '576653688135258178',
      status: 'AWAITING_SHIPMENT',
      create_time_ms: 1_718_305_585_000,
      cancel_answer_due_ms: null,
      ship_by_ms: 1_718_564_785_000,
      tracking_number: null,
      package_ids: ['1152321127278713123'],
      payment: { currency: 'USD', total: { amount: 3_247, currency: 'USD' }, sub_total: { amount: 2_998, currency: 'USD' }, tax: null, platform_discount: { amount: 0, currency: 'USD' } },
      recipient: { name: 'J***', address_lines: ['TikTok 5800'], districts: [{ level: 'L0', level_name: 'Country', name: 'United States' }] },
    });
    expect(order!.line_items.map(({ id, sale_price }) => [id, sale_price])).toEqual([
      ['577086512123755123', { amount: 1_499, currency: 'USD' }],
      ['577086512123755124', { amount: 1_499, currency: 'USD' }],
    ]);
    expect(bare).toMatchObject({ status: 'SOMETHING_NEW', payment: null, recipient: null, line_items: [], package_ids: [] });
  });

  test('of no ids are none, without a call', async () => {
    const { client, requests } = await shop(done({}));
    expect(await client.orders(SHOP, [])).toEqual({ ok: true, value: { orders: [], unreadable: [] } });
    expect(requests).toEqual([]);
  });

  test('have cancellations in one spelling', async () => {
    const { client } = await shop(inTurn(done({ cancellations: [{ cancel_id: '9', order_id: '1', cancel_status: 'CANCELLATION_REQUEST_CANCELLED', seller_next_action_response: [{ action: 'SELLER_RESPOND_CANCEL', deadline: 1718305585 }], cancel_line_items: [{ order_line_item_id: '3' }] }] }), done({ cancel_id: '9', cancel_status: 'CANCELLATION_REQUEST_SUCCESS' })));
    expect(await client.searchCancellations(SHOP, {})).toMatchObject({ ok: true, value: { items: [{ cancel_id: '9', status: 'CANCELLATION_REQUEST_CANCEL', answer_due_ms: 1_718_305_585_000, order_line_item_ids: ['3'] }] } });
    expect(await client.cancelOrder(SHOP, { order_id: '1', cancel_reason: 'x' })).toEqual({ ok: true, value: { cancel_id: '9', status: 'CANCELLATION_REQUEST_SUCCESS' } });
  });
});

describe('Returns', () => {
  test('are read with their units and an exact refund', async () => {
    const returned = {
      return_id: '4035318504086604100',
      order_id: '1',
      return_status: 'RETURN_OR_REFUND_REQUEST_PENDING',
      return_type: 'RETURN_AND_REFUND',
      role: 'BUYER',
      return_reason: 'ecom_damaged',
      return_reason_text: 'Damaged',
      refund_amount: { currency: 'GBP', refund_total: '12.34' },
      return_line_items: [{ order_line_item_id: '3' }],
      update_time: 1718305590,
    };
    const { client } = await shop(done({ return_orders: [returned, { ...returned, return_id: '2', refund_amount: { currency: 'GBP', refund_total: '12.345' } }] }));
    expect(await client.searchReturns(SHOP, {})).toEqual({
      ok: true,
      value: {
        items: [
          {
            return_id: '4035318504086604100',
            order_id: '1',
            status: 'RETURN_OR_REFUND_REQUEST_PENDING',
            type: 'RETURN_AND_REFUND',
            role: 'BUYER',
            reason: 'ecom_damaged',
            reason_text: 'Damaged',
            order_line_item_ids: ['3'],
            refund: { amount: 1_234, currency: 'GBP' },
            create_time_ms: null,
            update_time_ms: 1_718_305_590_000,
            answer_due_ms: null,
          },
        ],
        unreadable: [{ id: '2', reason: expect.stringContaining('12.345') }],
        next_page_token: null,
        total_count: null,
      },
    });
  });
});

describe('Packages', () => {
  test('have the same id and status, whichever of their names TikTok uses', async () => {
    const { client } = await shop(inTurn(done({ package_id: '1', package_status: 'PROCESSING', orders: [{ id: '5', skus: [{ id: '2', quantity: 3 }] }] }), done({ packages: [{ id: '1', status: 'PROCESSING' }, { status: 'X' }], next_page_token: 'n' })));
    expect(await client.package(SHOP, '1')).toMatchObject({ ok: true, value: { id: '1', status: 'PROCESSING', orders: [{ id: '5', skus: [{ id: '2', name: null, quantity: 3 }] }] } });
    expect(await client.searchPackages(SHOP, {})).toMatchObject({ ok: true, value: { items: [{ id: '1', status: 'PROCESSING' }], unreadable: [{ id: null }], next_page_token: 'n' } });
  });

  test('that were marked say their id and TikTok’s warning; what was shipped says so', async () => {
    const { client } = await shop(inTurn(done({ order_id: '5', package_id: '1', order_line_item_ids: ['2'], warning: { message: 'odd number' } }), refusedWith(21008099, 'shipped')));
    const input = { tracking_number: 'X', shipping_provider_id: '1' };
    expect(await client.markShipped(SHOP, '5', input)).toEqual({ ok: true, value: { package_id: '1', order_line_item_ids: ['2'], warning: 'odd number' } });
    expect(await client.markShipped(SHOP, '5', input)).toMatchObject({ ok: false, code: 'shop_already_shipped', definite: true, retry: 'never' });
  });

  test('are split and combined, failures by package', async () => {
    const failed = { code: 21011031, message: 'no', detail: { package_id: '2' } };
    const { client } = await shop(inTurn(done({ packages: [{ id: '8', splittable_group_id: '2' }, { id: '7', splittable_group_id: '1' }] }), done({ packages: [{ id: '1', order_ids: ['5'] }], errors: [failed] })));
    expect(await client.splitOrder(SHOP, '5', [['1'], ['2']])).toEqual({ ok: true, value: [{ package_id: '8', group: 1 }, { package_id: '7', group: 0 }] });
    expect(await client.combinePackages(SHOP, [])).toMatchObject({ ok: true, value: { packages: [{ id: '1', order_ids: ['5'] }], failed: [{ id: '2', tiktok_code: 21011031 }] } });
  });
});

describe('A label', () => {
  const document = (url: string) => ({ url, tracking_number: null });

  test('is loaded without token and signature', async () => {
    const { client, requests, url } = await shop((response) => void response.writeHead(200, { 'content-type': 'application/pdf' }).end('%PDF-1.7 label'));
    expect(await client.downloadDocument(document(`${url}/label.pdf?k=1`))).toEqual({ ok: true, value: Buffer.from('%PDF-1.7 label') });
    expect(requests[0]).toMatchObject({ path: '/label.pdf', query: { k: '1' } });
    expect(requests[0]!.headers['x-tts-access-token']).toBeUndefined();
  });

  test.each<[string, ShopAnswer, object]>([
    ['gone', (response) => void response.writeHead(403).end(), { definite: true }],
    ['no PDF', (response) => void response.end('<html>'), { code: 'tiktok_bad_response' }],
    ['too large', (response) => void response.end(Buffer.alloc(21 * 1024 * 1024)), { code: 'tiktok_bad_response' }],
    ['elsewhere', (response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(), { code: 'tiktok_bad_response' }],
  ])('that is %s is none', async (_name, answer, failure) => {
    const { client, url } = await shop(answer);
    expect(await client.downloadDocument(document(`${url}/label.pdf`))).toMatchObject({ ok: false, ...failure });
  });

  const api = new URL('https://open-api.tiktokglobalshop.com');
  test.each(['https://open-fs-va.tiktokshop.com/wsos_v2/x', 'https://p16-oec-va.ibyteimg.com/a.pdf', 'https://tiktokshop.com/'])('of TikTok’s is taken: %s', (url) => {
    expect(isDocumentUrl(new URL(url), api)).toBe(true);
  });
  test.each([
    'http://open-fs-va.tiktokshop.com/x',
    'https://open-fs-va.tiktokshop.com:8443/x',
    'https://user@open-fs-va.tiktokshop.com/x',
    'https://eviltiktokshop.com/x',
    'https://tiktokshop.com.evil.example/x',
    'https://127.0.0.1/x',
    'http://localhost/x',
    'http://[::1]/x',
    'http://169.254.169.254/x',
    'https://10.0.0.1/x',
    'file:///etc/passwd',
  ])('of somebody else’s is not asked for: %s', async (url) => {
    expect(isDocumentUrl(new URL(url), api)).toBe(false);
  });
  test('of this machine is taken only where the API is there too', () => {
    expect(isDocumentUrl(new URL('http://127.0.0.1:99/x'), new URL('http://localhost:8099'))).toBe(true);
    expect(isDocumentUrl(new URL('ftp://127.0.0.1:99/x'), new URL('http://localhost:8099'))).toBe(false);
  });
});
