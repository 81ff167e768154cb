import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { FollowOrderInput } from '../../activities/shop/orders/follow-order.ts';
import { newId } from '../../db/ids.ts';
import type { FollowedOrder, ShipAnswer, ShipRequest } from '../../domain/contracts/shop-order.ts';
import { shipUpdate } from '../../workflows/fulfil-order.messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { ordersOf, QUICK } from '../helpers/shop-orders-world.ts';
import { INDONESIA, UK } from '../helpers/shop-sandbox.ts';
import { createShopWorld, type ShopWorld, type WorldChannel } from '../helpers/shop-world.ts';

const HOUR = 3_600_000;
const ROYAL_MAIL = '7117858858072016645';
let world: ShopWorld;
let orders: ReturnType<typeof ordersOf>;
/** In the place of the activity. */
let held: (input: FollowOrderInput) => Promise<FollowedOrder>;

beforeAll(async () => {
  world = await createShopWorld({ workflows: { wakeStock: async () => undefined, wakeWebhooks: async () => undefined } });
  orders = ordersOf(world);
  held = orders.activities.followOrder;
  await world.worker({ ...orders.activities, followOrder: (input: FollowOrderInput) => held(input) });
});
afterEach(() => world.sandbox.control('DELETE', '/faults'));
afterAll(() => world.close());

const channelOf = (shop: string): WorldChannel => (shop === UK ? world.uk : world.indonesia);
/** The order is brought there at TikTok, and its workflow is told. */
async function step(shop: string, id: string, action: string, input: object = {}, news: 'order' | 'package' | 'cancellation' | 'return' = 'order'): Promise<void> {
  await world.sandbox.control('POST', `/orders/${id}/${action}`, input);
  await orders.tell(channelOf(shop), id, { news });
}
const placed = async (shop: string, input: object = {}): Promise<{ id: string; lines: { id: string }[] }> => {
  const order = await world.sandbox.newOrder(shop, { quiet: true, ...input });
  await orders.tell(channelOf(shop), order.id);
  return order;
};
const two = async (shop: string) => {
  const { products } = await world.sandbox.control('POST', '/products', { shop_id: world.sandbox.shopId(shop), quantity: 50 });
  return { items: [{ sku_id: products[0].skus[0].id, quantity: 2 }] };
};
const becomes = (id: string, status: string) => eventually(async () => ((await orders.row(id))?.status === status ? true : (await orders.row(id))?.status ?? null) === true);
const ended = (shop: string, id: string) => orders.handle(channelOf(shop), id).result();
const changes = async (id: string) => (await orders.messages(id)).map(({ change }) => change);
const gapless = async (id: string) => {
  const numbers = (await orders.messages(id)).map(({ sequence }) => sequence);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
};
async function ship(shop: string, order_id: string, request: ShipRequest): Promise<ShipAnswer> {
  const { channel_id, workspace_id } = channelOf(shop);
  const shipment_id = newId();
  await world.db
    .insertInto('shop_shipments')
    .values({ id: shipment_id, workspace_id, channel_id, order_id, package_id: 'package_id' in request ? request.package_id : null, request: JSON.stringify(request), fingerprint: shipment_id, state: 'requested' })
    .execute();
  return orders.handle(channelOf(shop), order_id).executeUpdate(shipUpdate, { args: [{ shipment_id }] });
}
const readsOfOrders = async (): Promise<number> => (await world.sandbox.control('GET', '/calls')).calls.filter(({ path }: { path: string }) => path.endsWith('/orders') && path.startsWith('/order/')).length;
const deadlineIn = (ms: number) => world.sandbox.settings({ life: { ship_within_ms: ms } });

