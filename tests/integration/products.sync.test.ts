import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createJob } from '../../db/job.repository.ts';
import type { ShopProduct } from '../../domain/contracts/shop-api.ts';
import type { ChangedProducts, ChangedProductsInput } from '../../activities/shop/products/sync-products.activities.ts';
import type { ShopClient } from '../../tiktok/shop/index.ts';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eventually } from '../helpers/eventually.ts';
import { callsTo, endedJob, productActivities, productMessages, productRows, shopProduct, startSync } from '../helpers/products.ts';
import { UK } from '../helpers/shop-sandbox.ts';
import { createShopWorld, type ShopWorld } from '../helpers/shop-world.ts';

const SEARCH = '/product/202502/products/search';
const DETAIL = '/product/202309/products/{product_id}';

describe('A sync of all products', () => {
  let world: ShopWorld;
  /** Changes what TikTok gives, product by product. */
  let change: (product: ShopProduct) => ShopProduct | null = (product) => product;
  let unreadable: string[] = [];
  let pages: (string | null)[] = [];
  const around = (real: ShopClient): ShopClient => ({
    ...real,
    async searchProducts(...args) {
      pages.push(args[1].page_token ?? null);
      const found = await real.searchProducts(...args);
      if (!found.ok) return found;
      const items = found.value.items.flatMap((product) => change(product) ?? []);
      return { ok: true, value: { ...found.value, items, unreadable: unreadable.map((id) => ({ id, reason: 'title: expected string' })) } };
    },
  });
  const search = () => callsTo(world, SEARCH);
  let worker: { stop(): Promise<void> };

  beforeAll(async () => {
    world = await createShopWorld({ around });
    const { total } = await world.sandbox.control('GET', `/products?shop_id=${world.sandbox.shopId(UK)}`);
    await world.sandbox.control('POST', '/products', { shop_id: world.sandbox.shopId(UK), count: 250 - total, skus: 1 });
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    change = (each) => each;
    unreadable = [];
    pages = [];
    await world.db.deleteFrom('shop_products').execute();
    await world.db.deleteFrom('shop_skus').execute();
    await world.db.deleteFrom('shop_outbox').execute();
    await world.db.deleteFrom('shop_set_aside').execute();
    await world.sandbox.control('DELETE', '/faults');
    worker = await world.worker(productActivities(world));
  });
  afterEach(() => worker.stop());

  test('takes 250 products in three calls, tells each once, and nothing the second time', async () => {
    const before = await search();
    const job = await endedJob(world, await startSync(world));
    expect(job).toMatchObject({ state: 'succeeded', total: 250, done: 250, failed: 0, calls: 3, errors: [], page_token: null });
    expect((await search()) - before).toBe(3);
    expect(await callsTo(world, DETAIL)).toBe(0);
    const rows = await productRows(world);
    expect(rows).toHaveLength(250);
    const messages = await productMessages(world.db);
    const deleted = rows.filter(({ status }) => status === 'DELETED');
    expect(deleted.every(({ removed_at }) => removed_at !== null)).toBe(true);
    expect(messages).toHaveLength(250 - deleted.length);
    expect(messages.every(({ change: kind, sequence }) => kind === 'created' && sequence === 1)).toBe(true);
    const sku = await world.db.selectFrom('shop_skus').selectAll().where('sku_id', '=', rows[0]!.data.skus[0]!.id).executeTakeFirstOrThrow();
    expect(sku).toMatchObject({ product_id: rows[0]!.product_id, available: rows[0]!.data.skus[0]!.inventory.reduce((sum, { quantity }) => sum + quantity, 0), committed: null, on_hand: null, reserved: 0 });

    expect((await endedJob(world, await startSync(world))).state).toBe('succeeded');
    expect(await productMessages(world.db)).toHaveLength(messages.length);
  });

  test('goes on at the same page where the access token ends in the middle', async () => {
    const before = await search();
    await world.sandbox.fault({ path: SEARCH, skip: 1, answer: { status: 401, code: 105002, message: 'Expired credentials.' } });
    const job = await endedJob(world, await startSync(world));
    expect(job).toMatchObject({ state: 'succeeded', calls: 4 });
    expect((await search()) - before).toBe(4);
    expect(await productRows(world)).toHaveLength(job.total!);
  });

  test('begins anew where TikTok has forgotten the page, without doubles', async () => {
    await world.sandbox.fault({ path: SEARCH, skip: 2, answer: { status: 200, code: 12019108, message: 'The page_token is invalid.' } });
    const job = await endedJob(world, await startSync(world));
    expect(job).toMatchObject({ state: 'succeeded', done: job.total, failed: 0, calls: 6 });
    const messages = await productMessages(world.db);
    expect(new Set(messages.map(({ product: { product_id } }) => product_id)).size).toBe(messages.length);
  });

  test('waits where TikTok says 429, and goes on at the same page', async () => {
    await world.sandbox.fault({ path: SEARCH, skip: 1, times: 3, answer: { status: 429, code: 36009002, message: 'Too many requests.', retry_after_s: 1 } });
    const job = await endedJob(world, await startSync(world), 60_000);
    expect(job).toMatchObject({ state: 'succeeded', done: job.total });
    expect(job.calls).toBeLessThanOrEqual(6);
  });

  test('sets aside what can not be read or stored, and takes all others', async () => {
    const [first] = (await world.sandbox.control('GET', `/products?shop_id=${world.sandbox.shopId(UK)}`)).products;
    change = (each) => (each.id === first.id ? { ...each, skus: each.skus.map((sku) => ({ ...sku, price: { amount: 1e20, currency: 'GBP' } })) } : each);
    unreadable = ['1729999999999999999'];
    const job = await endedJob(world, await startSync(world));
    expect(job.state).toBe('partly_failed');
    expect(job.errors.map(({ id, code }) => [id, code])).toEqual(expect.arrayContaining([[first.id, 'shop_product_unstorable'], ['1729999999999999999', 'tiktok_bad_response']]));
    expect((await productRows(world)).map(({ product_id }) => product_id)).not.toContain(first.id);
    expect(await productRows(world)).toHaveLength(job.done);

    change = (each) => each;
    unreadable = [];
    await endedJob(world, await startSync(world));
    expect((await world.db.selectFrom('shop_set_aside').select('entity_id').execute()).map(({ entity_id }) => entity_id)).toEqual(['1729999999999999999']);
  });

  test('goes on at its page in another worker', async () => {
    await world.sandbox.fault({ path: SEARCH, skip: 1, times: 1, delay_ms: 4_000 });
    const id = await startSync(world);
    await eventually(async () => ((await world.db.selectFrom('jobs').select('done').where('id', '=', id).executeTakeFirstOrThrow()).done === 100) && pages.length === 2);
    await worker.stop();
    worker = await world.worker(productActivities(world));
    const job = await endedJob(world, id, 60_000);
    expect(job).toMatchObject({ state: 'succeeded', done: job.total });
    // The page that the first worker waited for is asked for again; the first page is not.
    expect(pages.filter((page) => page === null)).toHaveLength(1);
    expect(pages).toHaveLength(4);
  });

  test('marks what TikTok has no more, and tells it once', async () => {
    await endedJob(world, await startSync(world));
    const gone = await world.db.selectFrom('shop_products').selectAll().where('removed_at', 'is', null).limit(1).executeTakeFirstOrThrow();
    await world.db.insertInto('shop_products').values({ ...shopRow(world, '1720000000000000001', gone.data) }).execute();
    await world.db.insertInto('shop_skus').values({ channel_id: world.uk.channel_id, workspace_id: world.workspace_id, sku_id: '1720000000000000002', product_id: '1720000000000000001', warehouses: '[]' }).execute();
    const told = (await productMessages(world.db)).length;
    const job = await endedJob(world, await startSync(world));
    expect(job.state).toBe('succeeded');
    const rows = await productRows(world);
    expect(rows.find(({ product_id }) => product_id === '1720000000000000001')?.removed_at).not.toBeNull();
    const sku = await world.db.selectFrom('shop_skus').select('removed_at').where('sku_id', '=', '1720000000000000002').executeTakeFirstOrThrow();
    expect(sku.removed_at).not.toBeNull();
    await endedJob(world, await startSync(world));
    const messages = (await productMessages(world.db)).slice(told);
    expect(messages.map(({ change: kind, product: { product_id } }) => [kind, product_id])).toEqual([['removed', '1720000000000000001']]);
  });

  test('says why where the channel is paused, and asks TikTok for nothing', async () => {
    await world.db.updateTable('channels').set({ state: 'paused', state_reason: 'the seller ended it' }).where('id', '=', world.uk.channel_id).execute();
    const before = await search();
    const job = await endedJob(world, await startSync(world));
    await world.db.updateTable('channels').set({ state: 'active' }).where('id', '=', world.uk.channel_id).execute();
    expect(job).toMatchObject({ state: 'failed', state_code: 'shop_channel_paused', done: 0, calls: 0 });
    expect(await search()).toBe(before);
  });

  test('is started by the sweep where nobody could start it', async () => {
    const id = await createJob(world.db, { workspace_id: world.workspace_id, channel_id: world.uk.channel_id, kind: 'product_sync', params: { kind: 'product_sync' }, created_by: null });
    const { sweepJobs } = productActivities(world);
    expect(await new MockActivityEnvironment().run(sweepJobs)).toBe(1);
    expect((await endedJob(world, id)).state).toBe('succeeded');
  });

  test('of what changed takes only that, and counts what webhooks had missed', async () => {
    await endedJob(world, await startSync(world));
    await world.db.updateTable('channels').set({ connected_at: new Date(0) }).where('id', '=', world.uk.channel_id).execute();
    const [row] = await world.db.selectFrom('shop_products').selectAll().where('status', '=', 'ACTIVATE').limit(1).execute();
    const from_ms = Date.now() - 1_000;
    await world.sandbox.control('POST', `/products/${row!.product_id}/status`, { status: 'SELLER_DEACTIVATED' });
    const { syncChangedProducts } = productActivities(world);
    const sync = (over: Partial<ChangedProductsInput> = {}) =>
      new MockActivityEnvironment().run(syncChangedProducts, { channel_id: world.uk.channel_id, workspace_id: world.workspace_id, from_ms, to_ms: Date.now() + 2_000, missed_after_ms: -5_000, ...over }) as Promise<ChangedProducts>;
    const told = (await productMessages(world.db)).length;
    const found = await sync();
    expect(found).toMatchObject({ changed: 1, missed: 1, calls: 1, failed: 0 });
    expect((await productMessages(world.db)).slice(told).map(({ change: kind, sequence, product: { status } }) => [kind, sequence, status])).toEqual([['status', 2, 'SELLER_DEACTIVATED']]);
    expect(await sync()).toMatchObject({ changed: 0, missed: 0 });
  });
});

const shopRow = (world: ShopWorld, product_id: string, data: ShopProduct) => ({
  channel_id: world.uk.channel_id,
  workspace_id: world.workspace_id,
  product_id,
  title: 'Gone',
  status: 'ACTIVATE',
  data: JSON.stringify({ ...shopProduct(product_id), skus: data.skus.slice(0, 0) }),
  fingerprint: 'x',
  sequence: 1,
});
