import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { INDONESIA, ShopSandbox, UK } from '../helpers/shop-sandbox.ts';

const SEARCH = '/product/202502/products/search';
const INVENTORY = '/product/202309/inventory/search';

let tiktok: ShopSandbox;
beforeAll(async () => {
  tiktok = await ShopSandbox.start();
});
beforeEach(() => tiktok.reset());
afterAll(() => tiktok.close());

const search = (query: Record<string, string>, body: object = {}, shop = UK) => tiktok.post(SEARCH, body, { query: { page_size: '100', ...query }, shop });
const newProduct = async (input: object = {}, shop = UK) => (await tiktok.control('POST', '/products', { shop_id: tiktok.shopId(shop), ...input })).products[0];
const update = (productId: string, skus: object[], shop = UK) => tiktok.post(`/product/202309/products/${productId}/inventory/update`, { skus }, { shop });
const stock = (skuId: string) => tiktok.control('GET', `/stock/${skuId}`);
const seen = async (productId: string) => (await tiktok.call(`/product/202309/products/${productId}`)).data;

describe('search', () => {
  test('about forty products in every status, the same in every sandbox, with ids that a number would lose', async () => {
    const { data } = await search({});
    expect(data.total_count).toBe(40);
    expect(new Set(data.products.map(({ status }: { status: string }) => status)).size).toBe(8);
    const ids = data.products.flatMap(({ skus }: { skus: { id: string }[] }) => skus.map(({ id }) => id));
    expect(ids.every((id: string) => /^\d{19}$/.test(id))).toBe(true);
    expect(new Set(ids.map(Number)).size).toBeLessThan(new Set(ids).size);
    const other = await ShopSandbox.start();
    expect((await other.post(SEARCH, {}, { query: { page_size: '100' } })).data.products.map(({ id }: { id: string }) => id)).toEqual(data.products.map(({ id }: { id: string }) => id));
    await other.close();
  });

  test('pages by opaque tokens with / + =, each good for its own search alone, until it expires', async () => {
    const first = await search({ page_size: '15' });
    const token = first.data.next_page_token;
    expect(token).toMatch(/^(?=.*\/)(?=.*\+).*=$/);
    const second = await search({ page_size: '15', page_token: token });
    const third = await search({ page_size: '15', page_token: second.data.next_page_token });
    expect(third.data.next_page_token).toBe('');
    const all = [first, second, third].flatMap(({ data }) => data.products.map(({ id }: { id: string }) => id));
    expect(new Set(all).size).toBe(40);
    expect((await search({ page_size: '15', page_token: token })).data.products).toEqual(second.data.products);
    expect(await search({ page_token: token }, { status: 'ACTIVATE' })).toMatchObject({ code: 12019108 });
    expect(await search({ page_token: token }, {}, INDONESIA)).toMatchObject({ code: 12019108 });
    await tiktok.settings({ paging: { empty_token: false } });
    expect('next_page_token' in (await search({})).data).toBe(false);
    await tiktok.control('POST', '/page-tokens/expire');
    expect(await search({ page_token: token })).toMatchObject({ status: 200, code: 12019108, data: null });
  });

  test('filters; more than 10,000 hits are refused', async () => {
    const { data } = await search({}, { status: 'FREEZE' });
    expect(data.products.map(({ status }: { status: string }) => status)).toEqual(['FREEZE']);
    const [sku] = data.products[0].skus;
    expect((await search({}, { sku_ids: [sku.id] })).data.total_count).toBe(1);
    expect((await search({}, { seller_skus: [sku.seller_sku] })).data.total_count).toBe(1);
    expect(await search({}, { sku_ids: Array.from({ length: 11 }, () => 'x') })).toMatchObject({ code: 12019087 });
    await tiktok.control('POST', '/products', { shop_id: tiktok.shopId(UK), count: 10_000, status: 'DRAFT' });
    expect(await search({})).toMatchObject({ code: 12052180 });
    expect((await search({}, { status: 'ACTIVATE' })).data.total_count).toBe(33);
  });
});

