import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { listSetAside } from '../../db/shop-set-aside.repository.ts';
import { listSyncCursors } from '../../db/shop-sync.repository.ts';
import type { ShopSyncReport, SyncPartOutcome } from '../../domain/contracts/shop-sync.ts';
import { eventually } from '../helpers/eventually.ts';
import { createSyncWorld, NOTHING, type SyncWorld } from '../helpers/shop-sync.ts';
import { seedWebhooks } from '../helpers/shop-webhooks.ts';

const SEARCH = '/order/202309/orders/search';
const HOUR = 3_600_000;

let world: SyncWorld;
let worker: { stop(): Promise<void> };
beforeAll(async () => {
  world = await createSyncWorld({ client: { timeoutMs: 5_000 } });
  worker = await world.startWorker();
  // What the sandbox has from the start.
  await world.sync();
});
afterAll(() => world.close());
beforeEach(() => {
  world.told.told = [];
});
afterEach(async () => {
  await world.sandbox.control('DELETE', '/faults');
  await world.sandbox.settings({ paging: { visibility_ms: 0 }, limits: { per_second: 50, retry_after_s: null } });
  Object.assign(world.parts, { products: async () => NOTHING, inventory: async () => NOTHING });
  world.told.before = () => undefined;
  world.hooks.beforeTake = () => undefined;
});

const cursor = async (kind = 'orders') => (await listSyncCursors(world.db, world.uk.channel_id)).find((row) => row.kind === kind)!;
const setBack = (ms: number) => world.db.updateTable('shop_sync_cursors').set({ cursor: new Date(Date.now() - ms), window_from: null, window_to: null, page_token: null }).where('kind', '=', 'orders').execute();
const aside = async () => (await listSetAside(world.db, world.uk.channel_id, 100)).items;
const ordersOf = (report: ShopSyncReport): SyncPartOutcome => {
  if (report.kind !== 'ran') throw new Error(`The sync was skipped: ${report.reason}`);
  return report.orders;
};
const tellings = (id: string) => world.told.orders().filter(({ whom }) => whom === id).length;

