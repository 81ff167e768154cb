import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createShopWorkflows } from '../../activities/shop/shop-workflows.ts';
import { createShopWebhookActivities } from '../../activities/shop/webhooks/webhook.activities.ts';
import { deleteSpent } from '../../db/retention.repository.ts';
import { reopenShopDelivery } from '../../db/shop-webhook.repository.ts';
import type { ProcessShopWebhooksInput, ShopWebhookTimings } from '../../domain/contracts/shop-webhook.ts';
import { shopWebhooksWorkflowId } from '../../domain/names.ts';
import { buildWorkflowBundle } from '../../workers/workflow-bundle.ts';
import { shopWebhooksQuery, wakeSignal } from '../../workflows/process-shop-webhook.messages.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { notedWorkflows, seedShop, seedWebhooks, type NotedWorkflows, type SeededShop, type WebhookSeed } from '../helpers/shop-webhooks.ts';
import { testTemporal, testTemporalAddress, type TestTemporal } from '../helpers/temporal.ts';

const QUICK: Partial<ShopWebhookTimings> = { retry_initial_ms: 50, retry_max_ms: 200, attempts: 3 };
let database: TestDatabase;
let temporal: TestTemporal;
let told: NotedWorkflows;
let queue: string;

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  queue = `${temporal.taskQueue}-shop`;
  told = notedWorkflows(createShopWorkflows(temporal.client, `${temporal.taskQueue}-`));
  await temporal.runWorker({ taskQueue: queue, activities: createShopWebhookActivities({ db: database.db, workflows: told, logger: quietLog }) });
});
afterEach(async () => {
  told.before = () => undefined;
  told.told.length = 0;
  await database.db.deleteFrom('shop_webhooks').execute();
});
afterAll(async () => {
  await temporal.close();
  await database.drop();
});

const order = (order_id: string, update_time = 100): WebhookSeed => ({ data: { order_id, order_status: 'AWAITING_SHIPMENT', update_time } });
const seed = (shop: SeededShop, seeds: readonly WebhookSeed[]): Promise<string[]> => seedWebhooks(database, seeds.map((each) => ({ shop_id: shop.shop_id, ...each })));
const start = (shop_id: string, over: Partial<ProcessShopWebhooksInput> = {}, taskQueue = queue) =>
  temporal.client.workflow.signalWithStart('processShopWebhook', {
    taskQueue,
    workflowId: shopWebhooksWorkflowId(shop_id),
    args: [{ shop_id, timings: QUICK, ...over } satisfies ProcessShopWebhooksInput],
    signal: wakeSignal,
  });
const process = async (shop_id: string, over?: Partial<ProcessShopWebhooksInput>): Promise<void> => (await start(shop_id, over)).result();
const rows = () => database.db.selectFrom('shop_webhooks').selectAll().orderBy('seq').execute();
const row = (id: string) => database.db.selectFrom('shop_webhooks').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const states = async (): Promise<string[]> => (await rows()).map(({ state }) => state);

