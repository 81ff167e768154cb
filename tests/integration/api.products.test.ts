import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { storeProducts } from '../../db/product.repository.ts';
import { addJobErrors, finishJob, progressJob } from '../../db/job.repository.ts';
import type { ReadShopInput } from '../../domain/contracts/channel.ts';
import type { ShopProduct } from '../../domain/contracts/shop-api.ts';
import { canonicalProduct } from '../../domain/shop/product-content.ts';
import { seedBareChannel, shopProduct, shopSku } from '../helpers/products.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Listed {
  items: { product_id: string; channel_uid: string; skus: { sku_id: string; available: number | null }[] }[];
  next_cursor: string | null;
}
interface Faults {
  code: string;
  detail: string;
  errors: { field: string }[];
}
interface Changed {
  job_id: string;
  job: { id: string; state: string };
  results: { id: string; ok: boolean; code: string | null }[];
}

describe('The API of products', () => {
  let api: TestApi;
  let owner: Person;
  let stranger: Person;
  let channel_uid: string;
  const paths = { one: '1729000000000000001', two: '1729000000000000002' };
  const store = (channel_id: string, person: Person, products: ShopProduct[]) =>
    storeProducts(api.database.db, { channel_id, workspace_id: person.workspace_id, shop_id: 's' }, products.map((product) => ({ product, fingerprint: canonicalProduct(product), seen_ms: Date.now() })), { publishes: false, now: new Date() });
  const get = <T = Listed>(path: string, person = owner) => api.call<T>('GET', path, { token: person.token });
  const post = <T = Changed>(path: string, body: unknown, person = owner) => api.call<T>('POST', path, { token: person.token, body });

  beforeAll(async () => {
    api = await createTestApi();
    [owner, stranger] = [await api.person(), await api.person()];
    channel_uid = await seedBareChannel(api.database.db, owner.workspace_id);
    await store(channel_uid, owner, [
      shopProduct(paths.one, { title: '100% Lamp', skus: [shopSku('171', { inventory: [{ warehouse_id: 'w1', quantity: 2 }] })] }),
      shopProduct(paths.two, { title: 'Chair', status: 'DRAFT', skus: [shopSku('181', { seller_sku: 'CHAIR-1' })] }),
      shopProduct('1729000000000000003', { title: 'Gone', status: 'DELETED' }),
    ]);
  });
  afterAll(() => api.close());
  beforeEach(() => {
    api.temporal.calls.length = 0;
    api.temporal.answers.awaitJob = true;
  });

  test.each([
    ['', [paths.one, paths.two]],
    ['?q=lamp', [paths.one]],
    ['?q=100%25', [paths.one]],
    ['?q=%25%25', []],
    ['?q=chair-1', [paths.two]],
    ['?q=181', [paths.two]],
    ['?status=DRAFT,FREEZE', [paths.two]],
    ['?seller_sku=CHAIR-1', [paths.two]],
    ['?low_stock=true', [paths.one]],
    ['?low_stock=false', [paths.two]],
    ['?removed=true', ['1729000000000000003']],
  ])('lists our copy: /products%s', async (query, ids) => {
    const { status, body } = await get(`/products${query}`);
    expect(status).toBe(200);
    expect(body.items.map(({ product_id }) => product_id)).toEqual(ids);
  });

  test('pages by cursor, and shows another workspace nothing', async () => {
    const first = await get('/products?limit=1');
    const second = await get(`/products?limit=1&cursor=${first.body.next_cursor}`);
    expect([...first.body.items, ...second.body.items].map(({ product_id }) => product_id)).toEqual([paths.one, paths.two]);
    expect(second.body.next_cursor).toBeNull();
    expect((await get('/products', stranger)).body.items).toEqual([]);
    for (const path of [`/products/${paths.one}?channel_uid=${channel_uid}`, `/products/all?channel_uid=${channel_uid}`, `/products/fetch-all?channel_uid=${channel_uid}`]) expect((await get(path, stranger)).status).toBe(404);
    expect((await post('/products/activate', { channel_uid, product_ids: [paths.one] }, stranger)).status).toBe(404);
    expect((await post(`/products/${paths.one}/prices/update?channel_uid=${channel_uid}`, { skus: [{ sku_id: '171', price: { amount: 1, currency: 'GBP' } }] }, stranger)).status).toBe(404);
    expect(api.temporal.calls).toEqual([]);
  });

  test('shows a product of ours, and asks TikTok where it is not here or where it is told to', async () => {
    const ours = await get<{ source: string; skus: { available: number }[] }>(`/products/${paths.one}?channel_uid=${channel_uid}`);
    expect(ours.body).toMatchObject({ source: 'ours', skus: [{ available: 2, reserved: 0, on_hand: null, committed: null }] });
    const asked: string[] = [];
    api.temporal.onReadShop = async ({ read_id }: ReadShopInput) => {
      asked.push(read_id);
      const answer = { ok: true, value: shopProduct(paths.one, { title: 'Fresh', description: '<p>', detailed: true }) };
      await api.database.db.updateTable('shop_reads').set({ answer: JSON.stringify(answer) }).where('id', '=', read_id).execute();
    };
    expect((await get(`/products/1729000000000000009?channel_uid=${channel_uid}`)).body).toMatchObject({ source: 'tiktok', title: 'Fresh', synced_at: null });
    expect((await get(`/products/${paths.one}?channel_uid=${channel_uid}&source=tiktok`)).body).toMatchObject({ source: 'tiktok', title: 'Fresh' });
    expect(asked).toHaveLength(2);
    expect((await get(`/products/1729000000000000009?channel_uid=${channel_uid}&source=ours`)).status).toBe(404);
  });

  test('starts one sync, whoever asks, and says where it is shown', async () => {
    const [first, second] = [await get<Changed>(`/products/fetch-all?channel_uid=${channel_uid}`), await post(`/products/fetch-all?channel_uid=${channel_uid}`, undefined)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.job_id).toBe(first.body.job_id);
    expect(first.headers.get('location')).toBe(`/jobs/${first.body.job_id}`);
    expect(api.temporal.calls.map(({ name, args }) => [name, args[0]])).toContainEqual(['startJob', 'product_sync']);
    expect((await get<{ state: string }>(`/jobs/${first.body.job_id}`)).body.state).toBe('queued');
    expect((await get(`/jobs/${first.body.job_id}`, stranger)).status).toBe(404);
    expect((await get('/jobs', stranger)).body.items).toEqual([]);
  });

  test('answers with what came of each product where the job ends in time, else with the job', async () => {
    const { db } = api.database;
    api.temporal.answers.awaitJob = false;
    const late = await post('/products/deactivate', { channel_uid, product_ids: [paths.one] });
    expect([late.status, late.body.job.state]).toEqual([202, 'queued']);
    const { shop } = api.temporal;
    const { awaitJob } = shop;
    shop.awaitJob = async (id) => {
      await addJobErrors(db, id, [{ id: paths.two, code: 'shop_product_state', reason: 'TikTok 12052901' }]);
      await progressJob(db, id, { done: 1, failed: 1, calls: 1 });
      await finishJob(db, id, { state: 'partly_failed' });
      return true;
    };
    const done = await post('/products/activate', { channel_uid, product_ids: [paths.one, paths.two] });
    shop.awaitJob = awaitJob;
    expect(done.status).toBe(200);
    expect(done.body.results).toEqual([{ id: paths.one, ok: true, code: null, reason: null }, { id: paths.two, ok: false, code: 'shop_product_state', reason: 'TikTok 12052901' }]);
  });

  test.each([
    ['/products/activate', () => ({ channel_uid, product_ids: [] }), 'product_ids'],
    ['/products/activate', () => ({ channel_uid, product_ids: ['1', '1'] }), 'product_ids'],
    ['/products/activate', () => ({ channel_uid, product_ids: Array.from({ length: 201 }, (_, n) => String(n)) }), 'product_ids'],
    ['/products/activate', () => ({ channel_uid, product_ids: ['x'] }), 'product_ids.0'],
    ['prices', () => ({ skus: [{ sku_id: '171', price: { amount: 1.5, currency: 'GBP' } }] }), 'skus.0.price.amount'],
    ['prices', () => ({ skus: [{ sku_id: '171', price: { amount: 0, currency: 'GBP' } }] }), 'skus.0.price.amount'],
    ['prices', () => ({ skus: [{ sku_id: '171', price: { amount: 1, currency: 'gbp' } }] }), 'skus.0.price.currency'],
    ['prices', () => ({ skus: [{ sku_id: '181', price: { amount: 1, currency: 'GBP' } }] }), 'skus.0.sku_id'],
  ])('names the fault before anything is kept: %s %#', async (path, body, field) => {
    const before = await api.database.db.selectFrom('jobs').select('id').execute();
    const { status, body: problem } = await post<Faults>(path === 'prices' ? `/products/${paths.one}/prices/update?channel_uid=${channel_uid}` : path, body());
    expect(status).toBe(422);
    expect(problem.errors.map((fault) => fault.field)).toContain(field);
    expect(await api.database.db.selectFrom('jobs').select('id').execute()).toEqual(before);
  });

  test('sales may change products, social marketing, members and the warehouse may only look', async () => {
    for (const role of ['member', 'social_marketing', 'warehouse', 'sales'] as const) {
      const person = await api.person(role, owner.workspace_id);
      expect((await get('/products', person)).status).toBe(200);
      const { status } = await get(`/products/fetch-all?channel_uid=${channel_uid}`, person);
      expect([role, status]).toEqual([role, role === 'sales' ? 202 : 403]);
    }
  });

  test('asks nothing of TikTok for a paused channel', async () => {
    const paused = await seedBareChannel(api.database.db, owner.workspace_id, { state: 'paused' });
    const { status, body } = await get<Faults>(`/products/fetch-all?channel_uid=${paused}`);
    expect([status, body.code]).toEqual([409, 'shop_channel_paused']);
  });
});