describe('The sync of a channel', () => {
  test('finds an order whose webhook was lost, counts it, and has its workflow told once', async () => {
    const before = await cursor();
    const [id] = await world.place(1);
    expect(ordersOf(await world.sync())).toMatchObject({ kind: 'done', missed: 1, calls: 1 });
    expect(world.told.orders()).toEqual([{ what: 'orderChanged', whom: id, change: { source: 'poll', news: 'order', update_time_ms: expect.any(Number) } }]);
    const after = await cursor();
    expect(after.missed).toBe(before.missed + 1);
    expect(after.cursor!.getTime()).toBeGreaterThan(before.cursor!.getTime());
    expect(after).toMatchObject({ page_token: null, window_to: null, last_error: null });

    expect(ordersOf(await world.sync())).toMatchObject({ kind: 'done', changed: 0, missed: 0, calls: 1 });
    expect(tellings(id!)).toBe(1);
  });

  test('counts nothing as missed that a webhook told, that is too new, or that was before the channel', async () => {
    const [told] = await world.place(1);
    await seedWebhooks(world.database, [{ type: 1, shop_id: world.uk.shop_id, data: { order_id: told, order_status: 'AWAITING_SHIPMENT', is_on_hold_order: false, update_time: Math.floor(Date.now() / 1_000) } }]);
    expect(ordersOf(await world.sync())).toMatchObject({ changed: 1, missed: 0 });
    await world.place(1);
    expect(ordersOf(await world.sync(world.uk, { missed_after_ms: 30_000 }))).toMatchObject({ changed: 1, missed: 0 });
    const old = await world.place(3, 2 * HOUR);
    await setBack(3 * HOUR);
    await world.db.updateTable('channels').set({ connected_at: new Date() }).where('id', '=', world.uk.channel_id).execute();
    expect(ordersOf(await world.sync())).toMatchObject({ changed: 3, missed: expect.any(Number) });
    expect(await world.stored(old)).toHaveLength(3);
    await world.db.updateTable('channels').set({ connected_at: new Date(Date.now() - 10_000) }).where('id', '=', world.uk.channel_id).execute();
  });

  test('takes 250 orders with three searches, and goes on at the same page where the token ends in the middle', async () => {
    const ids = await world.place(250, 5 * HOUR);
    await setBack(6 * HOUR);
    const before = await world.searches();
    await world.sandbox.fault({ path: SEARCH, skip: 1, times: 1, answer: { status: 401, code: 105002, message: 'Expired credentials.' } });
    const outcome = ordersOf(await world.sync());
    expect(outcome).toMatchObject({ kind: 'done', changed: 250 });
    const pages = Math.ceil((outcome.kind === 'done' ? outcome.seen : 0) / 100);
    expect((await world.searches()) - before).toBe(pages + 1);
    expect(await world.stored(ids)).toHaveLength(250);
    expect(ids.every((id) => tellings(id) === 1)).toBe(true);
  });

  test('begins again after the last page where TikTok forgets the list, and tells nobody twice', async () => {
    const ids = await world.place(320, 5 * HOUR);
    await setBack(6 * HOUR);
    const before = await world.searches();
    let takes = 0;
    world.hooks.beforeTake = async () => {
      if (++takes === 2) await world.sandbox.control('POST', '/page-tokens/expire');
    };
    const outcome = ordersOf(await world.sync(world.uk, { overlap_ms: 0 }));
    expect(outcome).toMatchObject({ kind: 'done', changed: 320 });
    expect(await world.stored(ids)).toHaveLength(320);
    expect(ids.every((id) => tellings(id) === 1)).toBe(true);
    // Two pages, the refusal, and the rest: the first two are not read again.
    const seen = outcome.kind === 'done' ? outcome.seen : 0;
    expect((await world.searches()) - before).toBe(Math.ceil(seen / 100) + 1);
  });

  test.each([
    ['is too busy', { answer: { status: 429, code: 36009002, message: 'Request frequency limit.', retry_after_s: 1 } }],
    ['fails', { answer: { status: 503, code: 36009003, message: 'Internal error' } }],
    ['is silent', { delay_ms: 6_000 }],
  ])('waits and goes on where TikTok %s', async (_how, fault) => {
    const ids = await world.place(1);
    await world.sandbox.fault({ path: SEARCH, times: 1, ...fault });
    expect(ordersOf(await world.sync())).toMatchObject({ kind: 'done' });
    expect(await world.stored(ids)).toEqual(ids);
  });

  test('says TikTok’s reason where it gives up, and the next run finds what that one could not', async () => {
    const ids = await world.place(1);
    await world.sandbox.fault({ path: SEARCH, times: 50, answer: { status: 200, code: 36009003, message: 'The kitchen is on fire' } });
    let products = 0;
    world.parts.products = async () => ({ ...NOTHING, seen: (products = 7) });
    const report = await world.sync();
    expect(report).toMatchObject({ orders: { kind: 'failed', code: 'tiktok_internal', reason: expect.stringContaining('The kitchen is on fire') }, products: { kind: 'done', seen: 7 }, inventory: { kind: 'done' } });
    expect(products).toBe(7);
    expect(await cursor()).toMatchObject({ last_error_code: 'tiktok_internal', last_error: expect.stringContaining('The kitchen is on fire') });
    await world.sandbox.control('DELETE', '/faults');
    expect(ordersOf(await world.sync())).toMatchObject({ kind: 'done', changed: 1 });
    expect(await world.stored(ids)).toEqual(ids);
    expect(await cursor()).toMatchObject({ last_error_code: null, last_error: null });
  });

  test('is not held up by products or stock that fail, and asks for their time again', async () => {
    const times: { from_ms: number | null; to_ms: number }[] = [];
    world.parts.products = async ({ from_ms, to_ms }) => {
      times.push({ from_ms, to_ms });
      throw new Error('no products today');
    };
    const before = await cursor('products');
    expect(await world.sync()).toMatchObject({ orders: { kind: 'done' }, products: { kind: 'failed', reason: 'no products today' }, inventory: { kind: 'done' } });
    expect(await cursor('products')).toMatchObject({ cursor: before.cursor, last_error: 'no products today' });
    world.parts.products = async ({ from_ms, to_ms }) => (times.push({ from_ms, to_ms }), { seen: 4, changed: 2, missed: 1, calls: 1 });
    expect(await world.sync()).toMatchObject({ products: { kind: 'done', missed: 1 } });
    const last = times.at(-1)!;
    expect(last.from_ms).toBe(times[0]!.from_ms);
    expect(await cursor('products')).toMatchObject({ cursor: new Date(last.to_ms), seen: before.seen + 4, missed: before.missed + 1, last_error: null });
  });

  test('finds orders that TikTok shows late, by the overlap', async () => {
    await world.sandbox.settings({ paging: { visibility_ms: 6_000 } });
    const [id] = await world.place(1);
    expect(ordersOf(await world.sync())).toMatchObject({ changed: 0 });
    const passed = (await cursor()).cursor!.getTime();
    await eventually(async () => {
      await world.sync();
      return (await world.stored([id!])).length === 1;
    });
    const { tiktok_create_time } = await world.db.selectFrom('shop_orders').select('tiktok_create_time').where('order_id', '=', id!).executeTakeFirstOrThrow();
    expect(tiktok_create_time.getTime()).toBeLessThan(passed);
  });

  test('asks nothing of a channel that is paused or disconnected', async () => {
    const before = await world.searches();
    await world.db.updateTable('channels').set({ state: 'paused', state_code: 'shop_reconnect_needed', state_reason: 'The seller has taken it back' }).where('id', '=', world.uk.channel_id).execute();
    expect(await world.sync()).toEqual({ kind: 'skipped', code: 'shop_channel_paused', reason: expect.stringContaining('The seller has taken it back') });
    await world.db.updateTable('channels').set({ state: 'disconnected' }).where('id', '=', world.uk.channel_id).execute();
    world.schedules.asked.length = 0;
    expect(await world.sync()).toMatchObject({ kind: 'skipped', code: 'shop_channel_disconnected' });
    expect(world.schedules.asked).toEqual([`remove:${world.uk.channel_id}`]);
    await world.db.updateTable('channels').set({ state: 'active', state_code: null, state_reason: null }).where('id', '=', world.uk.channel_id).execute();
    expect(await world.searches()).toBe(before);
  });
});

