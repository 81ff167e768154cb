import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { applyRequests, failChannelRequests, takeDue } from '../../db/inventory-request-queue.repository.ts';
import { insertInventoryRequests } from '../../db/inventory-request.repository.ts';
import type { NewInventoryRequest } from '../../domain/contracts/shop-job.ts';
import { isAllowed, WORKSPACE_ROLES } from '../../domain/permissions.ts';
import { faultsIn } from '../helpers/posts.ts';
import { seedPlainChannel } from '../helpers/shop-events.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

const PRODUCT = '1729000000000000001';
const OTHER_PRODUCT = '1729000000000000002';
const [RED, BLUE, CHAIR, FOREIGN] = ['1729000000000000011', '1729000000000000012', '1729000000000000021', '1729000000000000031'] as const;
const MANY = '/products/inventory-update/multiple';

let api: TestApi;
let owner: Person;
let channel_uid: string;
let second_uid: string;
let awaitJob: TestApi['temporal']['shop']['awaitJob'];
beforeAll(async () => {
  api = await createTestApi();
  ({ awaitJob } = api.temporal.shop);
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  channel_uid = await channelOf(owner);
  second_uid = await channelOf(owner);
  await seedSkus(channel_uid, owner, [[RED, PRODUCT, 'LAMP-RED'], [BLUE, PRODUCT, 'LAMP-BLUE'], [CHAIR, OTHER_PRODUCT, 'CHAIR']]);
  await seedSkus(second_uid, owner, [[FOREIGN, PRODUCT, 'FOREIGN']]);
  api.temporal.calls.length = 0;
  api.temporal.answers.awaitJob = true;
  api.temporal.shop.awaitJob = awaitJob;
});

const channelOf = async (person: Person, state?: 'active' | 'paused' | 'disconnected') => (await seedPlainChannel(api.deps.db, person.workspace_id, state)).channel_id;
const seedSkus = (channel_id: string, { workspace_id }: Person, skus: [string, string, string][]) =>
  api.deps.db.insertInto('shop_skus').values(skus.map(([sku_id, product_id, seller_sku]) => ({ channel_id, workspace_id, sku_id, product_id, seller_sku, warehouses: '[]' }))).execute();
const call = <T = any>(method: string, path: string, body?: unknown, token = owner.token) => api.call<T>(method, path, { token, body }); // eslint-disable-line @typescript-eslint/no-explicit-any
const setOne = (skus: unknown, { product = PRODUCT, channel = channel_uid, token = owner.token } = {}) => call('POST', `/products/${product}/inventory/update?channel_uid=${channel}`, { skus }, token);
const setMany = (items: unknown, token = owner.token) => call('POST', MANY, { items }, token);
const item = (over: object = {}) => ({ channel_uid, sku_id: RED, quantity: 5, ...over });
const stored = async () => {
  const jobs = await api.deps.db.selectFrom('jobs').select('id').where('workspace_id', '=', owner.workspace_id).execute();
  return { jobs: jobs.length, requests: await api.deps.db.selectFrom('inventory_requests').selectAll().where('workspace_id', '=', owner.workspace_id).orderBy('seq').execute() };
};

/** The job's workflow in short: what can not be sent fails as it does there, and of the rest TikTok shows three units less. */
function settling(): void {
  api.temporal.shop.awaitJob = async () => {
    for (const channel_id of [channel_uid, second_uid]) {
      const due = await takeDue(api.deps.db, { channel_id, workspace_id: owner.workspace_id }, 1_000);
      await api.deps.db.transaction().execute((trx) => applyRequests(trx, due.map(({ id, quantity, product_id }) => ({ id, sent_quantity: quantity - 3, product_id: product_id! }))));
    }
    return true;
  };
}