test('each order is told once, of the newest time, and each kind of news by itself', async () => {
  const shop = await seedShop(database.db);
  const times = [5, 9, 2, 7, 3, 8, 1, 6, 4, 9];
  await seed(shop, [
    ...times.map((time) => order('1', time)),
    order('2', 50),
    { type: 3, data: { order_id: '2', update_time: 60 } },
    { type: 4, data: { sc_type: 'COMBINE', package_list: [{ package_id: 'p', order_id_list: ['1', '2'] }], update_time: 70 } },
    { type: 11, data: { order_id: '2', cancel_id: 'c', cancel_status: 'CANCELLATION_REQUEST_PENDING', create_time: 1 } },
    { type: 12, data: { order_id: '1', return_id: 'r', return_status: 'RETURN_OR_REFUND_REQUEST_PENDING', update_time: 1 } },
    { type: 36, data: { package_id: 'p', order_ids: ['3'], invoice_status: 'NEED_INVOICE' } },
    { type: 5, data: { product_id: '17', status: 'PRODUCT_STATUS_CHANGED' } },
    { type: 15, data: { product_id: '17', changed_fields: ['title'] } },
    { type: 16, data: { product_id: '18' } },
    { type: 27, data: { product_id: '19', sku_id: 's' } },
    { type: 37, data: { product_id: '20' } },
  ]);
  await process(shop.shop_id);
  const news = told.orders().map(({ whom, change }) => [whom, change?.news, change?.update_time_ms, change?.source]);
  expect(news.sort()).toEqual([
    ['1', 'order', 9_000, 'webhook'],
    ['1', 'package', null, 'webhook'],
    ['1', 'return', null, 'webhook'],
    ['2', 'cancellation', null, 'webhook'],
    ['2', 'order', 60_000, 'webhook'],
    ['2', 'package', null, 'webhook'],
    ['3', 'package', null, 'webhook'],
  ]);
  expect(told.told.filter(({ what }) => what === 'productsChanged').map(({ whom }) => whom)).toEqual(['17,18,19,20']);
  expect(new Set(await states())).toEqual(new Set(['processed']));
  expect((await rows()).every(({ attempts, processed_at, outcome }) => attempts === 1 && processed_at !== null && outcome !== null)).toBe(true);
  await process(shop.shop_id);
  expect(told.told).toHaveLength(8);
});

test('what concerns nobody is kept with the reason: an unknown type, data that is not as documented, no order, a shop that nobody has, no shop', async () => {
  const shop = await seedShop(database.db);
  const stranger = await seedShop(database.db, { state: 'disconnected' });
  const ids = await seed(shop, [{ type: 13, data: { x: 1 } }, { type: 1, data: { order_id: '1' } }, { type: 36, data: { order_ids: [] } }]);
  const [unowned] = await seed(stranger, [order('1')]);
  const [shopless] = await seedWebhooks(database, [{ type: 20 }]);
  await Promise.all([process(shop.shop_id), process(stranger.shop_id), process('')]);
  expect(await row(ids[0]!)).toMatchObject({ state: 'ignored', outcome: 'ignored: nothing here is concerned by type 13', channel_id: shop.channel_id });
  expect((await row(ids[1]!)).outcome).toMatch(/^ignored: its data is not as documented for type 1: order_status/);
  expect((await row(ids[2]!)).outcome).toBe('ignored: it names no order');
  expect(await row(unowned!)).toMatchObject({ state: 'ignored', outcome: 'ignored: no workspace has this shop', workspace_id: null });
  expect(await row(shopless!)).toMatchObject({ state: 'ignored', outcome: 'ignored: it names no shop' });
  expect(told.told).toEqual([]);
});

test('a webhook that came before its shop was connected belongs to whoever has the shop when it is processed', async () => {
  const shop_id = `late-${Date.now()}`;
  const [id] = await seedWebhooks(database, [{ ...order('1'), shop_id }]);
  expect((await row(id!)).workspace_id).toBeNull();
  const shop = await seedShop(database.db, { shop_id });
  await process(shop_id);
  expect(await row(id!)).toMatchObject({ state: 'processed', workspace_id: shop.workspace_id, channel_id: shop.channel_id });
});

