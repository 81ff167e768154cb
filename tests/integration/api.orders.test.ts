import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createOrderIntake } from '../../activities/shop/orders/take-orders.ts';
import { findQuestion, storeAnswer } from '../../db/shop-read.repository.ts';
import type { ShopRead } from '../../domain/contracts/channel.ts';
import type { ShopOrder, ShopResult } from '../../domain/contracts/shop-api.ts';
import { isAllowed, WORKSPACE_ROLES } from '../../domain/permissions.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { seedPlainChannel } from '../helpers/shop-events.ts';
import { shopItem, shopOrder } from '../helpers/shop-orders.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
let owner: Person;
let channel_uid: string;
let questions: ShopRead[];
let says: ShopResult<unknown>;

beforeAll(async () => {
  api = await createTestApi();
  api.temporal.onReadShop = async (input) => {
    questions.push((await findQuestion(api.deps.db, input))!);
    await storeAnswer(api.deps.db, input, says);
  };
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  channel_uid = (await seedPlainChannel(api.deps.db, owner.workspace_id)).channel_id;
  questions = [];
});

const call = (path: string, token = owner.token) => api.call<any>('GET', path, { token }); // eslint-disable-line @typescript-eslint/no-explicit-any
const id = (number: number): string => `57646141303878570${number}`;
const order = (number: number, over: Partial<ShopOrder> = {}): ShopOrder =>
  shopOrder({ id: id(number), create_time_ms: number * 1_000, update_time_ms: number * 1_000, line_items: [shopItem({ id: `item-${number}`, status: over.status ?? 'AWAITING_SHIPMENT' })], ...over });
async function stored(...orders: ShopOrder[]): Promise<void> {
  const events = { append: () => Promise.resolve(null), committed: () => undefined };
  const intake = createOrderIntake({ db: api.deps.db, pool: api.deps.pool, events, publishes: false, logger: quietLog });
  await intake.take({ channel_id: channel_uid, workspace_id: owner.workspace_id, shop_id: '7495', name: 'Nordlicht', connected_at: new Date(0) }, orders, 'webhook');
}

test('Orders are listed newest first, page by page, and found by status, time, name, number and shortfall', async () => {
  await stored(order(1), order(2, { status: 'UNPAID', buyer_nickname: 'Bert 100%' }), order(3, { tracking_number: 'AB1' }));
  const ids = async (query: string): Promise<string[]> => (await call(`/orders?${query}`)).body.items.map(({ order_id }: { order_id: string }) => order_id);
  expect(await ids('')).toEqual([id(3), id(2), id(1)]);
  const first = await call('/orders/?limit=2');
  expect(await ids(`limit=2&cursor=${first.body.next_cursor}`)).toEqual([id(1)]);
  expect(await ids('status=UNPAID,COMPLETED')).toEqual([id(2)]);
  expect(await ids('from=1970-01-01T00:00:02Z&to=1970-01-01T00:00:03Z')).toEqual([id(2)]);
  expect(await ids('q=0%25')).toEqual([id(2)]);
  expect(await ids('q=AB1')).toEqual([id(3)]);
  expect(await ids(`q=${id(1)}&channel_uid=${channel_uid}`)).toEqual([id(1)]);
  expect(await ids('is_short=true')).toEqual([]);
});

test('An order shows its units and what happened to it', async () => {
  await stored(order(1));
  const { status, body } = await call(`/orders/${id(1)}/?channel_uid=${channel_uid}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ order_id: id(1), status: 'AWAITING_SHIPMENT', is_short: false, total: { amount: 1500, currency: 'GBP' }, packages: [], after_sales: [], reservations: [{ line_item_id: 'item-1', state: 'held' }] });
  const timeline = await call(`/orders/${id(1)}/timeline?channel_uid=${channel_uid}&limit=2`);
  expect(timeline.body.items.map(({ kind }: { kind: string }) => kind)).toEqual(['reserved', 'status']);
  const rest = await call(`/orders/${id(1)}/timeline?channel_uid=${channel_uid}&limit=2&cursor=${timeline.body.next_cursor}`);
  expect(rest.body.items.map(({ kind }: { kind: string }) => kind)).toEqual(['seen']);
});

test('TikTok is asked at once where that is wanted, and its pages are its own', async () => {
  says = { ok: true, value: { items: [order(7)], unreadable: [], next_page_token: 'next', total_count: 2 } };
  const list = await call(`/orders?source=tiktok&channel_uid=${channel_uid}&status=UNPAID&limit=200&cursor=token`);
  expect(list.body).toMatchObject({ items: [{ order_id: id(7), is_short: null, first_source: null }], next_cursor: 'next' });
  expect(questions).toEqual([{ kind: 'orders', page_size: 100, page_token: 'token', status: 'UNPAID' }]);
  says = { ok: true, value: order(7, { status: 'IN_TRANSIT' }) };
  expect((await call(`/orders/${id(7)}?source=tiktok&channel_uid=${channel_uid}`)).body).toMatchObject({ status: 'IN_TRANSIT', reservations: [] });
  says = { ok: false, code: 'shop_order_not_found', reason: 'TikTok Shop: 10006402.', tiktok_code: 10006402, definite: true, retry: 'never', retry_after_ms: null };
  expect(await call(`/orders/${id(8)}?source=tiktok&channel_uid=${channel_uid}`)).toMatchObject({ status: 404, body: { code: 'shop_order_not_found' } });
});

test('Bad input is named by its field', async () => {
  for (const [query, field] of [['status=SOLD', 'status'], ['cursor=nope', 'cursor'], ['from=yesterday', 'from'], ['source=tiktok', 'channel_uid'], [`source=tiktok&channel_uid=${channel_uid}&q=x`, 'q'], [`source=tiktok&channel_uid=${channel_uid}&status=UNPAID,COMPLETED`, 'status']]) {
    const { status, body } = await call(`/orders?${query}`);
    expect([query, status, JSON.stringify(body.errors)]).toEqual([query, 422, expect.stringContaining(field!)]);
  }
  expect((await call(`/orders/abc?channel_uid=${channel_uid}`)).status).toBe(422);
});

test('Another workspace sees nothing of it, and only who may see orders does', async () => {
  await stored(order(1));
  const stranger = await api.person();
  for (const path of [`/orders/${id(1)}?channel_uid=${channel_uid}`, `/orders/${id(1)}/timeline?channel_uid=${channel_uid}`, `/orders?channel_uid=${channel_uid}`]) expect((await call(path, stranger.token)).status).toBe(404);
  expect((await call('/orders', stranger.token)).body.items).toEqual([]);
  expect(WORKSPACE_ROLES.filter((role) => isAllowed(role, 'orders.view'))).toEqual(expect.arrayContaining(['owner', 'admin', 'sales']));
  expect(isAllowed('member', 'orders.view')).toBe(false);
});
