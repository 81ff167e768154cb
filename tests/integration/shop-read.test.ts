import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ShopGateway } from '../../api/temporal-shop.ts';
import { askShop } from '../../api/shop-read.ts';
import type { AuthorizedShopView } from '../../domain/contracts/channel.ts';
import type { Page, ShopOrder } from '../../domain/contracts/shop-api.ts';
import { shopReadWorkflowId } from '../../domain/names.ts';
import { historyText } from '../helpers/history-text.ts';
import { createShopWorld, type ShopWorld } from '../helpers/shop-world.ts';
import { worldGateway } from '../helpers/shop-gateway.ts';

let world: ShopWorld;
let gateway: Awaited<ReturnType<typeof worldGateway>>;
beforeAll(async () => {
  world = await createShopWorld();
  gateway = await worldGateway(world);
  await world.worker();
});
afterAll(async () => {
  await gateway.close();
  await world.close();
});
afterEach(async () => {
  await world.sandbox.control('DELETE', '/faults');
  await world.db.updateTable('channels').set({ state: 'active', state_code: null, state_reason: null }).execute();
});

const uk = () => ({ id: world.uk.channel_id, workspace_id: world.workspace_id });
const ask = <T>(read: Parameters<typeof askShop>[2]) => askShop<T>({ db: world.db, temporal: { shop: gateway } }, uk(), read);

describe('A question to TikTok Shop', () => {
  test('is answered, without ciphers, and nothing of it stays', async () => {
    const shops = await ask<AuthorizedShopView[]>({ kind: 'authorized_shops' });
    expect(shops.map(({ id }) => id)).toContain(world.uk.shop_id);
    expect(JSON.stringify(shops)).not.toContain('cipher');
    expect(await world.db.selectFrom('shop_reads').selectAll().execute()).toEqual([]);
  });

  test('about orders leaves no order in the history', async () => {
    const placed = await world.sandbox.newOrder('Nordlicht UK');
    let readId = '';
    const noting: Pick<ShopGateway, 'readShop'> = { readShop: (input) => ((readId = input.read_id), gateway.readShop(input)) };
    const order = await askShop<ShopOrder>({ db: world.db, temporal: { shop: noting } }, uk(), { kind: 'order', order_id: placed.id });
    expect(order).toMatchObject({ id: placed.id, status: 'AWAITING_SHIPMENT' });
    const page = await ask<Page<ShopOrder>>({ kind: 'orders', page_size: 5, page_token: null, status: null });
    expect(page.items).toHaveLength(5);
    const text = await historyText(world.client.workflow.getHandle(shopReadWorkflowId(readId)));
    expect(text).toContain(world.uk.channel_id);
    expect(text).not.toContain(placed.id);
  });

  test('is asked again where TikTok is busy for a moment', async () => {
    await world.sandbox.fault({ path: '/logistics/202309/warehouses', times: 1, answer: { status: 500, code: 36009003, message: 'Internal error' } });
    expect(await ask<unknown[]>({ kind: 'warehouses' })).not.toHaveLength(0);
  });

  test('that TikTok refuses says why, in its words', async () => {
    await expect(ask({ kind: 'product', product_id: '1' })).rejects.toMatchObject({ code: 'shop_product_not_found', extras: { detail: expect.stringContaining('TikTok Shop: ') } });
    await expect(ask({ kind: 'order', order_id: '1' })).rejects.toMatchObject({ code: 'shop_order_not_found' });
  });

  test('for a channel that is paused or disconnected is not sent', async () => {
    const calls = async () => (await world.sandbox.control('GET', '/calls?path=/logistics/202309/warehouses')).calls.length as number;
    const before = await calls();
    await world.db.updateTable('channels').set({ state: 'paused', state_code: 'shop_reconnect_needed', state_reason: 'the seller ended it' }).execute();
    await expect(ask({ kind: 'warehouses' })).rejects.toMatchObject({ code: 'shop_channel_paused', extras: { detail: 'the seller ended it' } });
    await world.db.updateTable('channels').set({ state: 'disconnected' }).execute();
    await expect(ask({ kind: 'warehouses' })).rejects.toMatchObject({ code: 'shop_channel_disconnected' });
    expect(await calls()).toBe(before);
  });

  test('of another workspace finds no row', async () => {
    await expect(askShop({ db: world.db, temporal: { shop: { readShop: (input) => gateway.readShop({ ...input, workspace_id: '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10' }) } } }, uk(), { kind: 'warehouses' })).rejects.toMatchObject({ code: 'unavailable' });
  });
});