describe('Stock of one product', () => {
  test('is kept with its job, and answered with a result for each SKU', async () => {
    settling();
    const as_of = '2026-01-02T03:04:05.000Z';
    const { status, headers, body } = await setOne([{ sku_id: RED, quantity: 40, as_of }, { sku_id: BLUE, quantity: 30, basis: 'available', warehouse_id: '71' }]);
    expect(status).toBe(200);
    expect(headers.get('location')).toBe(`/jobs/${body.job_id}`);
    expect(body.items).toEqual([
      { id: expect.any(String), channel_uid, job_id: body.job_id, source: 'http', product_id: PRODUCT, sku_id: RED, seller_sku: null, warehouse_id: null, quantity: 40, basis: 'on_hand', as_of, state: 'applied', sent_quantity: 37, code: null, reason: null, created_at: expect.any(String), finished_at: expect.any(String) },
      expect.objectContaining({ sku_id: BLUE, warehouse_id: '71', quantity: 30, basis: 'available', state: 'applied', sent_quantity: 27 }),
    ]);
    expect(api.temporal.calls).toEqual([{ name: 'startJob', args: ['inventory_update', { job_id: body.job_id, workspace_id: owner.workspace_id, channel_id: channel_uid }] }]);
    expect((await call('GET', `/jobs/${body.job_id}`)).body).toMatchObject({ id: body.job_id, kind: 'inventory_update', total: 2 });
  });

  test('of a SKU of another product or shop fails alone, by its code and reason', async () => {
    settling();
    const { status, body } = await setOne([{ sku_id: CHAIR, quantity: 5 }, { sku_id: FOREIGN, quantity: 5 }, { sku_id: RED, quantity: 5 }]);
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { sku_id: CHAIR, state: 'failed', code: 'shop_sku_foreign', reason: expect.any(String), sent_quantity: null },
      { sku_id: FOREIGN, state: 'failed', code: 'shop_sku_foreign' },
      { sku_id: RED, state: 'applied', code: null },
    ]);
  });

  test('takes the fewest and the most that TikTok takes, and one SKU once for each warehouse', async () => {
    const skus = [{ sku_id: RED, quantity: 0, warehouse_id: '1' }, { sku_id: RED, quantity: 99_999, warehouse_id: '2' }];
    expect((await setOne(skus)).status).toBe(202);
    expect((await stored()).requests).toMatchObject(skus);
  });

  test('that takes longer is 202, and kept', async () => {
    api.temporal.answers.awaitJob = false;
    const { status, headers, body } = await setOne([{ sku_id: RED, quantity: 40 }]);
    expect([status, headers.get('location')]).toEqual([202, `/jobs/${body.job_id}`]);
    expect(body.items).toMatchObject([{ sku_id: RED, state: 'received', sent_quantity: null, finished_at: null }]);
  });

  test('is kept where Temporal is away', async () => {
    const { startJob } = api.temporal.shop;
    api.temporal.shop.startJob = () => Promise.reject(new Error('Temporal is away'));
    const { status, body } = await setOne([{ sku_id: RED, quantity: 40 }]);
    api.temporal.shop.startJob = startJob;
    expect([status, body.items[0].state]).toEqual([202, 'received']);
    expect(await stored()).toMatchObject({ jobs: 1, requests: [{ job_id: body.job_id, sku_id: RED, quantity: 40 }] });
    expect(api.log()).toContain('the job is kept, and could not be followed');
  });

  test.each([
    ['no SKU', () => ({ skus: [] }), ['skus']],
    ['nothing', () => ({}), ['skus']],
    ['more than 100', () => ({ skus: Array.from({ length: 101 }, (_, index) => ({ sku_id: String(index), quantity: 1 })) }), ['skus']],
    ['below zero, over the most, and parts of units', () => ({ skus: [-1, 100_000, 1.5, '7', null].map((quantity, index) => ({ sku_id: String(index), quantity })) }), ['skus.0.quantity', 'skus.1.quantity', 'skus.2.quantity', 'skus.3.quantity', 'skus.4.quantity']],
    ['the same SKU twice', () => ({ skus: [{ sku_id: RED, quantity: 1 }, { sku_id: BLUE, quantity: 1 }, { sku_id: RED, quantity: 2 }] }), ['skus.2']],
    ['bad ids', () => ({ skus: [{ sku_id: 'x', quantity: 1 }, { sku_id: '1'.repeat(21), quantity: 1, warehouse_id: "1' or 1=1" }] }), ['skus.0.sku_id', 'skus.1.sku_id', 'skus.1.warehouse_id']],
    ['a count of tomorrow, no time at all, and an unknown basis', () => ({ skus: [{ sku_id: RED, quantity: 1, as_of: new Date(Date.now() + 86_400_000).toISOString() }, { sku_id: BLUE, quantity: 1, as_of: 'noon', basis: 'guessed' }] }), ['skus.0.as_of', 'skus.1.as_of', 'skus.1.basis']],
    ['what nobody asked for', () => ({ skus: [{ sku_id: RED, quantity: 1, price: 3 }] }), ['skus.0.price']],
  ])('with %s is named by field, and nothing is kept', async (_what, body, fields) => {
    const answer = await call('POST', `/products/${PRODUCT}/inventory/update?channel_uid=${channel_uid}`, body());
    expect([answer.status, Object.keys(faultsIn(answer.body)).sort()]).toEqual([422, fields]);
    expect(await stored()).toEqual({ jobs: 0, requests: [] });
    expect(api.temporal.calls).toEqual([]);
  });

  test('of a path that names no product or channel is refused', async () => {
    const skus = [{ sku_id: RED, quantity: 1 }];
    expect(faultsIn((await setOne(skus, { product: 'lamp' })).body)).toEqual({ product_id: expect.any(String) });
    expect(faultsIn((await setOne(skus, { channel: 'uk' })).body)).toEqual({ channel_uid: expect.any(String) });
    expect(faultsIn((await call('POST', `/products/${PRODUCT}/inventory/update`, { skus })).body)).toEqual({ channel_uid: expect.any(String) });
    expect(await stored()).toEqual({ jobs: 0, requests: [] });
  });
});

