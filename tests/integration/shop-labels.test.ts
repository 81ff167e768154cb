import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { openLabel } from '../../api/label.ts';
import { createShippingActivities } from '../../activities/shop/shipping/shipping.activities.ts';
import { findChannelById } from '../../db/channel.repository.ts';
import { fetchLabelWorkflowId } from '../../domain/names.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import { worldGateway } from '../helpers/shop-gateway.ts';
import { INDONESIA, UK } from '../helpers/shop-sandbox.ts';
import { createShopWorld, type ShopWorld, type WorldChannel } from '../helpers/shop-world.ts';

const DOCUMENTS = '/fulfillment/202309/packages/{package_id}/shipping_documents';

let world: ShopWorld;
let gateway: Awaited<ReturnType<typeof worldGateway>>;
let folder: string;
beforeAll(async () => {
  world = await createShopWorld();
  folder = await mkdtemp(join(tmpdir(), 'showrunner-labels-'));
  await world.worker(createShippingActivities({ db: world.db, tiktok: world.tiktok, calls: world.calls, workflows: world.workflows, logger: world.log, media: createLocalStorage(folder) }));
  gateway = await worldGateway(world);
});
afterEach(async () => {
  await world.sandbox.control('DELETE', '/faults');
  await world.sandbox.settings({ shipping: { label_ms: 0 } });
});
afterAll(async () => {
  await gateway.close();
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

/** A package that waits for TikTok's carrier. */
async function shipped(shop = INDONESIA): Promise<{ order_id: string; package_id: string }> {
  const { id } = await world.sandbox.newOrder(shop, { shipping_type: 'TIKTOK' });
  const order = (await world.sandbox.call('/order/202507/orders', { query: { ids: id }, shop })).data.orders[0];
  const package_id: string = order.packages[0].id;
  await world.sandbox.post(`/fulfillment/202309/packages/${package_id}/ship`, {}, { shop });
  return { order_id: id, package_id };
}
async function label(package_id: string, { size = null, channel = world.indonesia }: { size?: string | null; channel?: WorldChannel } = {}): Promise<Buffer> {
  const deps = { db: world.db, media: createLocalStorage(folder), temporal: { shop: gateway } as never };
  const file = await openLabel(deps, (await findChannelById(world.db, channel.channel_id))!, { package_id, type: 'SHIPPING_LABEL', size });
  const bytes = await buffer(file.stream);
  expect(bytes).toHaveLength(file.size_bytes);
  return bytes;
}
const asked = async () => (await world.sandbox.control('GET', `/calls?path=${encodeURIComponent(DOCUMENTS)}`)).calls.length as number;
const files = () => readdir(folder, { recursive: true, withFileTypes: true }).then((entries) => entries.filter((entry) => entry.isFile()).length);
const sweep = () => world.client.workflow.execute('sweepLabels', { taskQueue: world.queue, workflowId: `sweep-${Math.random()}` });

describe('The label of a package', () => {
  test('is TikTok’s PDF, asked for once a day; its bytes are in no history', async () => {
    const { package_id } = await shipped();
    const first = await label(package_id);
    expect(first.subarray(0, 5).toString()).toBe('%PDF-');
    expect(first.toString('latin1')).toContain(package_id);
    const before = await asked();
    expect(await label(package_id)).toEqual(first);
    expect(await asked()).toBe(before);
    expect((await label(package_id, { size: 'A5' })).toString('latin1')).toContain('A5');
    expect(await asked()).toBe(before + 1);
    const id = fetchLabelWorkflowId({ channel_id: world.indonesia.channel_id, package_id, type: 'SHIPPING_LABEL', size: null });
    const history = JSON.stringify((await world.client.workflow.getHandle(id).fetchHistory()).events);
    expect(history).not.toContain(first.toString('base64').slice(0, 40));
    expect(history).not.toContain('shop-documents');
  });

  test('that TikTok is still making is waited for', async () => {
    await world.sandbox.settings({ shipping: { label_ms: 1_500 } });
    const { package_id } = await shipped();
    expect((await label(package_id)).subarray(0, 5).toString()).toBe('%PDF-');
  });

  test('that TikTok does not give is refused in its words', async () => {
    const { id } = await world.sandbox.newOrder(INDONESIA, { shipping_type: 'TIKTOK' });
    const order = (await world.sandbox.call('/order/202507/orders', { query: { ids: id }, shop: INDONESIA })).data.orders[0];
    await expect(label(order.packages[0].id)).rejects.toMatchObject({ code: 'shop_not_shipped', extras: { detail: expect.stringContaining('21042104') } });
    await expect(label('1')).rejects.toMatchObject({ code: 'shop_order_not_found' });
    const marked = await world.sandbox.newOrder(UK);
    const parcel = (await world.sandbox.post(`/fulfillment/202309/orders/${marked.id}/packages`, { tracking_number: 'AB123456789GB', shipping_provider_id: '7117858858072016645' })).data;
    await expect(label(parcel.package_id, { channel: world.uk })).rejects.toMatchObject({ code: 'shop_label_missing', extras: { detail: expect.stringContaining('21008017') } });
  });

  test('of a busy TikTok comes a moment later', async () => {
    const { package_id } = await shipped();
    await world.sandbox.fault({ path: DOCUMENTS, answer: { status: 503, code: 36009003, message: 'Internal error' }, times: 2 });
    expect((await label(package_id)).length).toBeGreaterThan(100);
  });

  test('of a package that was cancelled meanwhile is not given from what is kept', async () => {
    const { package_id, order_id } = await shipped();
    await label(package_id);
    await world.db
      .insertInto('shop_packages')
      .values({ channel_id: world.indonesia.channel_id, package_id, order_ids: [order_id], line_item_ids: [], status: 'CANCELLED', tracking_number: null, shipping_provider_id: null, shipping_provider_name: null, data: '{}', tiktok_update_time: null })
      .execute();
    const before = await asked();
    await label(package_id);
    expect(await asked()).toBe(before + 1);
  });

  test('whose file was lost is fetched again', async () => {
    const { package_id } = await shipped();
    const first = await label(package_id);
    await rm(folder, { recursive: true });
    expect(await label(package_id)).toEqual(first);
  });

  test('is deleted with its file before it is a day old, an unfinished one as well', async () => {
    const { package_id } = await shipped();
    await label(package_id);
    expect(await sweep()).toBe(0);
    const [row] = await world.db.selectFrom('shop_labels').selectAll().where('package_id', '=', package_id).execute();
    expect(row!.expires_at.getTime() - row!.created_at.getTime()).toBeLessThanOrEqual(23.5 * 3_600_000);
    await world.db.updateTable('shop_labels').set({ expires_at: new Date(Date.now() - 1_000) }).execute();
    await world.db.updateTable('shop_labels').set({ size_bytes: null }).where('package_id', '=', package_id).execute();
    expect(await sweep()).toBeGreaterThan(0);
    expect(await world.db.selectFrom('shop_labels').select('id').execute()).toEqual([]);
    expect(await files()).toBe(0);
  });
});
