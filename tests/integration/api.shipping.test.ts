import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { newId } from '../../db/ids.ts';
import { findQuestion, storeAnswer } from '../../db/shop-read.repository.ts';
import { beginLabel, finishLabel } from '../../db/shipment-label.repository.ts';
import { finishShipment } from '../../db/shipment.repository.ts';
import type { ShopRead } from '../../domain/contracts/channel.ts';
import type { ShopResult } from '../../domain/contracts/shop-api.ts';
import type { ShipAnswer, ShipInput } from '../../domain/contracts/shop-order.ts';
import { isAllowed, WORKSPACE_ROLES } from '../../domain/permissions.ts';
import { faultsIn } from '../helpers/posts.ts';
import { seedPlainChannel } from '../helpers/shop-events.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

const ORDER = '576653688135258178';
const PACKAGE = '1152321127278713123';
const TRACKING = { tracking_number: 'AB123456789GB', shipping_provider_id: '7117858858072016645' };
const DONE: ShipAnswer = { ok: true, package_id: PACKAGE, order_status: 'AWAITING_COLLECTION', warning: null };
const PARCEL = { id: PACKAGE, status: 'PROCESSING', orders: [{ id: ORDER, skus: [] }], order_line_item_ids: ['1'], shipping_type: 'TIKTOK', shipping_provider_id: null, shipping_provider_name: null, tracking_number: 'TTS1', delivery_option_id: null, handover_method: null, split_and_combine: 'DEFAULT', create_time_ms: 1_700_000_000_000, update_time_ms: null };
const UNKNOWN = { ok: false, code: 'shop_order_not_found', reason: 'TikTok Shop: 10006402.', tiktok_code: 10006402, definite: true, retry: 'never', retry_after_ms: null } as const;

let api: TestApi;
let owner: Person;
let channel_uid: string;
let questions: ShopRead[];
/** What TikTok says to a question. */
let says: (question: ShopRead) => ShopResult<unknown>;
beforeAll(async () => {
  api = await createTestApi();
  api.temporal.onReadShop = async (input) => {
    const question = (await findQuestion(api.deps.db, input))!;
    questions.push(question);
    await storeAnswer(api.deps.db, input, says(question));
  };
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  channel_uid = (await seedPlainChannel(api.deps.db, owner.workspace_id)).channel_id;
  questions = [];
  says = ({ kind }) => ({ ok: true, value: kind === 'package' ? PARCEL : { id: ORDER } });
  api.temporal.calls.length = 0;
  api.temporal.answers.ship = DONE;
});

const call = <T = any>(method: string, path: string, body?: unknown, headers?: Record<string, string>, token = owner.token) => api.call<T>(method, path, { token, body, headers }); // eslint-disable-line @typescript-eslint/no-explicit-any
const mark = (over: object = {}, headers?: Record<string, string>) => call('POST', '/shipping/mark-shipped', { channel_uid, order_id: ORDER, ...TRACKING, ...over }, headers);
const shipped = () => api.temporal.calls.filter(({ name }) => name === 'ship').map(({ args }) => args as [object, ShipInput]);
const rows = () => api.deps.db.selectFrom('shop_shipments').selectAll().where('workspace_id', '=', owner.workspace_id).orderBy('id').execute();