describe('Stock of many channels', () => {
  test('is one job, with results in the order of the request', async () => {
    settling();
    const { status, headers, body } = await setMany([
      { channel_uid: second_uid, sku_id: FOREIGN, quantity: 10 },
      item({ sku_id: undefined, seller_sku: 'LAMP-RED', quantity: 20 }),
      item({ sku_id: BLUE, product_id: OTHER_PRODUCT }),
      item({ sku_id: undefined, seller_sku: 'NOBODY' }),
    ]);
    expect([status, headers.get('location')]).toEqual([200, `/jobs/${body.job_id}`]);
    expect(body.items).toMatchObject([
      { channel_uid: second_uid, sku_id: FOREIGN, state: 'applied', sent_quantity: 7 },
      { channel_uid, sku_id: RED, seller_sku: 'LAMP-RED', product_id: PRODUCT, state: 'applied', sent_quantity: 17 },
      { channel_uid, sku_id: BLUE, state: 'failed', code: 'shop_sku_foreign' },
      { channel_uid, sku_id: null, seller_sku: 'NOBODY', state: 'failed', code: 'shop_sku_not_found', reason: expect.stringContaining('No SKU of this channel') },
    ]);
    expect(api.temporal.calls).toEqual([{ name: 'startJob', args: ['inventory_update', { job_id: body.job_id, workspace_id: owner.workspace_id, channel_id: null }] }]);
    expect(await stored()).toMatchObject({ jobs: 1 });
  });

  test('may be of 1,000 SKUs, in a request of one channel', async () => {
    settling();
    const { status, body } = await setMany(Array.from({ length: 1_000 }, (_, index) => item({ sku_id: undefined, seller_sku: `${'x'.repeat(90)}${index}`, as_of: '2026-01-02T03:04:05.000Z' })));
    expect([status, body.items.length]).toEqual([200, 1_000]);
    expect(body.items[999]).toMatchObject({ seller_sku: `${'x'.repeat(90)}999`, code: 'shop_sku_not_found' });
    expect(api.temporal.calls[0]!.args[1]).toMatchObject({ channel_id: channel_uid });
  });

  test.each([
    ['nothing', () => [], ['items']],
    ['more than 1,000', () => Array.from({ length: 1_001 }, (_, index) => item({ sku_id: String(index) })), ['items']],
    ['both names and neither', () => [item({ seller_sku: 'LAMP-RED' }), item({ sku_id: undefined })], ['items.0.sku_id', 'items.1.sku_id']],
    ['the same SKU twice', () => [item(), item({ channel_uid: second_uid }), item({ quantity: 6 }), item({ sku_id: undefined, seller_sku: 'A' }), item({ sku_id: undefined, seller_sku: 'A' })], ['items.2', 'items.4']],
    ['a name that no database holds', () => [item({ sku_id: undefined, seller_sku: 'A\0' })], ['items.0.seller_sku']],
    ['bad quantities', () => [item({ quantity: -1 }), item({ sku_id: BLUE, quantity: 100_000 })], ['items.0.quantity', 'items.1.quantity']],
    ['no channel', () => [item({ channel_uid: undefined }), item({ channel_uid: 'uk' })], ['items.0.channel_uid', 'items.1.channel_uid']],
    ['an unknown channel', () => [item(), item({ channel_uid: randomUUID() })], ['items.1.channel_uid']],
  ])('with %s is named by field, and nothing is kept', async (_what, items, fields) => {
    const answer = await setMany(items());
    expect([answer.status, Object.keys(faultsIn(answer.body)).sort()]).toEqual([422, fields]);
    expect(await stored()).toEqual({ jobs: 0, requests: [] });
  });

  test('beyond half a megabyte is refused before it is read', async () => {
    expect((await setMany([item({ note: 'x'.repeat(600_000) })])).status).toBe(413);
  });
});

