import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createJob, type JobRow } from '../../db/job.repository.ts';
import type { JobParams } from '../../domain/contracts/shop-job.ts';
import { refreshProductsWorkflowId } from '../../domain/names.ts';
import { eventually } from '../helpers/eventually.ts';
import { callsTo, endedJob, productActivities, productMessages, productRows, runJob } from '../helpers/products.ts';
import { UK } from '../helpers/shop-sandbox.ts';
import { createShopWorld, type ShopWorld } from '../helpers/shop-world.ts';

const DETAIL = '/product/202309/products/{product_id}';
const DEACTIVATE = '/product/202309/products/deactivate';

interface SandboxProduct {
  id: string;
  status: string;
  skus: { id: string }[];
}

describe('Products', () => {
  let world: ShopWorld;
  beforeAll(async () => {
    world = await createShopWorld();
    await world.worker(productActivities(world));
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.sandbox.control('DELETE', '/faults');
    await world.db.deleteFrom('shop_products').execute();
    await world.db.deleteFrom('shop_skus').execute();
    await world.db.deleteFrom('shop_outbox').execute();
  });
  const make = async (count: number, over: object = {}): Promise<SandboxProduct[]> =>
    (await world.sandbox.control('POST', '/products', { shop_id: world.sandbox.shopId(UK), count, skus: 2, status: 'ACTIVATE', ...over })).products;
  async function update(params: JobParams): Promise<JobRow> {
    const { channel_id, workspace_id } = world.uk;
    const job_id = await createJob(world.db, { workspace_id, channel_id, kind: 'product_update', params, created_by: null });
    await runJob(world, 'updateProducts', { job_id, workspace_id, channel_id });
    return endedJob(world, job_id, 60_000);
  }
  const statuses = async (ids: readonly string[]) => (await productRows(world)).filter(({ product_id }) => ids.includes(product_id)).map(({ status }) => status);

  describe('that change at TikTok', () => {
    const refresh = (ids: string[]) => world.workflows.productsChanged(world.uk, ids);
    const idle = () => world.client.workflow.getHandle(refreshProductsWorkflowId(world.uk.channel_id)).result();

    test('are read once for all that was said of them meanwhile, and told once', async () => {
      const [product] = await make(1);
      const before = await callsTo(world, DETAIL);
      await Promise.all(Array.from({ length: 5 }, () => refresh([product!.id])));
      await idle();
      expect((await callsTo(world, DETAIL)) - before).toBe(1);
      const [row] = await productRows(world);
      expect(row).toMatchObject({ product_id: product!.id, sequence: 1, data: { detailed: true, description: expect.stringContaining('<p>') } });
      expect(row!.detailed_at).not.toBeNull();
      await refresh([product!.id]);
      await idle();
      expect(await productMessages(world.db)).toHaveLength(1);
    });

    test('and are there no more are removed, deleted ones and unknown ones, each told once', async () => {
      const products = await make(2);
      const ids = products.map(({ id }) => id);
      await refresh(ids);
      await idle();
      await world.sandbox.control('POST', `/products/${ids[0]}/status`, { status: 'DELETED' });
      await world.sandbox.control('POST', `/products/${ids[1]}/status`, { status: 'FREEZE' });
      await refresh([...ids, '1729999999999999991']);
      await idle();
      const rows = await productRows(world);
      expect(rows.map(({ product_id, status, removed_at }) => [product_id, status, removed_at !== null])).toEqual([
        [ids[0], 'DELETED', true],
        [ids[1], 'FREEZE', false],
      ].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
      await refresh(ids);
      await idle();
      expect((await productMessages(world.db)).filter(({ sequence }) => sequence > 1).map(({ change, product: { product_id } }) => [product_id, change]).sort()).toEqual([[ids[0], 'removed'], [ids[1], 'status']].sort());
    });

    test('are read when TikTok is there again', async () => {
      const [product] = await make(1);
      await world.sandbox.fault({ path: DETAIL, times: 2, answer: { status: 500 } });
      await refresh([product!.id]);
      await idle();
      expect(await productRows(world)).toHaveLength(1);
    });

    test('of a paused channel are not asked for', async () => {
      const [product] = await make(1);
      await world.db.updateTable('channels').set({ state: 'paused' }).where('id', '=', world.uk.channel_id).execute();
      const before = await callsTo(world, DETAIL);
      await refresh([product!.id]);
      await idle();
      await world.db.updateTable('channels').set({ state: 'active' }).where('id', '=', world.uk.channel_id).execute();
      expect(await callsTo(world, DETAIL)).toBe(before);
      expect(await productRows(world)).toEqual([]);
    });
  });

  describe('that are put off sale and on', () => {
    test('go in lots of 20; what TikTok does not do is named, and the copy shows the rest', async () => {
      const ids = (await make(23)).map(({ id }) => id);
      const [draft] = await make(1, { status: 'DRAFT' });
      const before = await callsTo(world, DEACTIVATE);
      const job = await update({ kind: 'product_update', action: 'deactivate', product_ids: [...ids, draft!.id, '1729999999999999992'] });
      expect((await callsTo(world, DEACTIVATE)) - before).toBe(2);
      expect(job).toMatchObject({ state: 'partly_failed', done: 23, failed: 2 });
      expect(job.errors.map(({ id, code }) => [id, code])).toEqual([[draft!.id, 'shop_product_state'], ['1729999999999999992', 'shop_product_not_found']]);
      expect(job.errors[0]!.reason).toContain('12052901');
      expect(new Set(await statuses(ids))).toEqual(new Set(['SELLER_DEACTIVATED']));

      const back = await update({ kind: 'product_update', action: 'activate', product_ids: ids.slice(0, 2) });
      expect(back.state).toBe('succeeded');
      for (const status of await statuses(ids.slice(0, 2))) expect(['PENDING', 'ACTIVATE']).toContain(status);
    });

    test('count as done where TikTok’s answer was lost', async () => {
      const ids = (await make(3)).map(({ id }) => id);
      await world.sandbox.fault({ path: DEACTIVATE, drop: 'after' });
      expect(await update({ kind: 'product_update', action: 'deactivate', product_ids: ids })).toMatchObject({ state: 'succeeded', done: 3, failed: 0, errors: [] });
    });

    test('fail with the first reason where none could be', async () => {
      const [draft] = await make(1, { status: 'DRAFT' });
      expect(await update({ kind: 'product_update', action: 'activate', product_ids: [draft!.id] })).toMatchObject({ state: 'failed', state_code: 'shop_product_state', failed: 1 });
    });
  });

  describe('whose prices are set', () => {
    test('have them at TikTok and here, and other systems are told', async () => {
      const [product] = await make(1);
      const [first, second] = product!.skus;
      await world.workflows.productsChanged(world.uk, [product!.id]);
      await eventually(async () => (await productRows(world)).length === 1);
      const job = await update({ kind: 'product_update', action: 'prices', product_id: product!.id, skus: [{ sku_id: first!.id, price: { amount: 1_234, currency: 'GBP' } }] });
      expect(job).toMatchObject({ state: 'succeeded', done: 1, failed: 0 });
      const prices = new Map((await world.db.selectFrom('shop_skus').selectAll().where('product_id', '=', product!.id).execute()).map(({ sku_id, price_amount }) => [sku_id, price_amount]));
      expect(prices.get(first!.id)).toBe(1_234);
      expect(prices.get(second!.id)).not.toBe(1_234);
      expect((await productMessages(world.db)).map(({ change, sequence }) => [change, sequence])).toEqual([['created', 1], ['updated', 2]]);
    });

    test('keep them where TikTok refuses, with its reason', async () => {
      const [product] = await make(1, { promoted: true });
      const job = await update({ kind: 'product_update', action: 'prices', product_id: product!.id, skus: [{ sku_id: product!.skus[0]!.id, price: { amount: 99, currency: 'GBP' } }] });
      expect(job).toMatchObject({ state: 'failed', state_code: 'shop_price_refused' });
      expect(job.state_reason).toContain('12052038');
    });
  });

  test('of two shops with the same product id are kept apart', async () => {
    const [product] = await make(1);
    await world.workflows.productsChanged(world.uk, [product!.id]);
    await world.workflows.productsChanged(world.indonesia, [product!.id]);
    await world.client.workflow.getHandle(refreshProductsWorkflowId(world.indonesia.channel_id)).result();
    expect(await productRows(world, world.indonesia.channel_id)).toEqual([]);
  });
});
