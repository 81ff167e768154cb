import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { findJob } from '../../db/job.repository.ts';
import { eventually } from '../helpers/eventually.ts';
import { createSyncWorld, type SyncWorld } from '../helpers/shop-sync.ts';

const SEARCH = '/order/202309/orders/search';
const DAY = 86_400_000;

let world: SyncWorld;
let worker: { stop(): Promise<void> };
beforeAll(async () => {
  world = await createSyncWorld();
  worker = await world.startWorker();
});
afterAll(() => world.close());
afterEach(async () => {
  await world.sandbox.control('DELETE', '/faults');
  world.hooks.beforeTake = () => undefined;
  world.told.told = [];
});

const ended = (id: string) =>
  eventually(async () => {
    const job = await findJob(world.db, world.workspace_id, id);
    return job?.finished_at ? job : null;
  });

describe('A backfill of orders', () => {
  test('fetches 500 orders with the fewest calls, and has the open ones followed', async () => {
    const open = await world.place(450, 20 * DAY);
    const over = await world.place(50, 20 * DAY, { status: 'COMPLETED' });
    const before = await world.searches();
    const job = await ended(await world.backfill(30));
    expect(job).toMatchObject({ state: 'succeeded', failed: 0, errors: [], page_token: null });
    expect(job.total).toBe(job.done);
    expect(await world.stored([...open, ...over])).toHaveLength(500);
    const calls = Math.ceil(job.done / 100);
    expect([job.calls, (await world.searches()) - before]).toEqual([calls, calls]);
    const told = world.told.orders().map(({ whom, change }) => [whom, change?.source]);
    expect(told.filter(([, source]) => source !== 'backfill')).toEqual([]);
    expect(told.map(([id]) => id).filter((id) => open.includes(id!))).toHaveLength(450);
    expect(told.map(([id]) => id).filter((id) => over.includes(id!))).toEqual([]);
    expect(await world.db.selectFrom('shop_orders').select('first_source').distinct().execute()).toEqual([{ first_source: 'backfill' }]);

    world.told.told = [];
    const again = await ended(await world.backfill(30));
    expect(again).toMatchObject({ state: 'succeeded', done: job.done });
    expect(world.told.orders()).toEqual([]);
  });

  test('counts each order once where TikTok forgets the list in the middle', async () => {
    let takes = 0;
    world.hooks.beforeTake = async () => {
      if (++takes === 2) await world.sandbox.control('POST', '/page-tokens/expire');
    };
    const job = await ended(await world.backfill(30));
    expect(job).toMatchObject({ state: 'succeeded', failed: 0 });
    expect(job.done).toBe(job.total);
    expect(job.calls).toBe(Math.ceil(job.done / 100) + 1);
  });

  test('goes on at the same page where its worker stops', async () => {
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
    const id = await world.backfill(30);
    await atThird;
    expect(await findJob(world.db, world.workspace_id, id)).toMatchObject({ state: 'running', done: 200 });
    const stopping = worker.stop();
    release();
    await stopping;
    worker = await world.startWorker();
    const job = await ended(id);
    expect(job).toMatchObject({ state: 'succeeded' });
    expect(job.done).toBe(job.total);
    expect(taken[3]).toEqual(taken[2]);
    expect(new Set(taken.flat()).size).toBe(job.done);
    expect(taken.flat()).toHaveLength(job.done + 100);
  });

  test('names an order that can’t be read, and ends partly failed', async () => {
    const [id] = await world.place(1);
    const { data } = await world.sandbox.call('/order/202309/orders', { query: { ids: id! } });
    const broken = { ...data.orders[0], create_time: 'yesterday' };
    await world.sandbox.fault({ path: SEARCH, times: 1, answer: { status: 200, body: JSON.stringify({ code: 0, message: 'Success', request_id: 'r', data: { orders: [broken], next_page_token: '', total_count: 1 } }) } });
    const job = await ended(await world.backfill(1));
    expect(job).toMatchObject({ state: 'partly_failed', total: 1, done: 0, failed: 1, errors: [{ id, code: 'tiktok_bad_response', reason: expect.stringContaining('create_time') }] });
  });

  test('that TikTok refuses ends with its reason; one of a paused channel at once', async () => {
    await world.sandbox.fault({ path: SEARCH, times: 50, answer: { status: 200, code: 105005, message: 'Access denied: scope' } });
    expect(await ended(await world.backfill(1))).toMatchObject({ state: 'failed', state_code: 'shop_scope_missing', state_reason: expect.stringContaining('Access denied: scope') });
    await world.sandbox.control('DELETE', '/faults');
    await world.db.updateTable('channels').set({ state: 'paused', state_code: 'shop_reconnect_needed', state_reason: 'taken back' }).where('id', '=', world.uk.channel_id).execute();
    expect(await ended(await world.backfill(1))).toMatchObject({ state: 'failed', state_code: 'shop_channel_paused', calls: 0 });
  });
});