describe('What is asked to be shipped', () => {
  test('is kept, carried out by the order’s workflow, and answered', async () => {
    const answer = await mark({ order_line_item_ids: ['11', '12'] });
    expect([answer.status, answer.body]).toEqual([200, { ok: true, shipment_id: expect.any(String), package_id: PACKAGE, order_status: 'AWAITING_COLLECTION', warning: null }]);
    expect(shipped()).toEqual([[{ channel_id: channel_uid, workspace_id: owner.workspace_id, order_id: ORDER }, { shipment_id: answer.body.shipment_id }]]);
    expect(await rows()).toMatchObject([{ id: answer.body.shipment_id, order_id: ORDER, state: 'requested', requested_by: owner.user_id, request: { kind: 'mark_shipped', ...TRACKING, order_line_item_ids: ['11', '12'] } }]);
    expect(questions).toEqual([{ kind: 'order', order_id: ORDER }]);
  });

  test('by TikTok’s carrier is of the package’s order, which TikTok names', async () => {
    const slot = { start_time: '2026-11-22T09:00:00Z', end_time: '2026-11-22T12:00:00+01:00' };
    expect((await call('POST', '/shipping/ship', { channel_uid, package_id: PACKAGE, handover_method: 'PICKUP', pickup_slot: slot })).status).toBe(200);
    expect(await rows()).toMatchObject([{ order_id: ORDER, package_id: PACKAGE, request: { kind: 'ship', pickup_slot: { start_ms: Date.parse(slot.start_time), end_ms: Date.parse(slot.end_time) }, self_shipment: null } }]);
    expect((await call('POST', '/shipping/ship', { channel_uid, package_id: PACKAGE, self_shipment: TRACKING })).status).toBe(200);
    expect((await call('POST', '/shipping/update', { channel_uid, package_id: PACKAGE, ...TRACKING })).status).toBe(200);
    expect((await rows()).map(({ request }) => request.kind)).toEqual(['ship', 'ship', 'update']);
  });

  test('is one shipment however often it is asked for; a key given is for one thing', async () => {
    const answers = await Promise.all([mark({ order_line_item_ids: ['1', '2'] }), mark({ order_line_item_ids: ['2', '1', '2'] })]);
    expect(new Set(answers.map(({ body }) => body.shipment_id)).size).toBe(1);
    const other = await mark({}, { 'Idempotency-Key': 'one' });
    expect((await mark({}, { 'Idempotency-Key': 'one' })).body).toEqual(other.body);
    const taken = await mark({ tracking_number: 'ZZ9' }, { 'Idempotency-Key': 'one' });
    expect([taken.status, taken.body.code, faultsIn(taken.body)]).toEqual([409, 'conflict', { 'Idempotency-Key': expect.any(String) }]);
    expect(await rows()).toHaveLength(2);
  });

  test('that is done needs no workflow; what is unconfirmed is asked for again', async () => {
    const { body } = await mark();
    const ref = { shipment_id: body.shipment_id as string, workspace_id: owner.workspace_id };
    await finishShipment(api.deps.db, ref, { ok: false, code: 'shop_shipment_unconfirmed', reason: 'no answer', order_status: null });
    expect((await mark()).status).toBe(200);
    expect(shipped()).toHaveLength(2);
    await finishShipment(api.deps.db, ref, DONE);
    expect((await mark()).body).toEqual(body);
    expect(shipped()).toHaveLength(2);
  });

  test.each([
    ['shop_order_on_hold', 409, {}],
    ['shop_after_sale_open', 409, {}],
    ['shop_shipment_unconfirmed', 409, {}],
    ['shop_tracking_refused', 422, { tracking_number: 'TikTok Shop: no.' }],
    ['shop_order_not_found', 404, {}],
  ] as const)('and is refused by TikTok with %s is that problem', async (code, status, faults) => {
    api.temporal.answers.ship = { ok: false, code, reason: 'TikTok Shop: no.', order_status: null };
    const { status: got, body } = await mark();
    expect([got, body.code, faultsIn(body)]).toEqual([status, code, faults]);
    expect(body.detail).toContain('TikTok Shop: no.');
  });

  test('of an order that neither we nor TikTok know is 404, and nothing is kept', async () => {
    says = () => UNKNOWN;
    expect(await mark()).toMatchObject({ status: 404, body: { code: 'shop_order_not_found', detail: UNKNOWN.reason } });
    expect(await call('POST', '/shipping/ship', { channel_uid, package_id: PACKAGE })).toMatchObject({ status: 404 });
    expect(await rows()).toEqual([]);
  });

  test.each([
    ['mark-shipped', {}, ['channel_uid', 'order_id', 'shipping_provider_id', 'tracking_number']],
    ['mark-shipped', { order_id: 1, tracking_number: '  ', shipping_provider_id: 'x', order_line_item_ids: [] }, ['channel_uid', 'order_id', 'order_line_item_ids', 'shipping_provider_id', 'tracking_number']],
    ['mark-shipped', { channel_uid: 'x', order_id: ORDER, ...TRACKING, tracking_number: '<b>', note: 'x' }, ['channel_uid', 'note', 'tracking_number']],
    ['update', { channel_uid: randomUUID(), ...TRACKING }, ['order_id']],
    ['ship', { channel_uid: randomUUID(), package_id: PACKAGE, handover_method: 'THROW', pickup_slot: { start_time: 'now' } }, ['handover_method', 'pickup_slot.end_time', 'pickup_slot.start_time']],
    ['ship', { channel_uid: randomUUID(), package_id: PACKAGE, pickup_slot: { start_time: '2026-11-22T12:00:00Z', end_time: '2026-11-22T09:00:00Z' } }, ['pickup_slot.end_time']],
    ['ship', { channel_uid: randomUUID(), package_id: PACKAGE, handover_method: 'PICKUP', self_shipment: TRACKING }, ['self_shipment']],
  ])('badly by %s is named by field', async (path, body, fields) => {
    const answer = await call('POST', `/shipping/${path}`, body);
    expect([answer.status, Object.keys(faultsIn(answer.body)).sort()]).toEqual([422, fields]);
    expect(await rows()).toEqual([]);
  });

  test('for a channel that is paused, or of another workspace, goes nowhere', async () => {
    const paused = (await seedPlainChannel(api.deps.db, owner.workspace_id, 'paused')).channel_id;
    expect(await mark({ channel_uid: paused })).toMatchObject({ status: 409, body: { code: 'shop_channel_paused' } });
    const stranger = await api.person();
    const theirs = (await seedPlainChannel(api.deps.db, stranger.workspace_id)).channel_id;
    for (const request of [
      mark({ channel_uid: theirs }),
      call('GET', `/shipping/package/${PACKAGE}?channel_uid=${theirs}`),
      call('GET', `/shipping/package/${PACKAGE}/label?channel_uid=${theirs}`),
      call('GET', `/shipping/providers?channel_uid=${theirs}&delivery_option_id=1`),
      call('GET', `/shipping/shipments?channel_uid=${theirs}`),
    ])
      expect((await request).status).toBe(404);
    expect(shipped()).toEqual([]);
  });
});

