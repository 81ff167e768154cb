import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { insertInventoryRequests } from '../../db/inventory-request.repository.ts';
import { createJob, findJob } from '../../db/job.repository.ts';
import { channelStockWorkflowId, jobWorkflowId } from '../../domain/names.ts';
import { createShopWorld, type ShopWorld } from '../helpers/shop-world.ts';
import { eventually } from '../helpers/eventually.ts';
import { historyText } from '../helpers/history-text.ts';
import { ordersOf } from '../helpers/shop-orders-world.ts';
import { shopItem, shopOrder } from '../helpers/shop-orders.ts';
import { stockOf } from '../helpers/shop-stock.ts';

const UPDATE = '/product/202309/products/{product_id}/inventory/update';
const SEARCH = '/product/202309/inventory/search';

let world: ShopWorld;
let stock: ReturnType<typeof stockOf>;
beforeAll(async () => {
  world = await createShopWorld();
  stock = stockOf(world);
  await world.worker(stock.activities());
});
afterAll(() => world?.close());

describe('A value for the stock', () => {
  test('reaches TikTok, our copy and the stream, less what is sold', async () => {
    const sku = await stock.one(world.uk, { quantity: 100 });
    await world.sandbox.control('POST', '/buy', { sku_id: sku.sku_id, buyers: 4, status: 'AWAITING_SHIPMENT' });
    const [row] = await stock.send([stock.value(world.uk, 50, { sku_id: sku.sku_id })]);
    expect(row).toMatchObject({ state: 'applied', sent_quantity: 46, product_id: sku.product_id, state_code: null });
    expect(await stock.truth(sku.sku_id)).toMatchObject({ available: 46, committed: 4 });
    expect(await stock.sku(world.uk, sku.sku_id)).toMatchObject({ available: 46, committed: 4, on_hand: 50, on_hand_source: 'merchant', on_hand_as_of: row!.as_of, stock_as_of: row!.as_of });
    const [out] = await stock.send([stock.value(world.uk, 0, { sku_id: sku.sku_id })]);
    expect(out).toMatchObject({ state: 'applied', sent_quantity: 0 });
    expect(world.events.appended.filter((event) => event.type === 'inventory' && event.sku_id === sku.sku_id)).toMatchObject([{ change: 'out', available: 0, previous_available: 46, seller_sku: sku.seller_sku, shop_name: 'Nordlicht UK' }]);
  });

  test('gives the orders that were short the units that came', async () => {
    const orders = ordersOf(world);
    const sku = await stock.one(world.uk, { quantity: 5 });
    await world.sandbox.control('POST', '/buy', { sku_id: sku.sku_id, buyers: 2, status: 'AWAITING_SHIPMENT' });
    await stock.send([stock.value(world.uk, 0, { sku_id: sku.sku_id })]);
    const channel = { ...world.uk, name: 'Nordlicht UK', connected_at: new Date(0) };
    const sold = (id: string) => shopOrder({ id, line_items: [shopItem({ id: `${id}-0`, sku_id: sku.sku_id })] });
    await orders.intake.take(channel, [sold('short-1'), sold('short-2')], 'webhook');
    const short = async () => (await Promise.all(['short-1', 'short-2'].map((id) => orders.row(id)))).map((row) => row?.is_short);
    expect(await short()).toEqual([true, true]);
    await stock.send([stock.value(world.uk, 1, { sku_id: sku.sku_id })]);
    await eventually(async () => (await short())[0] === false);
    expect(await short()).toEqual([false, true]);
    expect((await orders.messages('short-1')).at(-1)).toMatchObject({ change: 'updated', order: { shortfall: [] } });
    // A worker that dies after its commit leaves it to the comparison.
    await world.db.updateTable('shop_skus').set({ on_hand: 2 }).where('sku_id', '=', sku.sku_id).execute();
    await new MockActivityEnvironment().run(stock.activities().reconcileInventory, world.uk);
    expect(await short()).toEqual([false, false]);
  });

  test('that TikTok shows already is not sent', async () => {
    const sku = await stock.one(world.uk, { quantity: 30 });
    const [row] = await stock.send([stock.value(world.uk, 30, { sku_id: sku.sku_id })]);
    expect(row).toMatchObject({ state: 'applied', sent_quantity: 30 });
    expect((await stock.truth(sku.sku_id)).update_count).toBe(0);
  });

  test('is set behind a closed door where it is scarce', async () => {
    const sku = await stock.one(world.uk, { quantity: 3 });
    await stock.send([stock.value(world.uk, 9, { sku_id: sku.sku_id })]);
    const { updates } = await world.sandbox.control('GET', `/stock/${sku.sku_id}`);
    expect(updates.map(({ quantity }: { quantity: number }) => quantity)).toEqual([0, 9]);
  });

  test('is set at once where the shop takes no 0', async () => {
    const sku = await stock.one(world.uk, { quantity: 3 });
    await world.sandbox.settings({ products: { allow_zero: false } });
    const [row] = await stock.send([stock.value(world.uk, 9, { sku_id: sku.sku_id })]);
    await world.sandbox.settings({ products: { allow_zero: true } });
    expect(row).toMatchObject({ state: 'applied', sent_quantity: 9 });
  });

  test('goes to two shops, each by its own writer', async () => {
    const [uk, indonesia] = [await stock.one(world.uk), await stock.one(world.indonesia)];
    const rows = await stock.send([stock.value(world.uk, 40, { sku_id: uk.sku_id }), stock.value(world.indonesia, 60, { seller_sku: indonesia.seller_sku })]);
    expect(rows).toMatchObject([{ state: 'applied', sent_quantity: 40 }, { state: 'applied', sent_quantity: 60, sku_id: indonesia.sku_id }]);
    expect([(await stock.truth(uk.sku_id)).available, (await stock.truth(indonesia.sku_id)).available]).toEqual([40, 60]);
    await Promise.all([stock.idle(world.uk), stock.idle(world.indonesia)]);
  });

  test('of many SKUs of one product is one call, and one that TikTok refuses holds no other', async () => {
    const skus = await stock.product(world.uk, { skus: 5, quantity: 100 });
    const before = await stock.calls(UPDATE);
    const foreign = await stock.one(world.indonesia);
    const rows = await stock.send([
      ...skus.map((sku, index) => stock.value(world.uk, 50 + index, { sku_id: sku.sku_id, warehouse_id: index === 2 ? '999' : null })),
      stock.value(world.uk, 5, { sku_id: foreign.sku_id }),
      stock.value(world.uk, 5, { sku_id: '1729000000000000999' }),
      stock.value(world.uk, 5, { sku_id: 'nonsense' }),
      stock.value(world.uk, 5, { seller_sku: 'NOBODY' }),
      stock.value(world.uk, -1, { sku_id: skus[0]!.sku_id }),
      stock.value(world.uk, 3_000_000_000, { sku_id: skus[0]!.sku_id }),
      stock.value(world.uk, 5, { sku_id: skus[0]!.sku_id, product_id: foreign.product_id }),
    ]);
    expect(rows.map(({ state, state_code }) => state_code ?? state)).toEqual([
      'applied', 'applied', 'shop_warehouse_refused', 'applied', 'applied',
      'shop_sku_foreign', 'shop_sku_not_found', 'shop_sku_not_found', 'shop_sku_not_found', 'shop_stock_refused', 'shop_stock_refused', 'shop_sku_foreign',
    ]);
    expect((await stock.calls(UPDATE)) - before).toBe(1);
    expect(await Promise.all(skus.map(async ({ sku_id }) => (await stock.truth(sku_id)).available))).toEqual([50, 51, 100, 53, 54]);
  });

  test('that TikTok itself refuses for one SKU is failed with its reason', async () => {
    const skus = await stock.product(world.uk, { skus: 2, quantity: 100 });
    const errors = [{ code: 12052990, message: 'Part of it failed.', detail: { sku_id: skus[0]!.sku_id, extra_errors: [{ code: 12052393, message: 'The SKU is in a promotion.' }] } }];
    await world.sandbox.fault({ path: UPDATE, answer: { status: 200, code: 0, body: JSON.stringify({ code: 0, message: 'Success', request_id: 'x', data: { errors } }) } });
    const rows = await stock.send(skus.map(({ sku_id }) => stock.value(world.uk, 70, { sku_id })));
    expect(rows).toMatchObject([{ state: 'failed', state_code: 'shop_stock_locked', state_reason: expect.stringContaining('The SKU is in a promotion.') }, { state: 'applied', sent_quantity: 70 }]);
  });

  test('of a SKU whose product was not fetched yet is sent, and the SKU known from then on', async () => {
    const sku = await stock.one(world.uk, {}, true);
    const [row] = await stock.send([stock.value(world.uk, 33, { sku_id: sku.sku_id })]);
    expect(row).toMatchObject({ state: 'applied', product_id: sku.product_id });
    expect(await stock.sku(world.uk, sku.sku_id)).toMatchObject({ available: 33, seller_sku: sku.seller_sku });
  });

  test('for one of several warehouses lists all, and leaves the others as they are', async () => {
    const sku = await stock.one(world.uk, { warehouses: 2, quantity: 25 });
    const [first, second] = sku.warehouses as [string, string];
    const rows = await stock.send([stock.value(world.uk, 60, { sku_id: sku.sku_id, warehouse_id: second }), stock.value(world.uk, 8, { sku_id: sku.sku_id, warehouse_id: first, as_of_ms: Date.now() - 60_000 }), stock.value(world.uk, 8, { sku_id: sku.sku_id })]);
    expect(rows.map(({ state_code, state }) => state_code ?? state)).toEqual(['applied', 'applied', 'shop_warehouse_refused']);
    expect((await stock.truth(sku.sku_id)).warehouses).toMatchObject({ [first]: { available: 8 }, [second]: { available: 60 } });
  });
});

