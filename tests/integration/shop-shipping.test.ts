import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createOrderActivities } from '../../activities/shop/orders/order.activities.ts';
import { createOrderReader } from '../../activities/shop/orders/order-reader.ts';
import { createStartFulfilment } from '../../activities/shop/orders/start-fulfilment.ts';
import { createOrderIntake } from '../../activities/shop/orders/take-orders.ts';
import { createShippingActivities, type ShippingActivities } from '../../activities/shop/shipping/shipping.activities.ts';
import { findChannelById } from '../../db/channel.repository.ts';
import { findShipment, requestShipment, type ShipmentRow } from '../../db/shipment.repository.ts';
import type { ShipRequest } from '../../domain/contracts/shop-order.ts';
import type { ShipStep } from '../../domain/contracts/shop-shipping.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import type { ShopClient } from '../../tiktok/shop/index.ts';
import { ship, type Asked } from '../../api/ship.ts';
import { eventually } from '../helpers/eventually.ts';
import { worldGateway } from '../helpers/shop-gateway.ts';
import { INDONESIA, UK } from '../helpers/shop-sandbox.ts';
import { createShopWorld, type ShopWorld, type WorldChannel } from '../helpers/shop-world.ts';

const ROYAL_MAIL = '7117858858072016645';
const JNE = '6841743441349706241';
const OURS = { tracking_number: 'AB123456789GB', shipping_provider_id: ROYAL_MAIL };
const THEIRS = { tracking_number: 'CD123456789GB', shipping_provider_id: ROYAL_MAIL };
const MARK = '/fulfillment/202309/orders/{order_id}/packages';
const SHIP = '/fulfillment/202309/packages/{package_id}/ship';
const ORDERS = '/order/202507/orders';

/** What happens to the next call of markShipped besides, as in a worker that dies. */
let dying: ((real: () => Promise<unknown>) => Promise<void>) | null = null;
const mortal = (tiktok: ShopClient): ShopClient => ({
  ...tiktok,
  async markShipped(...args) {
    const death = dying;
    dying = null;
    await death?.(() => tiktok.markShipped(...args));
    return tiktok.markShipped(...args);
  },
});

let world: ShopWorld;
let gateway: Awaited<ReturnType<typeof worldGateway>>;
let activities: ShippingActivities;
beforeAll(async () => {
  world = await createShopWorld({ client: { timeoutMs: 5_000 }, around: mortal });
  const { db, calls, tiktok, events, publishes, client, prefix, log: logger } = world;
  const { pool } = world.database;
  const intake = createOrderIntake({ db, pool, events, publishes, logger });
  const orders = createOrderActivities({ db, pool, calls, tiktok, reader: createOrderReader(calls, tiktok), intake, events, publishes, logger, startFulfilment: createStartFulfilment(client, prefix) });
  activities = createShippingActivities({ db, tiktok, calls, workflows: world.workflows, logger, media: createLocalStorage('/nowhere'), statusMs: 5_000 });
  gateway = await worldGateway(world);
  await world.worker({ ...orders, ...activities });
});
beforeEach(() => {
  dying = null;
});
afterEach(() => world.sandbox.control('DELETE', '/faults'));
afterAll(async () => {
  await gateway.close();
  await world.close();
});

const mark = (over: Partial<ShipRequest & { kind: 'mark_shipped' }> = {}): ShipRequest => ({ kind: 'mark_shipped', ...OURS, order_line_item_ids: null, ...over });
const arrange = (package_id: string, over: Partial<ShipRequest & { kind: 'ship' }> = {}): ShipRequest => ({ kind: 'ship', package_id, handover_method: null, pickup_slot: null, self_shipment: null, ...over });