test.each([UK, INDONESIA])('An order of %s goes its whole way, told of once at each step, and its workflow ends', async (shop) => {
  const { id } = await placed(shop, { status: 'UNPAID' });
  await becomes(id, 'UNPAID');
  expect(await orders.reservations(id)).toEqual([]);
  await step(shop, id, 'pay');
  if (shop === UK) {
    await becomes(id, 'ON_HOLD');
    await step(shop, id, 'release');
  }
  await becomes(id, 'AWAITING_SHIPMENT');
  expect(await orders.reservations(id)).toEqual(['held']);
  for (const [action, status] of [['ship', 'AWAITING_COLLECTION'], ['scan', 'IN_TRANSIT'], ['deliver', 'DELIVERED'], ['complete', 'COMPLETED']] as const) {
    await step(shop, id, action);
    await becomes(id, status);
  }
  await ended(shop, id);
  expect(await orders.reservations(id)).toEqual(['shipped']);
  const told = await changes(id);
  for (const change of ['placed', 'paid', 'shipped', 'delivered', 'completed']) expect(told.filter((one) => one === change)).toHaveLength(1);
  await gapless(id);
  expect((await orders.timeline(id)).filter((entry) => entry.startsWith('status'))).toHaveLength(shop === UK ? 7 : 6);
  expect((await orders.packages(id)).map(({ status }) => status)).toEqual(['COMPLETED']);
});

test('A person ships through the workflow: TikTok’s answer comes back, and the rows follow', async () => {
  const { id } = await placed(UK);
  await becomes(id, 'AWAITING_SHIPMENT');
  const answer = await ship(UK, id, { kind: 'mark_shipped', tracking_number: 'AB123456789GB', shipping_provider_id: ROYAL_MAIL, order_line_item_ids: null });
  expect(answer).toMatchObject({ ok: true, order_status: 'AWAITING_COLLECTION' });
  await becomes(id, 'AWAITING_COLLECTION');
  await eventually(async () => (await orders.packages(id)).some(({ tracking_number }) => tracking_number === 'AB123456789GB'));
  expect(await orders.reservations(id)).toEqual(['shipped']);
});

test.each([
  ['before it is paid', 'UNPAID', []],
  ['on hold', 'ON_HOLD', []],
  ['while it waits', 'AWAITING_SHIPMENT', []],
  ['while its parcel waits', 'AWAITING_COLLECTION', ['ship']],
])('A cancellation %s frees its unit, once', async (_name, first, steps) => {
  const { id } = await placed(UK, { status: first === 'AWAITING_COLLECTION' ? 'AWAITING_SHIPMENT' : first });
  await eventually(() => orders.row(id));
  for (const action of steps) await step(UK, id, action);
  await becomes(id, first);
  await step(UK, id, 'cancel', {}, 'cancellation');
  await orders.tell(world.uk, id, { source: 'poll' });
  await becomes(id, 'CANCELLED');
  await ended(UK, id);
  expect(await orders.reservations(id)).toEqual(['released']);
  expect((await changes(id)).filter((change) => change === 'cancelled')).toHaveLength(1);
  expect(await orders.afterSales(id)).toHaveLength(1);
  await gapless(id);
});

test('A partial cancellation frees its unit alone, and a wish of the buyer is seen until it is answered', async () => {
  const order = await placed(UK, await two(UK));
  await becomes(order.id, 'AWAITING_SHIPMENT');
  await step(UK, order.id, 'request-cancel', { line_ids: [order.lines[0]!.id] }, 'cancellation');
  await eventually(async () => (await orders.afterSales(order.id)).includes('cancellation CANCELLATION_REQUEST_PENDING'));
  const { cancel_id } = (await world.db.selectFrom('shop_after_sales').select('data').where('order_id', '=', order.id).executeTakeFirstOrThrow()).data as { cancel_id: string };
  await world.sandbox.control('POST', `/cancellations/${cancel_id}/answer`, { approved: true });
  await orders.tell(world.uk, order.id, { news: 'cancellation' });
  await eventually(async () => (await orders.reservations(order.id)).includes('released'));
  expect((await orders.reservations(order.id)).sort()).toEqual(['held', 'released']);
  expect((await orders.row(order.id))?.status).toBe('AWAITING_SHIPMENT');
});