describe('stock', () => {
  test('a quantity is absolute, and all warehouses of a SKU belong to it', async () => {
    const { id, skus } = await newProduct({ warehouses: 2, quantity: 10 });
    const [main, second] = Object.keys(skus[0].stock);
    const at = (warehouse_id: string | undefined, quantity: number) => ({ warehouse_id, quantity });
    const cases: [object[], number][] = [
      [[at(main, 3)], 12019028],
      [[at(main, 3), at('731', 1)], 12052097],
      [[at(main, 3), at(undefined, 1)], 12052096],
      [[at(main, 3), at(main, 1)], 12052533],
      [[at(main, -1), at(second, 1)], 12019024],
      [[at(main, 1.5), at(second, 1)], 12019024],
      [[at(main, 1_000_000), at(second, 1)], 12052055],
      [[], 12019022],
    ];
    for (const [inventory, code] of cases) {
      const answer = await update(id, [{ id: skus[0].id, inventory }]);
      expect(answer).toMatchObject({ status: 200, code: 0, data: { errors: [{ code: 12052990, detail: { sku_id: skus[0].id, extra_errors: [{ code }] } }] } });
    }
    expect(await stock(skus[0].id)).toMatchObject({ available: 20, update_count: 0 });
    expect(await update(id, [{ id: skus[0].id, inventory: [at(main, 3), at(second, 0)] }])).toMatchObject({ code: 0, data: {} });
    const { data } = await tiktok.post(INVENTORY, { sku_ids: [skus[0].id, 'unknown'] });
    expect(data.inventory).toEqual([
      {
        product_id: id,
        skus: [
          expect.objectContaining({
            id: skus[0].id,
            total_available_quantity: 3,
            total_committed_quantity: 0,
            warehouse_inventory: [{ warehouse_id: main, available_quantity: 3, committed_quantity: 0 }, { warehouse_id: second, available_quantity: 0, committed_quantity: 0 }],
          }),
        ],
      },
    ]);
  });

  test('what fails is named by SKU, the rest is done; the whole call fails for a wrong product', async () => {
    const { id, skus } = await newProduct({ skus: 2 });
    const answer = await update(id, [{ id: skus[0].id, inventory: [{ quantity: 7 }] }, { id: '404', inventory: [{ quantity: 7 }] }]);
    expect(answer).toMatchObject({ code: 0, data: { errors: [{ detail: { sku_id: '404', extra_errors: [{ code: 12052556 }] } }] } });
    expect(await stock(skus[0].id)).toMatchObject({ available: 7, updates: [{ was: 100, quantity: 7 }] });
    expect(await update(id, [], UK)).toMatchObject({ code: 12052902 });
    expect(await update(id, [{ id: skus[0].id, inventory: [] }, { id: skus[0].id, inventory: [] }])).toMatchObject({ code: 12052553 });
    expect(await update(id, [{ id: skus[0].id, inventory: [{ quantity: 1 }] }], INDONESIA)).toMatchObject({ code: 12052048 });
    expect(await update('404', [{ id: '1', inventory: [] }])).toMatchObject({ code: 12052260 });
    await tiktok.control('POST', `/products/${id}/status`, { status: 'FREEZE' });
    expect(await update(id, [{ id: skus[0].id, inventory: [{ quantity: 1 }] }])).toMatchObject({ code: 12052901 });
  });

  test('two hundred buyers at once never get more than there is, and the ledger knows of each', async () => {
    const { skus } = await newProduct({ quantity: 50 });
    const { bought, refused, order_ids } = await tiktok.control('POST', '/buy', { sku_id: skus[0].id, buyers: 200, spread_ms: 50 });
    expect([bought, refused, new Set(order_ids).size]).toEqual([50, 150, 50]);
    expect(await stock(skus[0].id)).toMatchObject({ available: 0, committed: 50, sold: 50, refused: 150, in_orders: 50 });
    await tiktok.control('POST', `/orders/${order_ids[0]}/cancel`);
    expect(await stock(skus[0].id)).toMatchObject({ available: 1, committed: 49, in_orders: 49 });
    await tiktok.control('POST', `/orders/${order_ids[1]}/ship`);
    expect(await stock(skus[0].id)).toMatchObject({ available: 1, committed: 48, shipped: 1, in_orders: 49 });
  });
});

test('a price changes for ACTIVATE products outside of promotions, in the shop’s currency', async () => {
  const { id, skus } = await newProduct({ skus: 2 });
  const price = (amount: string, currency = 'GBP') => tiktok.post(`/product/202309/products/${id}/prices/update`, { skus: [{ id: skus[0].id, price: { amount, currency } }] });
  expect(await price('24.5')).toMatchObject({ code: 0, data: {} });
  expect((await seen(id)).skus.map((sku: { price: { tax_exclusive_price: string } }) => sku.price.tax_exclusive_price)).toEqual(['24.50', '20.90']);
  expect((await price('1.999')).code).toBe(12052012);
  expect((await price('6000')).code).toBe(12052570);
  expect((await price('10', 'USD')).code).toBe(12052084);
  const idr = await newProduct({ price: 49_000 }, INDONESIA);
  const inRupiah = (amount: string) => tiktok.post(`/product/202309/products/${idr.id}/prices/update`, { skus: [{ id: idr.skus[0].id, price: { amount, currency: 'IDR' } }] }, { shop: INDONESIA });
  expect((await inRupiah('50000.50')).code).toBe(12052012);
  expect((await inRupiah('50000')).code).toBe(0);
  const promoted = await newProduct({ promoted: true });
  expect((await tiktok.post(`/product/202309/products/${promoted.id}/prices/update`, { skus: [{ id: promoted.skus[0].id, price: { amount: '1', currency: 'GBP' } }] })).code).toBe(12052038);
});

test('deactivated, and live again only after an audit', async () => {
  const { id } = await newProduct();
  const call = (what: string, product_ids: string[]) => tiktok.post(`/product/202309/products/${what}`, { product_ids });
  expect((await call('activate', [id])).data.errors).toEqual([expect.objectContaining({ code: 12052901, detail: { product_id: id, extra_errors: [] } })]);
  expect(await call('deactivate', [id, '404'])).toMatchObject({ code: 0, data: { errors: [{ code: 12052032, detail: { product_id: '404' } }] } });
  expect(await seen(id)).toMatchObject({ status: 'SELLER_DEACTIVATED' });
  expect((await call('activate', [id])).code).toBe(0);
  expect(await seen(id)).toMatchObject({ status: 'PENDING', audit: { status: 'AUDITING' } });
  await tiktok.advance(2_000);
  expect(await seen(id)).toMatchObject({ status: 'ACTIVATE', audit: { status: 'APPROVED' } });
  expect((await call('deactivate', Array.from({ length: 21 }, () => id))).code).toBe(12019120);
  const deleted = await newProduct({ status: 'DELETED' });
  expect((await tiktok.call(`/product/202309/products/${deleted.id}`)).code).toBe(12052901);
});