describe('Of several values', () => {
  test('the newest by as_of wins, whenever it came', async () => {
    const sku = await stock.one(world.uk);
    const now = Date.now();
    const of = (quantity: number, age: number) => stock.value(world.uk, quantity, { sku_id: sku.sku_id, as_of_ms: now - age });
    expect((await stock.send([of(60, 5_000), of(70, 1_000), of(50, 9_000)])).map(({ state }) => state)).toEqual(['superseded', 'applied', 'superseded']);
    expect(await stock.send([of(20, 2_000)])).toMatchObject([{ state: 'superseded', state_code: 'shop_stock_superseded' }]);
    expect((await stock.truth(sku.sku_id)).available).toBe(70);
  });

  test('a hundred that come at once end with TikTok showing the newest', async () => {
    const sku = await stock.one(world.uk);
    const now = Date.now();
    const ages = Array.from({ length: 100 }, (_, index) => (index * 37) % 100);
    const ids = (await Promise.all(ages.map((age) => stock.accept([stock.value(world.uk, 100 + age, { sku_id: sku.sku_id, as_of_ms: now - age * 10 })])))).flat();
    const rows = await eventually(async () => {
      const mine = (await stock.rows()).filter(({ id }) => ids.includes(id));
      return mine.every(({ state }) => state !== 'received') ? mine : null;
    });
    expect((await stock.truth(sku.sku_id)).available).toBe(100);
    expect(rows.find(({ quantity }) => quantity === 100)).toMatchObject({ state: 'applied' });
    expect(rows.filter(({ state }) => state === 'failed')).toEqual([]);
  });

  test('the same message twice is one', async () => {
    const sku = await stock.one(world.uk);
    const value = stock.value(world.uk, 44, { sku_id: sku.sku_id, dedupe_key: `message:${sku.sku_id}` });
    expect((await stock.accept([value])).length).toBe(1);
    expect(await stock.accept([value])).toEqual([]);
  });

  test('from the future counts as of now', async () => {
    const sku = await stock.one(world.uk);
    await stock.send([stock.value(world.uk, 44, { sku_id: sku.sku_id, as_of_ms: Date.now() + 86_400_000 })]);
    expect(await stock.send([stock.value(world.uk, 55, { sku_id: sku.sku_id })])).toMatchObject([{ state: 'applied' }]);
  });
});