/** As the API has it done: by the order's workflow. */
async function asked(channel: WorldChannel, order_id: string | null, request: ShipRequest, key: string | null = null) {
  const over: Asked = { channel: (await findChannelById(world.db, channel.channel_id))!, order_id, request, requested_by: world.user_id, key };
  return ship({ db: world.db, temporal: { shop: gateway } as never }, over);
}
const refusedOf = (promise: Promise<unknown>) => promise.then((value) => ({ code: 'none', extras: value as never }), (error: { code: string; extras: { detail?: string } }) => error);
const at = async (channel: string, id: string) => {
  const access = { shop_id: world.sandbox.shopId(channel), shop_cipher: world.sandbox.shops[channel]!.cipher, access_token: world.sandbox.token };
  const found = await world.tiktok.orders(access, [id]);
  if (!found.ok) throw new Error(found.reason);
  return found.value.orders[0]!;
};
const rows = (order_id: string) => world.db.selectFrom('shop_shipments').selectAll().where('order_id', '=', order_id).orderBy('id').execute();
const skuWith = async (shop: string) => (await world.sandbox.control('POST', '/products', { shop_id: world.sandbox.shopId(shop), quantity: 1_000 })).products[0].skus[0].id;
const did = async (path: string) => (await world.sandbox.control('GET', `/calls?path=${encodeURIComponent(path)}`)).calls.length as number;

/** The activity alone, on a row of its own. */
async function row(order_id: string, request: ShipRequest, channel = world.uk): Promise<ShipmentRow> {
  const made = await requestShipment(world.db, { workspace_id: world.workspace_id, channel_id: channel.channel_id, order_id, package_id: null, request, requested_by: null, key: null });
  if (made.kind !== 'created') throw new Error(made.kind);
  return made.shipment;
}
const attempt = ({ id, channel_id, order_id }: ShipmentRow, is_last = false): Promise<ShipStep> =>
  new MockActivityEnvironment().run(activities.shipOrder, { channel_id, workspace_id: world.workspace_id, order_id: order_id!, shipment_id: id, is_last });
const stateOf = async ({ id }: ShipmentRow) => (await findShipment(world.db, { shipment_id: id, workspace_id: world.workspace_id }))!.state;

describe('Shipping by the seller’s own carrier', () => {
  test('marks the order as shipped, and the timeline says so', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    await world.workflows.orderChanged({ ...world.uk, order_id: id }, { source: 'webhook', news: 'order', update_time_ms: null });
    await eventually(() => world.db.selectFrom('shop_orders').select('status').where('order_id', '=', id).executeTakeFirst());
    const answer = await asked(world.uk, id, mark());
    expect(answer).toMatchObject({ ok: true, package_id: expect.any(String), order_status: 'AWAITING_COLLECTION', warning: null });
    expect((await at(UK, id)).line_items[0]).toMatchObject({ tracking_number: OURS.tracking_number, package_id: answer.package_id });
    expect(await rows(id)).toMatchObject([{ state: 'done', sent_at: expect.any(Date), finished_at: expect.any(Date), requested_by: world.user_id }]);
    await eventually(async () => (await world.db.selectFrom('shop_orders').select('status').where('order_id', '=', id).executeTakeFirst())?.status === 'AWAITING_COLLECTION');
    expect(await world.db.selectFrom('shop_order_timeline').select(['kind', 'detail']).where('order_id', '=', id).where('kind', '=', 'shipment').execute()).toEqual([
      { kind: 'shipment', detail: `Marked as shipped (tracking number AB123456789GB, package ${answer.package_id}).` },
    ]);
  });

  test('parcel by parcel makes the order partly shipped until the last', async () => {
    const { id, lines } = await world.sandbox.newOrder(UK, { items: [{ sku_id: await skuWith(UK), quantity: 2 }] });
    expect(await asked(world.uk, id, mark({ order_line_item_ids: [lines[0].id] }))).toMatchObject({ order_status: 'PARTIALLY_SHIPPING' });
    expect(await asked(world.uk, id, mark({ ...THEIRS, order_line_item_ids: [lines[1].id] }))).toMatchObject({ order_status: 'AWAITING_COLLECTION' });
    expect((await at(UK, id)).package_ids).toHaveLength(2);
  });

  test('takes one change of the tracking number', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    const { package_id } = await asked(world.uk, id, mark());
    expect(await asked(world.uk, null, { kind: 'update', package_id, ...THEIRS })).toMatchObject({ ok: true, package_id });
    expect((await at(UK, id)).line_items[0]!.tracking_number).toBe(THEIRS.tracking_number);
    const again = { kind: 'update' as const, package_id: null, ...OURS, tracking_number: 'EF123456789GB' };
    expect(await refusedOf(asked(world.uk, id, again))).toMatchObject({ code: 'shop_tracking_final', extras: { detail: expect.stringContaining('21011051') } });
    // What TikTok has already is what is asked for.
    expect(await asked(world.uk, id, { kind: 'update', package_id: null, ...THEIRS })).toMatchObject({ ok: true, warning: 'TikTok Shop had it so already.' });
  });

  test('is not offered everywhere, and goes there by the package', async () => {
    const { id } = await world.sandbox.newOrder(INDONESIA);
    expect(await refusedOf(asked(world.indonesia, id, mark()))).toMatchObject({ code: 'shop_not_in_market', extras: { detail: expect.stringContaining('21008106') } });
    const [package_id] = (await at(INDONESIA, id)).package_ids;
    const self_shipment = { tracking_number: 'JNE1234567890', shipping_provider_id: JNE };
    expect(await asked(world.indonesia, null, arrange(package_id!, { self_shipment }))).toMatchObject({ ok: true, package_id, order_status: 'AWAITING_COLLECTION' });
    const other = arrange(package_id!, { self_shipment: { ...self_shipment, tracking_number: 'JNE9999999999' } });
    expect(await refusedOf(asked(world.indonesia, id, other))).toMatchObject({ code: 'shop_already_shipped', extras: { detail: expect.stringContaining('JNE1234567890') } });
  });
});