describe('Carriers, packages and slots', () => {
  test('come from TikTok', async () => {
    says = () => ({ ok: true, value: [{ id: '71', name: 'Royal Mail' }] });
    expect(await call('GET', `/shipping/providers?channel_uid=${channel_uid}&delivery_option_id=7091`)).toMatchObject({ status: 200, body: { items: [{ id: '71', name: 'Royal Mail' }] } });
    expect(questions).toEqual([{ kind: 'providers', delivery_option_id: '7091' }]);
    says = () => ({ ok: true, value: { can_pickup: true, can_drop_off: false, drop_off_point_url: null, pickup_slots: [{ start_ms: 0, end_ms: 3_600_000, available: true }] } });
    expect((await call('GET', `/shipping/package/${PACKAGE}/handover-slots?channel_uid=${channel_uid}`)).body).toMatchObject({ pickup_slots: [{ start_time: '1970-01-01T00:00:00.000Z', end_time: '1970-01-01T01:00:00.000Z' }] });
  });

  test('a package shows what TikTok has, what we have, and what was asked', async () => {
    await call('POST', '/shipping/ship', { channel_uid, package_id: PACKAGE });
    const { status, body } = await call('GET', `/shipping/package/${PACKAGE}?channel_uid=${channel_uid}`);
    expect([status, body]).toEqual([200, expect.objectContaining({ id: PACKAGE, order_ids: [ORDER], tracking_number: 'TTS1', created_at: '2023-11-14T22:13:20.000Z', known: null, shipments: [expect.objectContaining({ package_id: PACKAGE, state: 'requested' })] })]);
  });
});