test('A return keeps the workflow until it is settled, and puts nothing back', async () => {
  const { id } = await placed(UK, { status: 'DELIVERED' });
  await becomes(id, 'DELIVERED');
  await step(UK, id, 'return', { type: 'RETURN_AND_REFUND' }, 'return');
  await eventually(async () => (await orders.afterSales(id)).includes('return RETURN_OR_REFUND_REQUEST_PENDING'));
  const { return_id } = (await world.db.selectFrom('shop_after_sales').select('data').where('order_id', '=', id).executeTakeFirstOrThrow()).data as { return_id: string };
  await world.sandbox.control('POST', `/returns/${return_id}/settle`, { approved: true });
  await orders.tell(world.uk, id, { news: 'return' });
  await becomes(id, 'COMPLETED');
  await ended(UK, id);
  expect(await orders.reservations(id)).toEqual(['shipped']);
  expect((await orders.timeline(id)).some((entry) => entry.includes('not added to the stock by itself'))).toBe(true);
  expect((await changes(id)).filter((change) => change === 'return').length).toBeGreaterThanOrEqual(1);
});

test('Split packages are kept, each with its units', async () => {
  const { products } = await world.sandbox.control('POST', '/products', { shop_id: world.sandbox.shopId(INDONESIA), skus: 2 });
  const order = await placed(INDONESIA, { items: products[0].skus.map(({ id }: { id: string }) => ({ sku_id: id })) });
  await becomes(order.id, 'AWAITING_SHIPMENT');
  const splittable_groups = order.lines.map(({ id }, index) => ({ id: `g${index}`, order_line_item_ids: [id] }));
  const split = await world.sandbox.post(`/fulfillment/202309/orders/${order.id}/split`, { splittable_groups }, { shop: INDONESIA });
  expect(split).toMatchObject({ code: 0 });
  await orders.tell(world.indonesia, order.id, { news: 'package' });
  const ids = split.data.packages.map(({ id }: { id: string }) => id).sort();
  await eventually(async () => (await orders.packages(order.id)).filter(({ package_id, line_item_ids }) => ids.includes(package_id) && line_item_ids.length === 1).length === 2);
  await step(INDONESIA, order.id, 'ship');
  await becomes(order.id, 'AWAITING_COLLECTION');
  expect(await orders.reservations(order.id)).toEqual(['shipped', 'shipped']);
});

test('A combined package is kept once and stands in the timeline of each of its orders', async () => {
  const pair = [await placed(INDONESIA, { buyer: 'Sari' }), await placed(INDONESIA, { buyer: 'Sari' })].map(({ id }) => id);
  for (const id of pair) await becomes(id, 'AWAITING_SHIPMENT');
  const groups = (await world.sandbox.call('/fulfillment/202309/combinable_packages/search', { shop: INDONESIA, query: { page_size: '50' } })).data.combinable_packages;
  const group = groups.find(({ order_ids }: { order_ids: string[] }) => order_ids.includes(pair[0]!));
  const combined = await world.sandbox.post('/fulfillment/202309/packages/combine', { combinable_packages: [group] }, { shop: INDONESIA });
  const [{ id: packageId }] = combined.data.packages;
  await Promise.all(pair.map((id) => orders.tell(world.indonesia, id, { news: 'package' })));
  for (const [index, id] of pair.entries()) {
    await eventually(async () => (await orders.timeline(id)).some((entry) => entry.includes(packageId) && entry.includes(`together with order ${pair[1 - index]}`)));
    expect((await orders.row(id))?.data.package_ids).toEqual([packageId]);
  }
  expect((await orders.packages(pair[0]!)).filter(({ package_id }) => package_id === packageId)).toMatchObject([{ order_ids: expect.arrayContaining(pair) }]);
});

test('A webhook and a poll at once, doubled and out of order, tell of each step once', async () => {
  const { id } = await placed(UK);
  await Promise.all(Array.from({ length: 6 }, (_, index) => orders.tell(world.uk, id, { source: index % 2 ? 'poll' : 'webhook', update_time_ms: index % 3 ? null : 1_000 })));
  await becomes(id, 'AWAITING_SHIPMENT');
  await step(UK, id, 'ship');
  await Promise.all([orders.tell(world.uk, id, { update_time_ms: 1_000 }), orders.tell(world.uk, id, { source: 'poll' }), orders.tell(world.uk, id)]);
  await becomes(id, 'AWAITING_COLLECTION');
  expect((await changes(id)).filter((change) => ['placed', 'paid', 'shipped'].includes(change))).toEqual(['placed', 'paid', 'shipped']);
  await gapless(id);
});