test('Shipping a combined package brings the news to each of its orders', async () => {
  const sku_id = await skuWith(INDONESIA);
  const [one, two] = await Promise.all([1, 2].map(() => world.sandbox.newOrder(INDONESIA, { shipping_type: 'TIKTOK', buyer: 'combining', items: [{ sku_id }] })));
  const combinable = (await world.sandbox.call('/fulfillment/202309/combinable_packages/search', { shop: INDONESIA, query: { page_size: '50' } })).data.combinable_packages;
  const group = combinable.find(({ order_ids }: { order_ids: string[] }) => order_ids.includes(one.id) && order_ids.includes(two.id));
  const { packages } = (await world.sandbox.post('/fulfillment/202309/packages/combine', { combinable_packages: [group] }, { shop: INDONESIA })).data;
  const statusOf = async (order_id: string) => (await world.db.selectFrom('shop_orders').select('status').where('order_id', '=', order_id).executeTakeFirst())?.status;
  for (const { id } of [one, two]) await world.workflows.orderChanged({ ...world.indonesia, order_id: id }, { source: 'webhook', news: 'package', update_time_ms: null });
  await eventually(async () => (await world.db.selectFrom('shop_packages').select('order_ids').where('package_id', '=', packages[0].id).executeTakeFirst())?.order_ids.length === 2);
  expect(await asked(world.indonesia, one.id, arrange(packages[0].id))).toMatchObject({ ok: true });
  await eventually(async () => (await statusOf(two.id)) === 'AWAITING_COLLECTION');
});

test('Shipping by TikTok’s carrier gives a tracking number', async () => {
  const { id } = await world.sandbox.newOrder(INDONESIA, { shipping_type: 'TIKTOK' });
  const [package_id] = (await at(INDONESIA, id)).package_ids;
  expect(await asked(world.indonesia, null, arrange(package_id!, { handover_method: 'DROP_OFF' }))).toMatchObject({ ok: true, package_id, order_status: 'AWAITING_COLLECTION' });
  expect((await at(INDONESIA, id)).line_items[0]!.tracking_number).toBeTruthy();
});