test('of a paused channel nothing is told but what is about its authorization; resumed, it is processed', async () => {
  const shop = await seedShop(database.db, { state: 'paused' });
  const [kept, deauthorized] = await seed(shop, [order('1'), { type: 6, data: { message: 'gone' } }, { type: 7, data: { message: 'soon', expiration_time: '1900000000' } }]);
  await process(shop.shop_id);
  expect(told.told.map(({ what, whom }) => [what, whom]).sort()).toEqual([
    ['deauthorized', shop.authorization_id],
    ['expiring', shop.authorization_id],
  ]);
  expect((await row(deauthorized!)).state).toBe('processed');
  expect(await row(kept!)).toMatchObject({ state: 'received', attempts: 0 });
  await database.db.updateTable('shop_webhooks').set({ received_at: new Date(Date.now() - 60_000) }).execute();
  const sweep = () => temporal.client.workflow.execute('sweepShopWebhooks', { taskQueue: queue, workflowId: `sweep-${Math.random()}` });
  expect(await sweep()).toBe(0);
  await database.db.updateTable('channels').set({ state: 'active' }).where('id', '=', shop.channel_id).execute();
  expect(await sweep()).toBe(1);
  await eventually(async () => (await row(kept!)).state === 'processed');
  expect(told.orders()).toHaveLength(1);
});

test('the end of an authorization that was given anew since is not passed on', async () => {
  const shop = await seedShop(database.db);
  const [id] = await seed(shop, [{ type: 6, data: { message: 'gone' }, timestamp: Math.floor(Date.now() / 1_000) - 3_600 }]);
  await process(shop.shop_id);
  expect(await row(id!)).toMatchObject({ state: 'ignored', outcome: 'ignored: the shop was connected again since' });
  expect(told.told).toEqual([]);
});

test('one that can not be passed on holds nobody up, is tried again, and fails with its reason; then a person has it tried anew', async () => {
  const shop = await seedShop(database.db);
  told.before = ({ whom }) => {
    if (whom === 'poison') throw new Error('this order is cursed');
  };
  const [poisonous] = await seed(shop, [order('poison'), ...Array.from({ length: 20 }, (_, index) => order(`good-${index}`))]);
  // Room for one at a time: the poisonous one stands before all others but for its attempts.
  const handle = await start(shop.shop_id, { timings: { ...QUICK, batch: 5 } });
  await eventually(() => told.orders().length === 20);
  await handle.result();
  expect(await row(poisonous!)).toMatchObject({ state: 'failed', attempts: 3, outcome: 'given up: this order is cursed' });
  expect((await states()).filter((state) => state === 'processed')).toHaveLength(20);

  told.before = () => undefined;
  await reopenShopDelivery(database.db, shop.workspace_id, poisonous!);
  await process(shop.shop_id);
  expect(await row(poisonous!)).toMatchObject({ state: 'processed', attempts: 1, replays: 1, outcome: 'order poison was told' });
  // However new the row is: a person wants it asked for.
  expect(told.orders().at(-1)).toMatchObject({ whom: 'poison', change: { update_time_ms: null } });
});

test('new webhooks do not wait for those that wait to be tried again', async () => {
  const shop = await seedShop(database.db);
  told.before = ({ whom }) => {
    if (whom === 'poison') throw new Error('not now');
  };
  const [poisonous] = await seed(shop, [order('poison')]);
  const handle = await start(shop.shop_id, { timings: { retry_initial_ms: 3_600_000, retry_max_ms: 3_600_000 } });
  await eventually(async () => (await row(poisonous!)).attempts === 1);
  for (const id of ['a', 'b']) {
    await seed(shop, [order(id)]);
    await handle.signal(wakeSignal);
    await eventually(() => told.orders().some(({ whom }) => whom === id));
  }
  expect(await row(poisonous!)).toMatchObject({ state: 'received', attempts: 1, outcome: 'tried again: not now' });
  await eventually(async () => (await handle.query(shopWebhooksQuery)).processed === 2);
  expect(await handle.query(shopWebhooksQuery)).toMatchObject({ waiting: 1 });
  await handle.terminate();
});