test('News that the row answers need no call', async () => {
  const { id } = await placed(UK);
  await becomes(id, 'AWAITING_SHIPMENT');
  const followed = async (): Promise<number> => (await orders.handle(world.uk, id).fetchHistory()).events!.filter((event) => event.activityTaskCompletedEventAttributes).length;
  const steps = await eventually(followed);
  const before = await readsOfOrders();
  const { tiktok_update_time } = (await orders.row(id))!;
  await orders.tell(world.uk, id, { update_time_ms: tiktok_update_time.getTime() - 10_000 });
  await eventually(async () => (await followed()) > steps);
  expect(await readsOfOrders()).toBe(before);
  await orders.tell(world.uk, id);
  await eventually(async () => (await readsOfOrders()) === before + 1);
});

test('Many orders at once are read by few calls, each with its own answer', async () => {
  const { ids } = await world.sandbox.control('POST', '/orders', { shop_id: world.sandbox.shopId(UK), count: 60, status: 'AWAITING_SHIPMENT', moves: false, quiet: true });
  const before = await readsOfOrders();
  const read = await Promise.all([...ids, '1', ids[0]].map((id: string) => orders.reader.read(world.uk.channel_id, id)));
  expect(read.map((result) => (result.ok && result.value.kind === 'order' ? result.value.order.id : result.ok && result.value.kind))).toEqual([...ids, 'missing', ids[0]]);
  expect((await readsOfOrders()) - before).toBe(2);
});

test('An order that TikTok does not show yet is looked for; one that never comes is set aside', async () => {
  const order = await world.sandbox.newOrder(UK, { quiet: true });
  await world.sandbox.fault({ path: '/order/202507/orders', times: 2, answer: { status: 200, body: JSON.stringify({ code: 0, message: 'Success', request_id: 'r', data: { orders: [] } }) } });
  await orders.tell(world.uk, order.id);
  await becomes(order.id, 'AWAITING_SHIPMENT');
  await orders.tell(world.uk, '576461413038700000');
  await ended(UK, '576461413038700000');
  expect(await world.db.selectFrom('shop_set_aside').select(['entity_id', 'code']).where('entity_id', '=', '576461413038700000').execute()).toEqual([{ entity_id: '576461413038700000', code: 'shop_order_not_found' }]);
});

test('TikTok being down is waited for, and nothing is told twice', async () => {
  await world.sandbox.fault({ path: '/order/202507/orders', times: 3, answer: { status: 500, code: 36009001, message: 'Internal' } });
  const { id } = await placed(UK);
  await becomes(id, 'AWAITING_SHIPMENT');
  expect(await changes(id)).toEqual(['placed', 'paid']);
});

test('TikTok that keeps silent is given up on and asked again, and each order is right once it speaks', async () => {
  const silent = await createShopWorld({ client: { timeoutMs: 1_000 } });
  try {
    const following = ordersOf(silent);
    await silent.worker(following.activities);
    const ids = (await Promise.all(Array.from({ length: 3 }, () => silent.sandbox.newOrder(UK, { quiet: true })))).map(({ id }) => id as string);
    await silent.sandbox.fault({ path: '/order/202507/orders', times: 3, delay_ms: 60_000 });
    for (const id of ids) await following.tell(silent.uk, id);
    await eventually(async () => (await silent.sandbox.control('GET', '/faults')).faults.length === 0);
    for (const id of ids) await eventually(async () => (await following.row(id))?.status === 'AWAITING_SHIPMENT');
    expect(await silent.db.selectFrom('shop_set_aside').selectAll().execute()).toEqual([]);
    for (const id of ids) expect((await following.messages(id)).map(({ sequence, change }) => `${sequence} ${change}`)).toEqual(['1 placed', '2 paid']);
  } finally {
    await silent.close();
  }
});