describe('The label', () => {
  async function store(size: string | null, bytes = '%PDF-1.4 label'): Promise<string> {
    const key = `${owner.workspace_id}/label-${randomUUID()}`;
    const id = await beginLabel(api.deps.db, { workspace_id: owner.workspace_id, channel_id: channel_uid, package_id: PACKAGE, type: 'SHIPPING_LABEL', size }, key, 60_000);
    await api.deps.media.put(key, Readable.from([Buffer.from(bytes)]), 1_000);
    await finishLabel(api.deps.db, id, bytes.length);
    return id;
  }
  const label = (query = '') => call('GET', `/shipping/package/${PACKAGE}/label?channel_uid=${channel_uid}${query}`);

  test('is fetched, streamed as a PDF, and never cached on the way', async () => {
    api.temporal.answers.fetchLabel = { kind: 'stored', label_id: await store('A5') };
    const { status, headers, body } = await label();
    expect([status, body]).toEqual([200, '%PDF-1.4 label']);
    expect(headers.get('content-type')).toBe('application/pdf');
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('content-disposition')).toBe(`inline; filename="${PACKAGE}-shipping_label.pdf"`);
    const asked = api.temporal.calls.filter(({ name }) => name === 'fetchLabel');
    expect(asked).toEqual([{ name: 'fetchLabel', args: [{ workspace_id: owner.workspace_id, channel_id: channel_uid, package_id: PACKAGE, type: 'SHIPPING_LABEL', size: null }] }]);
    expect((await label('&size=A5')).status).toBe(200);
    expect(api.temporal.calls.filter(({ name }) => name === 'fetchLabel')).toHaveLength(1);
  });

  test('that TikTok needs longer for says when to come again; what it does not know is named', async () => {
    api.temporal.answers.fetchLabel = { kind: 'refused', code: 'shop_label_pending', reason: 'TikTok Shop: 11034023.' };
    const pending = await label();
    expect([pending.status, pending.headers.get('retry-after')]).toEqual([409, '5']);
    const wrong = await label('&type=POSTER&size=A0');
    expect([wrong.status, Object.keys(faultsIn(wrong.body)).sort()]).toEqual([422, ['size', 'type']]);
  });
});

test('The list of shipments is paged, filtered, and the workspace’s own', async () => {
  for (const order_id of ['1', '2', '3']) await mark({ order_id });
  const first = await call('GET', '/shipping/shipments?limit=2');
  expect(first.body.items.map((item: { order_id: string }) => item.order_id)).toEqual(['3', '2']);
  const second = await call('GET', `/shipping/shipments?limit=2&cursor=${first.body.next_cursor}`);
  expect([second.body.items.map((item: { order_id: string }) => item.order_id), second.body.next_cursor]).toEqual([['1'], null]);
  expect((await call('GET', `/shipping/shipments?channel_uid=${channel_uid}&order_id=2`)).body.items).toHaveLength(1);
  expect((await call('GET', '/shipping/shipments', undefined, {}, (await api.person()).token)).body.items).toEqual([]);
});

test('Warehouse people ship, as owners and admins do, and nobody else', async () => {
  for (const role of WORKSPACE_ROLES) {
    const { token } = await api.person(role, owner.workspace_id);
    const view = await call('GET', '/shipping/shipments', undefined, {}, token);
    const edit = await call('POST', '/shipping/mark-shipped', { channel_uid, order_id: newId().replaceAll(/\D/g, '').slice(0, 18), ...TRACKING }, {}, token);
    expect([role, view.status, edit.status]).toEqual([role, isAllowed(role, 'shipping.view') ? 200 : 403, isAllowed(role, 'shipping.edit') ? 200 : 403]);
  }
  expect(WORKSPACE_ROLES.filter((role) => isAllowed(role, 'shipping.edit'))).toEqual(['owner', 'admin', 'warehouse']);
});
