import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseShopWebhook } from '../../domain/shop/webhook.ts';

const body = (type: number, data: unknown, envelope: object = {}): string =>
  JSON.stringify({ type, tts_notification_id: '7380066284010030890', shop_id: '7495540735365777507', timestamp: 1718305585, data, ...envelope });
const base = { notification_id: '7380066284010030890', shop_id: '7495540735365777507', timestamp_ms: 1_718_305_585_000 };
const update_time = 1718305580;
const updated = { update_time_ms: 1_718_305_580_000 };

describe('A webhook of TikTok Shop', () => {
  test.each<[number, object, object]>([
    [1, { order_id: '576653688135258178', order_status: 'UNPAID', is_on_hold_order: true, update_time }, { kind: 'order_status', order_id: '576653688135258178', status: 'UNPAID', is_on_hold: true, ...updated }],
    [1, { order_id: '1', order_status: 'CANCEL', update_time }, { kind: 'order_status', order_id: '1', status: 'CANCELLED', is_on_hold: false, ...updated }],
    [3, { order_id: '1', update_time }, { kind: 'recipient_address', order_id: '1', ...updated }],
    [
      4,
      { sc_type: 'SPLIT', role_type: 'ROLE_SELLER', package_list: [{ package_id: '2', order_id_list: ['3', '4'] }], update_time },
      { kind: 'package', change: 'SPLIT', role: 'ROLE_SELLER', packages: [{ package_id: '2', order_ids: ['3', '4'] }], ...updated },
    ],
    [
      5,
      { product_id: '9', status: 'PRODUCT_STATUS_CHANGED', suspended_reason: '', update_time },
      { kind: 'product_status', product_id: '9', status: 'PRODUCT_STATUS_CHANGED', suspended_reason: null, ...updated },
    ],
    [6, { message: 'The seller has left' }, { kind: 'deauthorized', message: 'The seller has left' }],
    [7, { message: 'Soon', expiration_time: '1720000000' }, { kind: 'authorization_expiring', message: 'Soon', expires_at_ms: 1_720_000_000_000 }],
    [
      11,
      { order_id: '1', cancel_id: '2', cancellations_role: 'BUYER', cancel_status: 'CANCELLATION_REQUEST_CANCELLED', create_time: 0 },
      { kind: 'cancellation', order_id: '1', cancel_id: '2', role: 'BUYER', status: 'CANCELLATION_REQUEST_CANCEL', create_time_ms: null },
    ],
    [
      12,
      { order_id: '1', return_id: '2', return_role: 'BUYER', return_type: 'REFUND', return_status: 'RETURN_OR_REFUND_REQUEST_PENDING', update_time },
      { kind: 'return', order_id: '1', return_id: '2', role: 'BUYER', return_type: 'REFUND', status: 'RETURN_OR_REFUND_REQUEST_PENDING', ...updated },
    ],
    [15, { product_id: '9', change_source: 'SELLER', changed_fields: ['title'], update_time }, { kind: 'product_changed', product_id: '9', changed_fields: ['title'], ...updated }],
    [16, { product_id: '9', product_types: [], update_time }, { kind: 'product_created', product_id: '9', ...updated }],
    [
      27,
      { product_id: '9', sku_id: '8', trigger_reason: 'SOLD', current_inventory_status: 'LOW', update_time },
      { kind: 'inventory_status', product_id: '9', sku_id: '8', status: 'LOW', trigger: 'SOLD', ...updated },
    ],
    [36, { package_id: '2', order_ids: ['1'], invoice_status: 'DONE' }, { kind: 'invoice', package_id: '2', order_ids: ['1'], status: 'DONE' }],
    [37, { product_id: '9', audit: { status: 'APPROVED' }, update_time }, { kind: 'product_audit', product_id: '9', status: 'APPROVED', ...updated }],
  ])('of type %d is read: %j', (type, data, expected) => {
    expect(parseShopWebhook(body(type, data))).toEqual({ ok: true, webhook: { type, ...base, ...expected } });
  });

  test('keeps every digit of an id that comes as a number', () => {
    const raw = '{\n "type" : 5, "tts_notification_id": 7380066284010030891, "shop_id": 7495540735365777507, "timestamp": 1718305585,\n "data": {"product_id": 1729592969712207013, "status": "X"}}';
    expect(parseShopWebhook(raw)).toMatchObject({ ok: true, webhook: { notification_id: '7380066284010030891', shop_id: '7495540735365777507', product_id: '1729592969712207013' } });
  });

  test('without a notification id or a shop is one all the same', () => {
    const raw = JSON.stringify({ type: 35, seller_open_id: 'abc', shop_id: '', timestamp: 1718305585, data: { a: 1 } });
    expect(parseShopWebhook(raw)).toEqual({ ok: true, webhook: { type: 35, notification_id: null, shop_id: null, timestamp_ms: 1_718_305_585_000, kind: 'unknown', data: { a: 1 }, fault: null } });
  });

  test('of an unknown type, or with data that is not as documented, is kept and says so', () => {
    expect(parseShopWebhook(body(9_999, { deep: ['x'] }))).toEqual({ ok: true, webhook: { type: 9_999, ...base, kind: 'unknown', data: { deep: ['x'] }, fault: null } });
    const odd = parseShopWebhook(body(1, { order_id: '' }));
    expect(odd).toMatchObject({ ok: true, webhook: { type: 1, kind: 'unknown', data: { order_id: '' } } });
    expect(odd.ok && odd.webhook.kind === 'unknown' && odd.webhook.fault).toContain('order_id');
  });

  test.each(['', '{', 'null', '[]', '{}', '"x"', body(1, {}, { type: '1' }), body(1, {}, { timestamp: null }), body(1, {}, { shop_id: {} })])('is none: %s', (raw) => {
    expect(parseShopWebhook(raw)).toMatchObject({ ok: false });
  });

  test('never throws, whatever JSON comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.jsonValue(), (type, data) => {
        expect(parseShopWebhook(body(type, data)).ok).toBe(true);
      }),
    );
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (raw) => typeof parseShopWebhook(raw).ok === 'boolean'));
  });
});