describe('When TikTok fails', () => {
  test('a lost answer is settled by what TikTok shows', async () => {
    const sku = await stock.one(world.uk);
    await world.sandbox.fault({ path: UPDATE, drop: 'after' });
    expect(await stock.send([stock.value(world.uk, 80, { sku_id: sku.sku_id })])).toMatchObject([{ state: 'applied', sent_quantity: 80 }]);
    await world.sandbox.fault({ path: UPDATE, drop: 'before' });
    expect(await stock.send([stock.value(world.uk, 81, { sku_id: sku.sku_id })])).toMatchObject([{ state: 'applied', sent_quantity: 81 }]);
    expect((await stock.truth(sku.sku_id)).update_count).toBe(2);
  });

  test('too many calls and faults of its own are waited out', async () => {
    const sku = await stock.one(world.uk);
    await world.sandbox.fault({ path: UPDATE, answer: { status: 429, code: 36009002, message: 'Too many requests', retry_after_s: 1 } });
    await world.sandbox.fault({ path: SEARCH, answer: { status: 500, code: 36009003, message: 'Internal error' }, times: 2 });
    const [row] = await stock.send([stock.value(world.uk, 82, { sku_id: sku.sku_id })]);
    expect(row).toMatchObject({ state: 'applied', sent_quantity: 82, state_reason: null });
    expect(row!.attempts).toBeGreaterThan(1);
  });

  test('a product that takes no stock fails its values alone', async () => {
    const [frozen, fine] = [await stock.one(world.uk), await stock.one(world.uk)];
    await world.sandbox.control('POST', `/products/${frozen.product_id}/status`, { status: 'FREEZE' });
    expect(await stock.send([stock.value(world.uk, 90, { sku_id: frozen.sku_id }), stock.value(world.uk, 90, { sku_id: fine.sku_id })])).toMatchObject([{ state: 'failed', state_code: 'shop_product_state' }, { state: 'applied' }]);
  });

  test('a paused channel keeps its values, and sends them when it goes on', async () => {
    const sku = await stock.one(world.indonesia);
    await stock.idle(world.indonesia).catch(() => undefined);
    await world.db.updateTable('channels').set({ state: 'paused', state_reason: 'The seller ended it.' }).where('id', '=', world.indonesia.channel_id).execute();
    const [id] = await stock.accept([stock.value(world.indonesia, 21, { sku_id: sku.sku_id })]);
    const handle = world.client.workflow.getHandle(channelStockWorkflowId(world.indonesia.channel_id));
    await eventually(async () => (await handle.fetchHistory()).events?.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes));
    expect(await world.db.selectFrom('inventory_requests').select('state').where('id', '=', id!).executeTakeFirst()).toEqual({ state: 'received' });
    await world.db.updateTable('channels').set({ state: 'active', state_reason: null }).where('id', '=', world.indonesia.channel_id).execute();
    await world.workflows.wakeStock(world.indonesia);
    await handle.result();
    expect((await stock.truth(sku.sku_id)).available).toBe(21);
  });
});