test('a Temporal that does not answer in time costs a webhook no attempt of its own', async () => {
  const shop = await seedShop(database.db);
  const impatient = createShopWorkflows(temporal.client, 'nobody-', 0);
  let failures = 0;
  told.before = ({ whom }) => {
    if (failures >= 4) return;
    failures += 1;
    return impatient.orderChanged({ channel_id: shop.channel_id, workspace_id: shop.workspace_id, order_id: whom }, { source: 'webhook', news: 'order', update_time_ms: null });
  };
  const [id] = await seed(shop, [order('1')]);
  await process(shop.shop_id);
  expect(failures).toBe(4);
  expect(await row(id!)).toMatchObject({ state: 'processed' });
});

test('a replay that comes while the webhook is processed has it processed once more', async () => {
  const shop = await seedShop(database.db);
  const [id] = await seed(shop, [order('1')]);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let isHeld = false;
  told.before = () => {
    isHeld = true;
    return held;
  };
  const handle = await start(shop.shop_id);
  await eventually(() => isHeld);
  await reopenShopDelivery(database.db, shop.workspace_id, id!);
  await handle.signal(wakeSignal);
  release();
  await handle.result();
  expect(await row(id!)).toMatchObject({ state: 'processed', replays: 1 });
  expect(told.orders()).toHaveLength(2);
});

test('many webhooks go through several runs of the workflow, batch by batch', async () => {
  const shop = await seedShop(database.db);
  await seed(shop, Array.from({ length: 45 }, (_, index) => order(`o${index}`)));
  await process(shop.shop_id, { timings: { ...QUICK, batch: 4, max_history: 20 } });
  expect(new Set(await states())).toEqual(new Set(['processed']));
  expect(told.orders()).toHaveLength(45);
  const { raw } = await temporal.client.workflow.getHandle(shopWebhooksWorkflowId(shop.shop_id)).describe();
  expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
});

test('a worker that dies in the middle leaves nothing behind: another one tells those who were not told', async () => {
  const shop = await seedShop(database.db);
  await seed(shop, Array.from({ length: 30 }, (_, index) => order(`k${index}`)));
  const own = `${queue}-killed`;
  const dying = notedWorkflows(told);
  let bury = (): void => undefined;
  const dead = new Promise<void>((_, reject) => (bury = () => reject(new Error('dead'))));
  dying.before = () => (dying.told.length >= 12 ? dead : undefined);
  const connection = await NativeConnection.connect({ address: testTemporalAddress() });
  const killed = await Worker.create({
    connection,
    taskQueue: own,
    workflowBundle: await buildWorkflowBundle(),
    activities: createShopWebhookActivities({ db: database.db, workflows: dying, logger: quietLog }),
    shutdownForceTime: '500ms',
  });
  const running = killed.run();
  const handle = await start(shop.shop_id, {}, own);
  await eventually(() => dying.told.length >= 12);
  expect(dying.told.length).toBeLessThan(30);
  killed.shutdown();
  await expect(running).rejects.toThrow();
  expect(new Set(await states())).toEqual(new Set(['received']));
  await temporal.runWorker({ taskQueue: own, activities: createShopWebhookActivities({ db: database.db, workflows: told, logger: quietLog }) });
  await handle.result();
  expect(new Set(await states())).toEqual(new Set(['processed']));
  expect(new Set(told.orders().map(({ whom }) => whom)).size).toBe(30);
  bury();
  await eventually(() => connection.close().then(() => true));
}, 90_000);

test('settled webhooks are deleted after 30 days; those that wait are not', async () => {
  const shop = await seedShop(database.db);
  const ids = await seed(shop, [order('1'), order('2'), order('3')]);
  const old = new Date(Date.now() - 31 * 86_400_000);
  await database.db.updateTable('shop_webhooks').set({ received_at: old }).execute();
  await database.db.updateTable('shop_webhooks').set({ state: 'processed', processed_at: old }).where('id', '=', ids[0]!).execute();
  await database.db.updateTable('shop_webhooks').set({ state: 'failed', processed_at: new Date() }).where('id', '=', ids[1]!).execute();
  await deleteSpent(database.db);
  expect((await rows()).map(({ id }) => id)).toEqual(ids.slice(1));
});
