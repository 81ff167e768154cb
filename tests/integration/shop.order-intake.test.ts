import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Transaction } from 'kysely';
import { createSettleShortage, type SettleShortage } from '../../activities/shop/orders/settle-shortage.ts';
import { createOrderIntake, type IntakeChannel, type OrderIntake } from '../../activities/shop/orders/take-orders.ts';
import type { ShopEventWriter } from '../../activities/shop/shop-events.ts';
import { newId } from '../../db/ids.ts';
import { appendMessages } from '../../db/outbox.repository.ts';
import type { Database } from '../../db/schema.ts';
import type { ShopOrder } from '../../domain/contracts/shop-api.ts';
import type { ShopEvent } from '../../domain/contracts/shop-event.ts';
import type { OrderMessage } from '../../domain/contracts/shop-message.ts';
import { orderMessage } from '../../domain/shop/order-news.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { shopItem, shopOrder } from '../helpers/shop-orders.ts';

let database: TestDatabase;
let intake: OrderIntake;
let settle: SettleShortage;
let channel: IntakeChannel;
let appended: ShopEvent[] = [];
const events: ShopEventWriter = {
  append: (_trx: Transaction<Database>, batch) => {
    appended.push(...batch);
    return Promise.resolve(null);
  },
  committed: () => undefined,
};

beforeAll(async () => {
  database = await createTestDatabase();
  intake = createOrderIntake({ ...database, events, publishes: true, logger: quietLog });
  settle = createSettleShortage({ db: database.db, events, publishes: true });
});
afterAll(() => database.drop());

beforeEach(async () => {
  const { db } = database;
  const { workspace_id } = await seedWorkspace(db);
  const authorization_id = newId();
  const channel_id = newId();
  await db.insertInto('shop_authorizations').values({ id: authorization_id, workspace_id, open_id: newId(), granted_scopes: [], state: 'disconnected' }).execute();
  await db.insertInto('channels').values({ id: channel_id, workspace_id, authorization_id, shop_id: newId(), shop_cipher: 'sealed', name: 'Nordlicht', region: 'GB', state: 'active' }).execute();
  channel = { channel_id, workspace_id, shop_id: '7495', name: 'Nordlicht', connected_at: new Date(0) };
  appended = [];
});

const items = (orderId: string, count: number, status: string, sku = 'sku-1') => Array.from({ length: count }, (_, index) => shopItem({ id: `${orderId}-${index}`, sku_id: sku, status }));
const order = (id: string, over: Partial<ShopOrder> = {}, count = 1): ShopOrder => {
  const status = over.status ?? 'AWAITING_SHIPMENT';
  return shopOrder({ id, create_time_ms: 1_000, update_time_ms: 2_000, line_items: items(id, count, status), ...over });
};
const rows = () => database.db.selectFrom('shop_orders').selectAll().where('channel_id', '=', channel.channel_id).orderBy('order_id').execute();
const reservations = () => database.db.selectFrom('stock_reservations').selectAll().where('channel_id', '=', channel.channel_id).orderBy('line_item_id').execute();
const sku = (id = 'sku-1') => database.db.selectFrom('shop_skus').selectAll().where('channel_id', '=', channel.channel_id).where('sku_id', '=', id).executeTakeFirst();
const timeline = async (id: string) => (await database.db.selectFrom('shop_order_timeline').select(['kind', 'detail']).where('channel_id', '=', channel.channel_id).where('order_id', '=', id).orderBy('id').execute()).map(({ kind, detail }) => (detail ? `${kind}: ${detail}` : kind));
const messages = async () => (await database.db.selectFrom('shop_outbox').select('body').where('channel_id', '=', channel.channel_id).orderBy('seq').execute()).map(({ body }) => body as OrderMessage);
const told = async (id?: string) => (await messages()).filter((message) => !id || message.order.order_id === id).map(({ sequence, change }) => `${sequence} ${change}`);
const notices = async () => (await database.db.selectFrom('notifications').select('message').where('workspace_id', '=', channel.workspace_id).execute()).map(({ message }) => message);
const stock = (on_hand: number, at = 0) =>
  database.db.insertInto('shop_skus').values({ channel_id: channel.channel_id, workspace_id: channel.workspace_id, sku_id: 'sku-1', product_id: 'p', warehouses: '[]', on_hand, on_hand_source: 'merchant', on_hand_as_of: new Date(at) }).execute();