describe('Buyers during pushes', () => {
  test.each([['scarce', 15], ['plenty', 120]])('never get more than there is: %s', async (_name, count) => {
    const sku = await stock.one(world.uk, { quantity: count });
    const buying = world.sandbox.control('POST', '/buy', { sku_id: sku.sku_id, buyers: 200, spread_ms: 3_000, status: 'UNPAID' });
    let isOver = false;
    void buying.finally(() => (isOver = true));
    let rounds = 0;
    while (!isOver) {
      rounds += 1;
      await stock.send([stock.value(world.uk, count - (rounds % 3), { sku_id: sku.sku_id })]);
    }
    await buying;
    await stock.send([stock.value(world.uk, count, { sku_id: sku.sku_id })]);
    const truth = await stock.truth(sku.sku_id);
    expect(truth.in_orders).toBeLessThanOrEqual(count);
    expect(truth.available).toBe(count - truth.in_orders);
    expect(rounds).toBeGreaterThan(1);
  });
});

describe('The comparison with TikTok', () => {
  test('takes what TikTok shows, and sends a count again that TikTok went beyond', async () => {
    const [lower, higher, unknown] = [await stock.one(world.indonesia), await stock.one(world.indonesia), await stock.one(world.indonesia, { quantity: 77 })];
    await stock.send([lower, higher].map(({ sku_id }) => stock.value(world.indonesia, 40, { sku_id })));
    await stock.idle(world.indonesia);
    await world.sandbox.control('PUT', `/stock/${lower.sku_id}`, { quantity: 3 });
    await world.sandbox.control('PUT', `/stock/${higher.sku_id}`, { quantity: 400 });
    const report = await reconcile();
    expect(report).toMatchObject({ missed: 1, calls: 1, failure: null });
    expect(report.seen).toBeGreaterThanOrEqual(3);
    await eventually(async () => (await stock.truth(higher.sku_id)).available === 40);
    expect(await stock.sku(world.indonesia, lower.sku_id)).toMatchObject({ available: 3, on_hand: 3, on_hand_source: 'tiktok' });
    expect(await stock.sku(world.indonesia, unknown.sku_id)).toMatchObject({ available: 77, on_hand: 77, on_hand_source: 'tiktok' });
    expect(world.events.appended.filter((event) => event.type === 'inventory' && event.sku_id === lower.sku_id)).toMatchObject([{ change: 'low', available: 3, previous_available: 40 }]);
    await eventually(async () => (await stock.sku(world.indonesia, higher.sku_id)).available === 40);
  });

  test('and a push of more SKUs than TikTok takes in a call use as few calls as they can', async () => {
    const channel = world.indonesia;
    const skus = (await Promise.all(Array.from({ length: 13 }, () => stock.product(channel, { skus: 50, quantity: 70 })))).flat();
    const known = await world.db.selectFrom('shop_skus').select((eb) => eb.fn.countAll<string>().as('skus')).where('channel_id', '=', channel.channel_id).executeTakeFirstOrThrow();
    expect(Number(known.skus)).toBeGreaterThan(600);
    const [reads, writes] = [await stock.calls(SEARCH), await stock.calls(UPDATE)];
    expect(await reconcile()).toMatchObject({ calls: 2, failure: null });
    expect((await stock.calls(SEARCH)) - reads).toBe(2);
    const rows = await stock.send(skus.map(({ sku_id }, index) => stock.value(channel, 80 + index, { sku_id })));
    expect(rows.filter(({ state, sent_quantity, quantity }) => state !== 'applied' || sent_quantity !== quantity)).toEqual([]);
    expect((await stock.truth(skus[649]!.sku_id)).available).toBe(729);
    // A call for each product, whose SKUs are read before and after.
    expect((await stock.calls(UPDATE)) - writes).toBe(13);
    expect((await stock.calls(SEARCH)) - reads).toBe(2 + 2 * 4);
  });

  test('says why it could not go on', async () => {
    await world.sandbox.fault({ path: SEARCH, answer: { status: 429, code: 36009002, message: 'Too many requests' } });
    expect(await reconcile()).toMatchObject({ failure: { code: 'tiktok_rate_limited', retry: 'later' } });
  });

  const reconcile = async () => {
    return (await new MockActivityEnvironment().run(stock.activities().reconcileInventory, { channel_id: world.indonesia.channel_id, workspace_id: world.workspace_id })) as { seen: number };
  };
});