test('While the channel is paused nothing is asked; resumed, what waited is followed', async () => {
  const { channel_id } = world.uk;
  await world.db.updateTable('channels').set({ state: 'paused', state_reason: 'The seller has to connect again.' }).where('id', '=', channel_id).execute();
  const { id } = await placed(UK);
  await eventually(async () => (await orders.view(world.uk, id)).is_paused);
  expect(await orders.row(id)).toBeUndefined();
  await world.db.updateTable('channels').set({ state: 'active', state_reason: null }).where('id', '=', channel_id).execute();
  await orders.handle(world.uk, id).signal('resumed');
  await becomes(id, 'AWAITING_SHIPMENT');
});

test('When the seller has connected again, what was missed meanwhile is right within seconds', async () => {
  const waiting = [await placed(UK), await placed(UK)].map(({ id }) => id);
  const other = (await placed(UK)).id;
  for (const id of [...waiting, other]) await becomes(id, 'AWAITING_SHIPMENT');
  await orders.handle(world.uk, other).terminate('lost');
  await world.db.updateTable('channels').set({ state: 'paused', state_reason: 'The seller has to connect again.' }).where('id', '=', world.uk.channel_id).execute();
  for (const id of waiting) {
    await step(UK, id, 'ship');
    await eventually(async () => (await orders.view(world.uk, id)).is_paused);
  }
  await world.db.updateTable('channels').set({ state: 'active', state_reason: null }).where('id', '=', world.uk.channel_id).execute();
  await world.workflows.reconnected(world.uk);
  for (const id of waiting) await becomes(id, 'AWAITING_COLLECTION');
  // One that is lost waits for nothing; the sweep starts it.
  expect((await orders.handle(world.uk, other).describe()).status.name).toBe('TERMINATED');
});

test('The channel being usable again while TikTok is not asked any more is not forgotten', async () => {
  const { id } = await placed(UK);
  await becomes(id, 'AWAITING_SHIPMENT');
  const { followOrder } = orders.activities;
  let answer: (() => void) | undefined;
  held = async (input) => {
    held = followOrder;
    const paused = { kind: 'paused' as const, life: null, reason: `The channel of ${input.order_id} is paused.` };
    return new Promise((done) => (answer = () => done(paused)));
  };
  await step(UK, id, 'ship');
  await eventually(() => answer);
  await orders.handle(world.uk, id).signal('resumed');
  answer!();
  await becomes(id, 'AWAITING_COLLECTION');
});

test('An access token that ends while orders are followed is refreshed, and no order misses anything', async () => {
  const ids = (await Promise.all(Array.from({ length: 5 }, () => placed(UK)))).map(({ id }) => id);
  for (const id of ids) await becomes(id, 'AWAITING_SHIPMENT');
  const version = async () => (await world.db.selectFrom('shop_authorizations').select('token_version').where('id', '=', world.uk.authorization_id).executeTakeFirstOrThrow()).token_version;
  const before = await version();
  await world.sandbox.control('POST', '/sellers/Nordlicht%20Trading/expire', { which: 'access' });
  await Promise.all(ids.map((id) => step(UK, id, 'ship')));
  for (const id of ids) {
    await becomes(id, 'AWAITING_COLLECTION');
    expect(await changes(id)).toEqual(expect.arrayContaining(['placed', 'paid', 'shipped']));
    await gapless(id);
  }
  expect(await version()).toBe(before + 1);
});

test('What is told while a history is handed on is not lost', async () => {
  const { id } = await world.sandbox.newOrder(UK, { quiet: true, status: 'UNPAID' });
  await orders.tell(world.uk, id, { timings: { ...QUICK, max_history: 5 } });
  await becomes(id, 'UNPAID');
  // Each run is full after its first look, so that most of this comes while one ends.
  for (const action of ['pay', 'release', 'ship', 'scan', 'deliver', 'complete']) {
    await world.sandbox.control('POST', `/orders/${id}/${action}`);
    await Promise.all([orders.tell(world.uk, id), orders.tell(world.uk, id, { source: 'poll' }), orders.tell(world.uk, id, { news: 'package' })]);
  }
  await becomes(id, 'COMPLETED');
  await ended(UK, id);
  await gapless(id);
  const told = await changes(id);
  for (const change of ['placed', 'paid', 'shipped', 'completed']) expect(told.filter((one) => one === change)).toHaveLength(1);
  expect((await orders.packages(id)).map(({ status }) => status)).toEqual(['COMPLETED']);
});