test('An order is stored with its units, messages, events and timeline, and once more it changes nothing', async () => {
  expect(await intake.take(channel, [order('1', {}, 2)], 'webhook')).toEqual([{ order_id: '1', outcome: 'new', is_open: true, was_known: false }]);
  expect(await intake.take(channel, [order('1', {}, 2)], 'poll')).toEqual([{ order_id: '1', outcome: 'unchanged', is_open: true, was_known: true }]);
  expect(await rows()).toMatchObject([{ status: 'AWAITING_SHIPMENT', first_source: 'webhook', sequence: 2, is_short: false, data: { id: '1' } }]);
  expect(await reservations()).toMatchObject([{ line_item_id: '1-0', state: 'held' }, { line_item_id: '1-1', state: 'held' }]);
  expect(await sku()).toMatchObject({ reserved: 2, on_hand: null, seller_sku: 'LAMP-RED' });
  expect(await told()).toEqual(['1 placed', '2 paid']);
  expect(appended.map((event) => event.type === 'order' && `${event.change} ${event.total} ${event.item_count}`)).toEqual(['placed 15 2', 'paid 15 2']);
  expect(await timeline('1')).toEqual(['seen', 'status: AWAITING_SHIPMENT', 'reserved: SKU sku-1: 2 units']);
});

test('A unit that is shipped leaves the house, one that is cancelled is free again, each once', async () => {
  await stock(5);
  await intake.take(channel, [order('1', {}, 2)], 'webhook');
  const mixed = [shopItem({ id: '1-0', sku_id: 'sku-1', status: 'CANCELLED' }), shopItem({ id: '1-1', sku_id: 'sku-1', status: 'AWAITING_COLLECTION' })];
  const later = order('1', { status: 'AWAITING_COLLECTION', update_time_ms: 3_000, line_items: mixed });
  await Promise.all([intake.take(channel, [later], 'webhook'), intake.take(channel, [later], 'poll'), intake.take(channel, [later], 'person')]);
  expect(await reservations()).toMatchObject([{ state: 'released', end_reason: 'cancelled' }, { state: 'shipped' }]);
  expect(await sku()).toMatchObject({ reserved: 0, on_hand: 4 });
  expect(await told()).toEqual(['1 placed', '2 paid', '3 shipped']);
});

test('What comes late changes nothing, and a status never goes back', async () => {
  await intake.take(channel, [order('1', { status: 'IN_TRANSIT', update_time_ms: 5_000 })], 'webhook');
  expect(await intake.take(channel, [order('1', { update_time_ms: 4_000 })], 'webhook')).toMatchObject([{ outcome: 'late' }]);
  expect(await intake.take(channel, [order('1', { update_time_ms: 6_000, buyer_message: 'hi' })], 'webhook')).toMatchObject([{ outcome: 'changed' }]);
  expect(await rows()).toMatchObject([{ status: 'IN_TRANSIT', data: { status: 'IN_TRANSIT', buyer_message: 'hi' } }]);
  expect((await timeline('1')).at(-1)).toMatch(/^late: TikTok says AWAITING_SHIPMENT/);
});