describe('A channel', () => {
  test('of another workspace gets no stock', async () => {
    const stranger = await api.person();
    const skus = [{ sku_id: RED, quantity: 1 }];
    expect((await setOne(skus, { token: stranger.token })).status).toBe(404);
    const many = await setMany([item()], stranger.token);
    expect([many.status, faultsIn(many.body)]).toEqual([422, { 'items.0.channel_uid': 'is no channel of this workspace' }]);
    expect((await setOne(skus, { channel: randomUUID() })).status).toBe(404);
    expect(await api.deps.db.selectFrom('inventory_requests').select('id').where('channel_id', '=', channel_uid).execute()).toEqual([]);
  });

  test('that is paused keeps its values; one that was disconnected takes none', async () => {
    const [paused, gone] = [await channelOf(owner, 'paused'), await channelOf(owner, 'disconnected')];
    const skus = [{ sku_id: RED, quantity: 1 }];
    const kept = await setOne(skus, { channel: paused });
    expect([kept.status, kept.body.items[0].state]).toEqual([202, 'received']);
    expect((await setMany([item({ channel_uid: paused })])).status).toBe(202);
    const before = await stored();
    expect(await setOne(skus, { channel: gone })).toMatchObject({ status: 409, body: { code: 'shop_channel_disconnected' } });
    expect(Object.keys(faultsIn((await setMany([item(), item({ channel_uid: gone })])).body))).toEqual(['items.1.channel_uid']);
    expect(await stored()).toEqual(before);
  });

  test('that is disconnected while its values wait says so in each', async () => {
    api.temporal.shop.awaitJob = async () => {
      await failChannelRequests(api.deps.db, channel_uid, 'shop_channel_disconnected', 'This shop was disconnected.');
      return true;
    };
    expect(await setMany([item(), item({ sku_id: BLUE })])).toMatchObject({ status: 200, body: { items: [{ code: 'shop_channel_disconnected' }, { code: 'shop_channel_disconnected' }] } });
  });
});