describe('The same thing asked for twice', () => {
  test('at once is one shipment with one answer', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    const before = await did(MARK);
    const answers = await Promise.all([1, 2, 3, 4].map(() => asked(world.uk, id, mark())));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await rows(id)).toHaveLength(1);
    expect((await did(MARK)) - before).toBe(1);
  });

  test('under one key for something else is refused, and under two keys done once', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    const first = await asked(world.uk, id, mark(), 'parcel-1');
    expect(await asked(world.uk, id, mark(), 'parcel-1')).toEqual(first);
    expect(await refusedOf(asked(world.uk, id, mark(THEIRS), 'parcel-1'))).toMatchObject({ code: 'conflict', extras: { errors: [{ field: 'Idempotency-Key' }] } });
    expect(await asked(world.uk, id, mark(), 'parcel-2')).toMatchObject({ ok: true, package_id: first.package_id, warning: 'TikTok Shop had it so already.' });
    expect(await refusedOf(asked(world.uk, id, mark(THEIRS), 'parcel-3'))).toMatchObject({ code: 'shop_already_shipped', extras: { detail: expect.stringContaining('AB123456789GB') } });
    expect((await at(UK, id)).package_ids).toHaveLength(1);
  });

  test('after it was refused is asked of TikTok anew', async () => {
    const { id } = await world.sandbox.newOrder(UK, { status: 'ON_HOLD' });
    expect(await refusedOf(asked(world.uk, id, mark()))).toMatchObject({ code: 'shop_order_on_hold' });
    await world.sandbox.control('POST', `/orders/${id}/release`, {});
    expect(await asked(world.uk, id, mark())).toMatchObject({ ok: true });
    expect((await rows(id)).map(({ state }) => state)).toEqual(['failed', 'done']);
  });
});

describe('An answer that is lost', () => {
  test('though TikTok shipped: it is found there, and shipped once', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    const before = await did(MARK);
    await world.sandbox.fault({ path: MARK, drop: 'after' });
    expect(await asked(world.uk, id, mark())).toMatchObject({ ok: true, package_id: expect.any(String), warning: null });
    expect((await did(MARK)) - before).toBe(1);
    expect((await at(UK, id)).package_ids).toHaveLength(1);
    expect(await rows(id)).toHaveLength(1);
  });

  test('and TikTok did nothing: it is sent again', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    await world.sandbox.fault({ path: MARK, drop: 'before' });
    expect(await asked(world.uk, id, mark())).toMatchObject({ ok: true });
    expect((await at(UK, id)).package_ids).toHaveLength(1);
  });

  test.each([
    ['429', { answer: { status: 429, code: 36009002, message: 'Too many requests', retry_after_s: 1 } }],
    ['5xx', { answer: { status: 503, code: 36009003, message: 'Internal error' }, times: 2 }],
    ['5xx though it was done', { answer: { status: 500, code: 36009003, message: 'Internal error', acted: true } }],
    ['silence', { delay_ms: 30_000 }],
  ])('in %s', async (_name, fault) => {
    const { id } = await world.sandbox.newOrder(INDONESIA, { shipping_type: 'TIKTOK' });
    const [package_id] = (await at(INDONESIA, id)).package_ids;
    await world.sandbox.fault({ path: SHIP, ...fault });
    expect(await asked(world.indonesia, id, arrange(package_id!))).toMatchObject({ ok: true, package_id, warning: null });
  });

  test.each([
    ['after TikTok had shipped', async (real: () => Promise<unknown>) => void (await real())],
    ['before it was sent', async () => undefined],
  ])('with its worker %s: it is shipped once', async (_name, last) => {
    const { id } = await world.sandbox.newOrder(UK);
    dying = async (real) => {
      await last(real);
      throw new Error('the worker died');
    };
    expect(await asked(world.uk, id, mark())).toMatchObject({ ok: true, warning: null });
    expect((await at(UK, id)).package_ids).toHaveLength(1);
    expect(await rows(id)).toMatchObject([{ state: 'done' }]);
  });

  test('while TikTok can not be asked for long is unconfirmed, never failed; asked again it is found out', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    const shipment = await row(id, mark());
    await world.sandbox.fault({ path: MARK, drop: 'after' });
    expect(await attempt(shipment)).toMatchObject({ kind: 'later', code: 'tiktok_unreachable' });
    expect(await stateOf(shipment)).toBe('sent');
    await world.sandbox.fault({ path: ORDERS, answer: { status: 503, code: 36009003, message: 'Internal error' }, times: 10 });
    expect(await attempt(shipment)).toMatchObject({ kind: 'later', code: 'tiktok_internal' });
    expect(await attempt(shipment, true)).toMatchObject({ kind: 'answered', answer: { ok: false, code: 'shop_shipment_unconfirmed', reason: expect.stringContaining('36009003') } });
    expect(await stateOf(shipment)).toBe('unconfirmed');
    await world.sandbox.control('DELETE', '/faults');
    expect(await asked(world.uk, id, mark())).toMatchObject({ ok: true, shipment_id: shipment.id });
    expect((await at(UK, id)).package_ids).toHaveLength(1);
  });

  test('and another’s tracking number there instead is said', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    const shipment = await row(id, mark());
    await world.sandbox.fault({ path: MARK, drop: 'before' });
    expect(await attempt(shipment)).toMatchObject({ kind: 'later' });
    await world.sandbox.post(`/fulfillment/202309/orders/${id}/packages`, THEIRS);
    expect(await attempt(shipment)).toMatchObject({ kind: 'answered', answer: { ok: false, code: 'shop_already_shipped', reason: expect.stringContaining(THEIRS.tracking_number) } });
    expect(await stateOf(shipment)).toBe('failed');
  });

  test('of what TikTok surely did not do leaves no doubt: at the end it has failed with TikTok’s reason', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    const shipment = await row(id, mark());
    await world.sandbox.fault({ path: MARK, answer: { status: 429, code: 36009002, message: 'Too many requests' }, times: 2 });
    expect(await attempt(shipment)).toMatchObject({ kind: 'later', code: 'tiktok_rate_limited' });
    expect(await stateOf(shipment)).toBe('requested');
    expect(await attempt(shipment, true)).toMatchObject({ answer: { ok: false, code: 'tiktok_rate_limited', reason: expect.stringContaining('36009002') } });
  });
});