describe('A job over several channels', () => {
  test('ends when each value is settled, and names those that failed', async () => {
    const [uk, indonesia] = [await stock.one(world.uk), await stock.one(world.indonesia)];
    const job_id = await createJob(world.db, { workspace_id: world.workspace_id, channel_id: null, kind: 'inventory_update', params: { kind: 'inventory_update' }, created_by: null });
    await insertInventoryRequests(world.db, [
      stock.value(world.uk, 31, { sku_id: uk.sku_id, job_id }),
      stock.value(world.indonesia, 32, { sku_id: indonesia.sku_id, job_id }),
      stock.value(world.indonesia, 33, { sku_id: uk.sku_id, job_id }),
    ]);
    await world.client.workflow.execute('updateInventory', { taskQueue: world.queue, workflowId: jobWorkflowId(job_id), args: [{ job_id, workspace_id: world.workspace_id, channel_id: null }] });
    const values = (await stock.rows()).filter((row) => row.job_id === job_id);
    expect(values.map(({ state, state_code }) => state_code ?? state)).toEqual(['applied', 'applied', 'shop_sku_foreign']);
    expect(await findJob(world.db, world.workspace_id, job_id)).toMatchObject({ state: 'partly_failed', total: 3, done: 2, failed: 1, errors: [{ id: uk.sku_id, code: 'shop_sku_foreign' }] });

    const histories = await Promise.all([jobWorkflowId(job_id), channelStockWorkflowId(world.uk.channel_id)].map((id) => historyText(world.client.workflow.getHandle(id))));
    expect(histories.join()).toContain(world.workspace_id);
    // Ids of the channel and the job, and what came of them: the values stay in their table.
    const { shop_cipher } = await world.channel(world.uk.channel_id);
    const { access_token } = await world.db.selectFrom('shop_authorizations').select('access_token').where('id', '=', world.uk.authorization_id).executeTakeFirstOrThrow();
    for (const secret of [uk.sku_id, uk.seller_sku, shop_cipher, world.secrets.open(shop_cipher), access_token!, world.secrets.open(access_token!)]) expect(histories.join()).not.toContain(secret);
  });
});