test('News of a paused channel go with a history that is handed on', async () => {
  const { id } = await placed(UK);
  await becomes(id, 'AWAITING_SHIPMENT');
  await orders.handle(world.uk, id).terminate('with other timings');
  await world.db.updateTable('channels').set({ state: 'paused', state_reason: 'The seller has to connect again.' }).where('id', '=', world.uk.channel_id).execute();
  await world.sandbox.control('POST', `/orders/${id}/ship`);
  await orders.tell(world.uk, id, { news: 'package', timings: { ...QUICK, max_history: 5 } });
  const first = (await orders.handle(world.uk, id).describe()).runId;
  await orders.tell(world.uk, id);
  await eventually(async () => (await orders.handle(world.uk, id).describe()).runId !== first);
  await world.db.updateTable('channels').set({ state: 'active', state_reason: null }).where('id', '=', world.uk.channel_id).execute();
  await orders.handle(world.uk, id).signal('resumed');
  await becomes(id, 'AWAITING_COLLECTION');
  await eventually(async () => (await orders.packages(id)).some(({ status }) => status !== null && status !== 'TO_FULFILL'));
});

test('The deadline is warned of, then told louder, each once, and not after it is shipped', async () => {
  await deadlineIn(48 * HOUR);
  const order = await world.sandbox.newOrder(UK, { quiet: true });
  const calm = await world.sandbox.newOrder(UK, { quiet: true });
  const timings = { ...QUICK, warn_before_ms: 48 * HOUR, escalate_before_ms: 48 * HOUR - 10_000 };
  await orders.tell(world.uk, order.id, { timings });
  await orders.tell(world.uk, calm.id, { timings: { ...timings, warn_before_ms: 48 * HOUR, escalate_before_ms: HOUR } });
  await eventually(async () => (await orders.view(world.uk, order.id)).escalated);
  await orders.tell(world.uk, order.id);
  await eventually(async () => (await orders.view(world.uk, calm.id)).warned);
  const notices = (await world.notifications()).filter((message) => message.includes(order.id));
  expect(notices).toHaveLength(2);
  expect(notices[0]).toMatch(/has to be shipped by/);
  expect(notices[1]).toMatch(/^Urgent:/);
  expect((await orders.timeline(order.id)).filter((entry) => /^(warned|escalated)/.test(entry))).toHaveLength(2);
  await step(UK, calm.id, 'ship');
  await becomes(calm.id, 'AWAITING_COLLECTION');
  await eventually(async () => (await orders.view(world.uk, calm.id)).ship_by_ms === null);
});

test('A full history is handed on, with all that has to be known', async () => {
  const order = await world.sandbox.newOrder(UK, { quiet: true });
  await orders.tell(world.uk, order.id, { timings: { ...QUICK, max_history: 5 } });
  await becomes(order.id, 'AWAITING_SHIPMENT');
  const first = await orders.handle(world.uk, order.id).describe();
  for (const action of ['ship', 'scan', 'deliver', 'complete']) await step(UK, order.id, action);
  await becomes(order.id, 'COMPLETED');
  await ended(UK, order.id);
  expect((await orders.handle(world.uk, order.id).describe()).runId).not.toBe(first.raw.workflowExecutionInfo!.firstRunId);
});

test('The sweep starts the workflows of open orders that have none, and goes on where it stopped', async () => {
  const { id } = await placed(UK);
  await becomes(id, 'AWAITING_SHIPMENT');
  await orders.handle(world.uk, id).terminate('lost');
  await world.db.updateTable('shop_orders').set({ updated_at: new Date(Date.now() - HOUR) }).where('order_id', '=', id).execute();
  expect(await world.client.workflow.execute('sweepOrders', { taskQueue: world.queue, workflowId: newId() })).toBeNull();
  await eventually(async () => (await orders.view(world.uk, id)).status === 'AWAITING_SHIPMENT');
});