describe('The list of values', () => {
  const ask = (query = '', token = owner.token) => call('GET', `${MANY}${query}`, undefined, token);
  const value = (over: Partial<NewInventoryRequest> = {}): NewInventoryRequest => ({ channel_id: channel_uid, workspace_id: owner.workspace_id, source: 'http', job_id: null, dedupe_key: null, product_id: null, sku_id: RED, seller_sku: null, warehouse_id: null, quantity: 1, basis: 'on_hand', as_of_ms: Date.now(), ...over });
  const quantities = ({ body }: { body: { items: { quantity: number }[] } }) => body.items.map(({ quantity }) => quantity);

  test('is paged, newest first, and the workspace’s own', async () => {
    await insertInventoryRequests(api.deps.db, [1, 2, 3, 4, 5].map((quantity) => value({ quantity })));
    const first = await ask('?limit=2');
    const second = await ask(`?limit=2&cursor=${first.body.next_cursor}`);
    const third = await ask(`?limit=2&cursor=${second.body.next_cursor}`);
    expect([first, second, third].map(quantities)).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.body.next_cursor).toBeNull();
    const stranger = await api.person();
    expect((await ask('', stranger.token)).body).toEqual({ items: [], next_cursor: null });
    expect((await ask(`?channel_uid=${channel_uid}`, stranger.token)).body.items).toEqual([]);
  });

  test('is filtered by channel, SKU, source, state and job', async () => {
    await insertInventoryRequests(api.deps.db, [value({ quantity: 1 }), value({ quantity: 2, channel_id: second_uid, sku_id: FOREIGN }), value({ quantity: 3, source: 'rabbitmq', sku_id: BLUE }), value({ quantity: 4, source: 'rule' })]);
    await failChannelRequests(api.deps.db, second_uid, 'shop_channel_disconnected', 'gone');
    api.temporal.answers.awaitJob = false;
    const { body } = await setOne([{ sku_id: BLUE, quantity: 5 }]);
    expect(quantities(await ask(`?channel_uid=${second_uid}`))).toEqual([2]);
    expect(quantities(await ask(`?sku_id=${BLUE}`))).toEqual([5, 3]);
    expect(quantities(await ask('?source=rabbitmq,rule'))).toEqual([4, 3]);
    expect(quantities(await ask('?state=failed'))).toEqual([2]);
    expect(quantities(await ask(`?job_id=${body.job_id}`))).toEqual([5]);
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['state=lost', 'state'],
    ['source=fax', 'source'],
    ['job_id=1', 'job_id'],
    ['channel_uid=uk', 'channel_uid'],
    ['sku_id=1%00', 'sku_id'],
  ])('names what is wrong in its query: %s', async (query, field) => {
    const { status, body } = await ask(`?${query}`);
    expect([status, Object.keys(faultsIn(body)).map((name) => name.split('.')[0])]).toEqual([422, [field]]);
  });
});

test('A slash at the end changes nothing', async () => {
  expect((await call('POST', `/products/${PRODUCT}/inventory/update/?channel_uid=${channel_uid}`, { skus: [{ sku_id: RED, quantity: 1 }] })).status).toBe(202);
  expect((await call('POST', `${MANY}/`, { items: [item()] })).status).toBe(202);
  expect((await call('GET', `${MANY}/?limit=1`)).body.items).toHaveLength(1);
});

test('The warehouse sets stock, as owners and admins do; sales may look; others see none of it', async () => {
  for (const role of WORKSPACE_ROLES) {
    const { token } = await api.person(role, owner.workspace_id);
    const statuses = [(await setOne([{ sku_id: RED, quantity: 1 }], { token })).status, (await setMany([item()], token)).status, (await call('GET', MANY, undefined, token)).status];
    const [edit, view] = [isAllowed(role, 'inventory.edit') ? 202 : 403, isAllowed(role, 'inventory.view') ? 200 : 403];
    expect([role, ...statuses]).toEqual([role, edit, edit, view]);
  }
  expect(WORKSPACE_ROLES.filter((role) => isAllowed(role, 'inventory.edit'))).toEqual(['owner', 'admin', 'warehouse']);
  expect(WORKSPACE_ROLES.filter((role) => isAllowed(role, 'inventory.view'))).toEqual(['owner', 'admin', 'sales', 'warehouse']);
  expect((await api.call('POST', MANY, { body: { items: [item()] } })).status).toBe(401);
});