describe('An order that fails', () => {
  test('is set aside with its reason while the others go on, and is taken by a later run', async () => {
    const [good] = await world.place(1);
    const [bad] = await world.place(1);
    const broken = (await listed([good!, bad!])).map((order) => (order.id === bad ? { ...order, update_time: 'yesterday' } : order));
    await world.sandbox.fault({ path: SEARCH, times: 1, answer: { status: 200, body: JSON.stringify({ code: 0, message: 'Success', request_id: 'r', data: { orders: broken, next_page_token: '', total_count: 2 } }) } });
    expect(ordersOf(await world.sync())).toMatchObject({ kind: 'done', changed: 1 });
    expect(await world.stored([good!, bad!])).toEqual([good]);
    expect(await aside()).toMatchObject([{ kind: 'order', entity_id: bad, code: 'tiktok_bad_response', reason: expect.stringContaining('update_time'), times: 1 }]);

    await setBack(-1_000);
    expect(ordersOf(await world.sync(world.uk, { overlap_ms: 0 }))).toMatchObject({ kind: 'done' });
    expect(await world.stored([bad!])).toEqual([bad]);
    expect(tellings(bad!)).toBe(1);
    expect(await aside()).toEqual([]);
  });

  test('to be told of is set aside, and told by a later run', async () => {
    const [good] = await world.place(1);
    const [bad] = await world.place(1);
    world.told.before = ({ whom }) => {
      if (whom === bad) throw new Error('too many signals');
    };
    expect(ordersOf(await world.sync())).toMatchObject({ kind: 'done', changed: 2 });
    expect(await aside()).toMatchObject([{ entity_id: bad, code: 'unavailable', reason: expect.stringContaining('too many signals') }]);
    expect([tellings(good!), tellings(bad!)]).toEqual([1, 0]);
    world.told.before = () => undefined;
    await world.sync();
    expect([tellings(good!), tellings(bad!)]).toEqual([1, 1]);
    expect(await aside()).toEqual([]);
  });

  test('because TikTok does not know it any more stays set aside, with that reason', async () => {
    await world.db.insertInto('shop_set_aside').values({ channel_id: world.uk.channel_id, kind: 'order', entity_id: '1', code: 'tiktok_bad_response', reason: 'broken' }).execute();
    await world.sync();
    expect(await aside()).toMatchObject([{ entity_id: '1', code: 'shop_order_not_found', times: 2 }]);
    await world.db.deleteFrom('shop_set_aside').execute();
  });
});

describe('A worker that stops in the middle', () => {
  test('is followed by one that goes on at the same page', async () => {
    const ids = await world.place(350, 5 * HOUR);
    await setBack(6 * HOUR);
    const taken: string[][] = [];
    let reached!: () => void;
    const atThird = new Promise<void>((resolve) => (reached = resolve));
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    world.hooks.beforeTake = async (page) => {
      taken.push(page);
      if (taken.length !== 3) return;
      reached();
      await released;
      throw new Error('the worker died');
    };
    const run = await world.startSync();
    await atThird;
    const { page_token } = await cursor();
    expect(page_token).not.toBeNull();
    const stopping = worker.stop();
    release();
    await stopping;
    worker = await world.startWorker();
    const outcome = ordersOf(await run.result());
    expect(outcome).toMatchObject({ kind: 'done' });
    expect(await world.stored(ids)).toHaveLength(350);
    expect(ids.every((id) => tellings(id) >= 1)).toBe(true);
    // The third page twice, and no other: the first two were not read again.
    expect(taken[3]).toEqual(taken[2]);
    const once = taken.slice(0, 3).concat(taken.slice(4)).flat();
    const inOverlap = new Set(taken.at(-1));
    const ofList = once.filter((id) => !inOverlap.has(id));
    expect(new Set(ofList).size).toBe(ofList.length);
  });
});

/** Orders as TikTok's search gives them. */
async function listed(ids: readonly string[]): Promise<{ id: string }[]> {
  const { data } = await world.sandbox.call('/order/202309/orders', { query: { ids: ids.join(',') } });
  return data.orders;
}