describe('Cancelled while it is shipped', () => {
  test('the buyer’s open wish stands against it, then the order’s end', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    await world.sandbox.control('POST', `/orders/${id}/request-cancel`, {});
    expect(await refusedOf(asked(world.uk, id, mark()))).toMatchObject({ code: 'shop_after_sale_open', extras: { detail: expect.stringContaining('21008044') } });
    await world.sandbox.control('POST', `/orders/${id}/cancel`, {});
    expect(await refusedOf(asked(world.uk, id, mark()))).toMatchObject({ code: 'shop_order_cancelled' });
  });

  test('with its answer lost: TikTok’s order is the answer', async () => {
    const { id } = await world.sandbox.newOrder(UK);
    const shipment = await row(id, mark());
    await world.sandbox.fault({ path: MARK, drop: 'before' });
    expect(await attempt(shipment)).toMatchObject({ kind: 'later' });
    await world.sandbox.control('POST', `/orders/${id}/cancel`, {});
    expect(await attempt(shipment)).toMatchObject({ answer: { ok: false, code: 'shop_order_cancelled', order_status: 'CANCELLED' } });
  });
});

test.each([
  ['a carrier that TikTok does not know', { shipping_provider_id: '1' }],
  ['a number that is not the carrier’s', { tracking_number: '1' }],
])('%s is refused by TikTok, and named', async (_name, over) => {
  const { id } = await world.sandbox.newOrder(UK);
  expect(await refusedOf(asked(world.uk, id, mark(over)))).toMatchObject({ code: 'shop_tracking_refused', extras: { errors: [{ field: 'tracking_number' }] } });
});

test('An order or package that nobody knows is not found, and one of another order is named', async () => {
  expect(await refusedOf(asked(world.uk, '1', mark()))).toMatchObject({ code: 'shop_order_not_found' });
  expect(await refusedOf(asked(world.uk, null, arrange('1')))).toMatchObject({ code: 'shop_order_not_found' });
  const [one, two] = await Promise.all([world.sandbox.newOrder(INDONESIA), world.sandbox.newOrder(INDONESIA)]);
  const [package_id] = (await at(INDONESIA, one.id)).package_ids;
  expect(await refusedOf(asked(world.indonesia, two.id, arrange(package_id!)))).toMatchObject({ code: 'validation_failed', extras: { errors: [{ field: 'package_id' }] } });
});

test('A channel that is paused is said at once; nothing is sent', async () => {
  const { id } = await world.sandbox.newOrder(UK);
  const shipment = await row(id, mark());
  await world.db.updateTable('channels').set({ state: 'paused' }).where('id', '=', world.uk.channel_id).execute();
  try {
    expect(await attempt(shipment)).toMatchObject({ kind: 'answered', answer: { ok: false, code: 'shop_channel_paused' } });
  } finally {
    await world.db.updateTable('channels').set({ state: 'active' }).where('id', '=', world.uk.channel_id).execute();
  }
});

