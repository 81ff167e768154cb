import { describe, expect, test } from '@jest/globals';
import type { OrderLineItem, ShopOrder, ShopPackage } from '../../domain/contracts/shop-api.ts';
import type { ShipRequest } from '../../domain/contracts/shop-order.ts';
import { isAnsweredAtOnce, judge, lookAt, mayBeDone } from '../../domain/shop/shipment.ts';
import { describeShipment } from '../../domain/shop/shipment-words.ts';

const OURS = { tracking_number: 'AB123456789GB', shipping_provider_id: '71' };
const item = (id: string, over: Partial<OrderLineItem> = {}): OrderLineItem => ({ id, status: 'AWAITING_SHIPMENT', package_status: 'TO_FULFILL', package_id: null, tracking_number: null, shipping_provider_id: null, shipping_provider_name: null, ...over }) as OrderLineItem;
const gone = (id: string, over: Partial<OrderLineItem> = {}): OrderLineItem => item(id, { status: 'AWAITING_COLLECTION', package_status: 'PROCESSING', package_id: '9', ...OURS, ...over });
const order = (...line_items: OrderLineItem[]) => ({ kind: 'order' as const, order: { id: '1', status: 'AWAITING_SHIPMENT', line_items } as unknown as ShopOrder });
const parcel = (over: Partial<ShopPackage>) => ({ kind: 'package' as const, parcel: { id: '9', status: null, tracking_number: null, shipping_provider_id: null, shipping_provider_name: null, handover_method: null, ...over } as ShopPackage });
const mark = (ids: string[] | null = null): ShipRequest => ({ kind: 'mark_shipped', ...OURS, order_line_item_ids: ids });
const ship = (over: Partial<ShipRequest & { kind: 'ship' }> = {}): ShipRequest => ({ kind: 'ship', package_id: '9', handover_method: null, pickup_slot: null, self_shipment: null, ...over });
const update = (package_id: string | null): ShipRequest => ({ kind: 'update', package_id, ...OURS });
const CANCELLED = { status: 'CANCELLED', package_status: 'CANCELLED' };
const OTHER = { tracking_number: 'ZZ999999999GB' };

describe('A whole order that is to be marked as shipped', () => {
  test.each([
    ['is open while all of it waits', order(item('a'), item('b')), 'open'],
    ['is open while a part of it waits', order(gone('a'), item('b')), 'open'],
    ['is done where all goes under the number', order(gone('a'), gone('b')), 'done'],
    ['is done under a number that differs in case alone', order(gone('a', { tracking_number: 'ab123456789gb' })), 'done'],
    ['is done where TikTok does not name the carrier', order(gone('a', { shipping_provider_id: null })), 'done'],
    ['is done where a parcel went before under another number', order(gone('a', OTHER), gone('b')), 'done'],
    ['is done where the rest is cancelled', order(gone('a'), item('b', CANCELLED)), 'done'],
    ['is done once it is delivered', order(gone('a', { status: 'DELIVERED', package_status: 'COMPLETED' })), 'done'],
    ['is another’s under another number', order(gone('a', OTHER)), 'other'],
    ['is another’s by another carrier', order(gone('a', { shipping_provider_id: '72' })), 'other'],
    ['is cancelled where all of it is', order(item('a', CANCELLED), item('b', CANCELLED)), 'cancelled'],
  ])('%s', (_name, seen, kind) => expect(judge(mark(), seen).kind).toBe(kind));

  test('names its package', () => expect(judge(mark(), order(gone('a')))).toEqual({ kind: 'done', package_id: '9' }));
  test('that went otherwise says how', () => expect(judge(mark(), order(gone('a', OTHER)))).toEqual({ kind: 'other', what: expect.stringContaining('ZZ999999999GB') }));
});

describe('Items that are to be marked as shipped', () => {
  test.each([
    ['are open though others went', order(gone('a'), item('b')), ['b'], 'open'],
    ['are done though others wait', order(gone('a'), item('b')), ['a'], 'done'],
    ['are not done where one went otherwise', order(gone('a'), gone('b', OTHER)), ['a', 'b'], 'other'],
    ['that TikTok does not show are for it to refuse', order(gone('a')), ['a', 'x'], 'open'],
  ])('%s', (_name, seen, ids, kind) => expect(judge(mark(ids), seen).kind).toBe(kind));
});

describe('A package that is to be shipped', () => {
  test.each([
    ['is open before a shipment is arranged', ship(), parcel({}), 'open'],
    ['is done by TikTok’s carrier whatever its number', ship(), parcel({ status: 'PROCESSING', ...OTHER }), 'done'],
    ['is done by the seller’s carrier under the number', ship({ self_shipment: OURS }), parcel({ status: 'PROCESSING', ...OURS }), 'done'],
    ['is another’s under another number', ship({ self_shipment: OURS }), parcel({ status: 'FULFILLING', ...OTHER }), 'other'],
    ['is another’s where it is fetched and not dropped off', ship({ handover_method: 'DROP_OFF' }), parcel({ status: 'PROCESSING', handover_method: 'PICKUP' }), 'other'],
    ['is cancelled', ship(), parcel({ status: 'CANCELLED' }), 'cancelled'],
  ])('%s', (_name, request, seen, kind) => expect(judge(request, seen).kind).toBe(kind));
});

describe('A tracking number that is to be changed', () => {
  test.each([
    ['is open while the package has another', update('9'), parcel({ status: 'PROCESSING', ...OTHER }), 'open'],
    ['is done where the package has it', update('9'), parcel({ status: 'PROCESSING', ...OURS }), 'done'],
    ['is cancelled with its package', update('9'), parcel({ status: 'CANCELLED', ...OURS }), 'cancelled'],
    ['is done where every parcel of the order has it', update(null), order(gone('a'), gone('b')), 'done'],
    ['is open where one has not', update(null), order(gone('a'), gone('b', OTHER)), 'open'],
    ['is open where nothing went', update(null), order(item('a')), 'open'],
  ])('%s', (_name, request, seen, kind) => expect(judge(request, seen).kind).toBe(kind));
});

test('is looked for where it shows: the order without a package, else the package', () => {
  expect(lookAt(mark())).toEqual({ kind: 'order' });
  expect(lookAt(update(null))).toEqual({ kind: 'order' });
  expect(lookAt(update('9'))).toEqual({ kind: 'package', package_id: '9' });
  expect(lookAt(ship())).toEqual({ kind: 'package', package_id: '9' });
});

test('refusals that may hide a success are told from those that can not', () => {
  expect((['shop_already_shipped', 'shop_already_delivered', 'shop_tracking_final', 'shop_tracking_refused', 'shop_order_cancelled'] as const).map(mayBeDone)).toEqual([true, true, true, false, false]);
  expect((['shop_order_on_hold', 'shop_channel_paused', 'tiktok_rate_limited'] as const).map(isAnsweredAtOnce)).toEqual([true, true, false]);
});

test('the timeline says what was done, and why not', () => {
  expect(describeShipment(mark(), { ok: true, package_id: '9', order_status: 'IN_TRANSIT', warning: null })).toBe('Marked as shipped (tracking number AB123456789GB, package 9).');
  expect(describeShipment(ship(), { ok: false, code: 'shop_order_cancelled', reason: 'TikTok Shop: 21011041.', order_status: null })).toBe('Shipping failed: TikTok Shop: 21011041.');
  expect(describeShipment(update('9'), { ok: false, code: 'shop_shipment_unconfirmed', reason: 'lost', order_status: null })).toContain('is not confirmed');
});