test('A shortfall is visible in the order, its units, the message and the timeline, and people are told once', async () => {
  await stock(1);
  await intake.take(channel, [order('1'), order('2', {}, 2)], 'webhook');
  await intake.take(channel, [order('2', { update_time_ms: 9_000, buyer_message: 'soon?' }, 2)], 'webhook');
  expect((await rows()).map(({ order_id, is_short }) => [order_id, is_short])).toEqual([['1', false], ['2', true]]);
  expect((await reservations()).map(({ is_short }) => is_short)).toEqual([false, true, true]);
  expect((await messages()).at(-1)?.order.shortfall).toEqual([{ sku_id: 'sku-1', units: 2 }]);
  expect((await timeline('2')).filter((entry) => entry.startsWith('short'))).toEqual(['short: There are too few: SKU sku-1: 2 units.']);
  expect(await notices()).toEqual(['Order 2 of “Nordlicht” was sold and there are too few units: SKU sku-1: 2 units.']);
});

const counted = (units: number, id = 'sku-1') => database.db.updateTable('shop_skus').set({ on_hand: units, on_hand_as_of: new Date() }).where('channel_id', '=', channel.channel_id).where('sku_id', '=', id).execute();
const shortUnits = async () => (await reservations()).filter(({ is_short }) => is_short).map(({ line_item_id }) => line_item_id);
const shortOrders = async () => (await rows()).filter(({ is_short }) => is_short).map(({ order_id }) => order_id);

test('Units that come are given to the orders that wait for them, the oldest first, and each is told of once', async () => {
  await stock(0);
  await intake.take(channel, [order('1', { create_time_ms: 3_000 }), order('2', { create_time_ms: 1_000 }, 2), order('3', { create_time_ms: 2_000 })], 'webhook');
  expect(await shortUnits()).toEqual(['1-0', '2-0', '2-1', '3-0']);
  expect(await settle(channel.channel_id, ['sku-1'])).toBe(0);
  await counted(1);
  expect(await settle(channel.channel_id, ['sku-1'])).toBe(1);
  expect([await shortUnits(), await shortOrders()]).toEqual([['1-0', '2-1', '3-0'], ['1', '2', '3']]);
  expect((await messages()).at(-1)).toMatchObject({ change: 'updated', sequence: 3, order: { order_id: '2', shortfall: [{ sku_id: 'sku-1', units: 1 }] } });
  await counted(3);
  appended = [];
  expect(await Promise.all(Array.from({ length: 4 }, () => settle(channel.channel_id, ['sku-1', 'sku-2'])))).toContain(2);
  expect([await shortUnits(), await shortOrders()]).toEqual([['1-0'], ['1']]);
  expect((await messages()).slice(-2).map(({ order: { order_id, shortfall } }) => [order_id, shortfall])).toEqual([['2', []], ['3', []]]);
  expect(appended.map((event) => event.type === 'order' && `${event.order_id} ${event.change}`)).toEqual(['2 updated', '3 updated']);
  expect(await told('2')).toEqual(['1 placed', '2 paid', '3 updated', '4 updated']);
  const found = 'reserved: There are units now for what was short: SKU sku-1: 1 unit.';
  expect((await timeline('2')).filter((entry) => entry === found)).toHaveLength(2);
  expect((await rows()).map(({ sequence }) => sequence)).toEqual([2, 4, 3]);
});

test('A cancellation gives its units to the orders that wait for them', async () => {
  await stock(2);
  await intake.take(channel, [order('1', {}, 2), order('2', { create_time_ms: 2_000 }), order('3', { create_time_ms: 3_000 }, 2)], 'webhook');
  expect(await shortUnits()).toEqual(['2-0', '3-0', '3-1']);
  await intake.take(channel, [order('1', { status: 'CANCELLED', update_time_ms: 3_000 }, 2)], 'poll');
  expect([await shortUnits(), await shortOrders()]).toEqual([['3-1'], ['3']]);
  expect((await messages()).at(-1)).toMatchObject({ change: 'updated', order: { order_id: '3', shortfall: [{ sku_id: 'sku-1', units: 1 }] } });
  // What its own cancellation takes with it is nobody's shortage.
  await intake.take(channel, [order('3', { create_time_ms: 3_000, status: 'CANCELLED', update_time_ms: 4_000 }, 2)], 'poll');
  expect([await shortUnits(), await shortOrders()]).toEqual([[], []]);
});

