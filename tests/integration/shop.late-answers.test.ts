import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { removeProducts, storeProducts } from '../../db/product.repository.ts';
import { updateSkuStock } from '../../db/sku.repository.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { seedBareChannel, shopProduct } from '../helpers/products.ts';
import { seedWorkspace } from '../helpers/seed.ts';

/** TikTok was asked before, and is heard after, something newer was stored. */
let database: TestDatabase;
let channel: { channel_id: string; workspace_id: string; shop_id: string };
const at = (second: number): Date => new Date(Date.UTC(2026, 2, 14, 18, 0, second));

beforeAll(async () => {
  database = await createTestDatabase();
  const { workspace_id } = await seedWorkspace(database.db);
  channel = { channel_id: await seedBareChannel(database.db, workspace_id), workspace_id, shop_id: '7495' };
});
afterAll(() => database.drop());

const store = (id: string, seen: Date) => storeProducts(database.db, channel, [{ product: shopProduct(id), seen_ms: seen.getTime(), fingerprint: id }], { publishes: true, now: seen });
const remove = (id: string, asked: Date) => removeProducts(database.db, channel, [id], { publishes: true, now: asked });

test('“There is no such product” takes nothing away that was seen later, and what was seen before', async () => {
  await store('1', at(10));
  expect(await remove('1', at(5))).toEqual([]);
  expect(await database.db.selectFrom('shop_products').select(['removed_at', 'synced_at']).where('product_id', '=', '1').executeTakeFirst()).toEqual({ removed_at: null, synced_at: at(10) });
  expect(await remove('1', at(20))).toEqual(['1']);
});

test('What TikTok said of a SKU’s stock before a count was sent to it does not take the count back', async () => {
  await store('2', at(0));
  const seen = (available: number) => ({ product_id: '2', sku_id: '21', seller_sku: 'S-21', available, committed: 0, warehouses: [{ warehouse_id: 'w1', available, committed: 0 }] });
  const update = (units: number, source: 'merchant' | 'tiktok', seen_at: Date) =>
    database.db.transaction().execute((trx) => updateSkuStock(trx, channel.channel_id, [{ sku_id: '21', seen: seen(units), seen_at, on_hand: { units, source, as_of: seen_at } }]));
  const row = () => database.db.selectFrom('shop_skus').select(['on_hand', 'on_hand_source', 'on_hand_as_of', 'available']).where('sku_id', '=', '21').executeTakeFirst();
  await update(40, 'merchant', at(10));
  await update(0, 'tiktok', at(5));
  expect(await row()).toEqual({ on_hand: 40, on_hand_source: 'merchant', on_hand_as_of: at(10), available: 40 });
  await update(39, 'tiktok', at(15));
  expect(await row()).toEqual({ on_hand: 39, on_hand_source: 'tiktok', on_hand_as_of: at(15), available: 39 });
});