test('What TikTok said of an order is as old as before when its units are found', async () => {
  await stock(0);
  await intake.take(channel, [order('1')], 'webhook');
  const [before] = await rows();
  await counted(1);
  await settle(channel.channel_id, ['sku-1']);
  expect((await rows())[0]).toMatchObject({ is_short: false, updated_at: before!.updated_at });
});

test('Orders, cancellations and units that come at once leave as many short as there are too few', async () => {
  await stock(0);
  const first = Array.from({ length: 12 }, (_, index) => order(`old-${String(index).padStart(2, '0')}`, { create_time_ms: 1_000 + index }));
  await intake.take(channel, first, 'webhook');
  const restock = async (units: number) => {
    await counted(units);
    await settle(channel.channel_id, ['sku-1']);
  };
  const fresh = (index: number) => intake.take(channel, [order(`new-${index}`, { create_time_ms: 50_000 + index })], 'webhook');
  const cancelled = (index: number) => intake.take(channel, [{ ...first[index]!, status: 'CANCELLED', update_time_ms: 9_000, line_items: items(first[index]!.id, 1, 'CANCELLED') }], 'poll');
  await Promise.all([fresh(0), restock(4), cancelled(9), fresh(1), restock(7), cancelled(3), fresh(2), cancelled(0), restock(7)]);
  const { reserved, on_hand } = (await sku())!;
  await settle(channel.channel_id, ['sku-1']);
  const short = await shortOrders();
  expect(short).toHaveLength(reserved - on_hand!);
  for (const id of short) expect((await told(id)).some((one) => one.endsWith('updated'))).toBe(false);
  for (const { order_id } of await rows()) expect((await told(order_id)).map((one) => one.split(' ')[0])).toEqual((await told(order_id)).map((_, index) => String(index + 1)));
});

test('One order that can not be stored is set aside; the others of its page are stored, and later it is too', async () => {
  const bad = order('2', { update_time_ms: Number.NaN });
  const taken = await intake.take(channel, [order('1'), bad, order('3')], 'poll');
  expect(taken).toMatchObject([{ outcome: 'new' }, { order_id: '2', outcome: 'failed', code: 'shop_order_unstorable', was_known: false }, { outcome: 'new' }]);
  expect(await database.db.selectFrom('shop_set_aside').select(['entity_id', 'code', 'times']).where('channel_id', '=', channel.channel_id).execute()).toEqual([{ entity_id: '2', code: 'shop_order_unstorable', times: 1 }]);
  expect((await rows()).map(({ order_id }) => order_id)).toEqual(['1', '3']);
  await intake.take(channel, [order('2')], 'poll');
  expect(await database.db.selectFrom('shop_set_aside').selectAll().where('channel_id', '=', channel.channel_id).execute()).toEqual([]);
  expect(await timeline('2')).toContain('recovered: It could be stored again.');
});

test('A NUL, half a surrogate pair or quotes in what a buyer writes hold up nothing', async () => {
  const nasty = '\0 \ud800 \\u0000 "';
  await intake.take(channel, [order('1', { buyer_message: nasty, buyer_nickname: nasty, tracking_number: nasty })], 'webhook');
  expect(await rows()).toMatchObject([{ data: { buyer_message: '\uFFFD \uFFFD \\u0000 "' } }]);
  expect(await intake.take(channel, [order('1', { buyer_message: nasty, buyer_nickname: nasty, tracking_number: nasty })], 'poll')).toMatchObject([{ outcome: 'unchanged' }]);
});

test('A message with such characters is written for others, too', async () => {
  await database.db.transaction().execute((trx) =>
    appendMessages(trx, [orderMessage(channel, { order: order('1', { buyer_message: '\0 \ud800 "' }), previous_status: null, change: 'placed', shortfall: [] }, 1)], new Date()),
  );
  expect((await messages())[0]?.order.buyer_message).toBe('\uFFFD \uFFFD "');
});

test('PostgreSQL being away is no order’s fault: nothing is set aside', async () => {
  const gone = createOrderIntake({ ...database, events: { ...events, append: () => Promise.reject(Object.assign(new Error('terminating connection'), { code: '57P01' })) }, publishes: true, logger: quietLog });
  await expect(gone.take(channel, [order('1')], 'poll')).rejects.toThrow('terminating connection');
  expect(await rows()).toEqual([]);
  expect(await database.db.selectFrom('shop_set_aside').selectAll().where('channel_id', '=', channel.channel_id).execute()).toEqual([]);
});

test('History is told of once and fires no rule; without readers there are no messages', async () => {
  const silent = createOrderIntake({ ...database, events, publishes: false, logger: quietLog });
  await silent.take(channel, [order('1', { status: 'COMPLETED' })], 'backfill');
  await silent.take({ ...channel, connected_at: new Date(5_000) }, [order('2', { status: 'DELIVERED' })], 'poll');
  expect(appended.map((event) => event.type === 'order' && [event.order_id, event.change, event.is_history])).toEqual([['1', 'placed', true], ['2', 'placed', true]]);
  expect(await messages()).toEqual([]);
});

test('An order of the second in which the channel was connected is no history: TikTok counts in seconds', async () => {
  const late = { ...channel, connected_at: new Date(1_700) };
  await intake.take(late, [order('1')], 'webhook');
  expect(await told('1')).toEqual(['1 placed', '2 paid']);
  await intake.take({ ...channel, connected_at: new Date(2_000) }, [order('2')], 'webhook');
  expect(await told('2')).toEqual(['1 placed']);
  expect(appended.map((event) => event.type === 'order' && [event.order_id, event.change, event.is_history])).toEqual([['1', 'placed', false], ['1', 'paid', false], ['2', 'placed', true]]);
});

test('A page of a hundred takes as few statements as one order', async () => {
  const statements = async (page: readonly ShopOrder[]): Promise<number> => {
    let count = 0;
    const counted = database.db.withPlugin({ transformQuery: ({ node }) => ((count += 1), node), transformResult: ({ result }) => Promise.resolve(result) });
    await createOrderIntake({ db: counted, pool: database.pool, events, publishes: true, logger: quietLog }).take(channel, page, 'poll');
    return count;
  };
  const page = Array.from({ length: 100 }, (_, index) => order(`page-${index}`, { line_items: items(`page-${index}`, 2, 'AWAITING_SHIPMENT', `sku-${index % 7}`) }));
  const one = await statements([order('one')]);
  expect(await statements(page)).toBe(one);
  expect((await sku('sku-3'))?.reserved).toBe(28);
});

test('Pages that overlap, at once and in any order, end as the newest of each and count each unit once', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const way = ['UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'IN_TRANSIT'];
  const snapshots = ids.flatMap((id) => way.map((status, index) => order(id, { status, update_time_ms: 2_000 + index * 1_000 }, 2)));
  const [pages] = fc.sample(
    fc.shuffledSubarray([...snapshots, ...snapshots], { minLength: snapshots.length * 2 }).map((all) => Array.from({ length: 10 }, (_, index) => all.slice(index * 4, index * 4 + 4))),
    1,
  );
  await stock(100);
  await Promise.all(pages!.map((page) => intake.take(channel, page, 'poll')));
  expect((await rows()).map(({ status }) => status)).toEqual(ids.map(() => 'IN_TRANSIT'));
  expect((await reservations()).map(({ state }) => state)).toEqual(ids.flatMap(() => ['shipped', 'shipped']));
  const { reserved, on_hand } = (await sku())!;
  expect({ reserved, on_hand }).toEqual({ reserved: 0, on_hand: 90 });
  for (const id of ids) {
    const numbers = (await messages()).filter((message) => message.order.order_id === id).map(({ sequence }) => sequence);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect((await told(id)).filter((one) => one.endsWith('shipped'))).toHaveLength(1);
  }
});
