import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { callBack } from '../../activities/shop/messages/call-back.ts';
import { createCallbackAlert } from '../../activities/shop/messages/callback-alert.ts';
import { createWake } from '../../activities/shop/messages/wake.ts';
import { createLeadership } from '../../db/leadership.ts';
import { createListener } from '../../db/listener.ts';
import { newId } from '../../db/ids.ts';
import type { ShopMessage } from '../../domain/contracts/shop-message.ts';
import { CHANNELS } from '../../domain/names.ts';
import { createMessageCallback } from '../../messaging/message-callback.ts';
import { createOutgoingHttp } from '../../messaging/outgoing-http.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { startHttpTarget, type Answer, type HttpTarget, type ReceivedRequest } from '../helpers/http-target.ts';
import { append, orderMessage } from '../helpers/messages.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { seedWorkspace } from '../helpers/seed.ts';

describe('HTTP callbacks of messages', () => {
  let database: TestDatabase;
  let target: HttpTarget;
  let channel: { channel_id: string; workspace_id: string };
  const closers: (() => Promise<unknown>)[] = [];
  const SECRET = 'whsec_test';
  const [ONE, TWO] = ['577000000000000001', '577000000000000002'];

  beforeEach(async () => {
    database = await createTestDatabase();
    channel = { channel_id: newId(), workspace_id: (await seedWorkspace(database.db)).workspace_id };
    target = await startHttpTarget();
    closers.push(target.stop);
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await database.drop();
  });

  function start({ amqpIsOff = true, timeoutMs = 1_000 } = {}): void {
    const wake = createWake();
    const http = createOutgoingHttp({ allowPrivate: true });
    const send = createMessageCallback({ http, url: `${target.url}/orders?from=tiktok`, secretOf: () => Promise.resolve(SECRET), timeoutMs });
    const alert = createCallbackAlert({ pool: database.pool, hint: () => undefined, logger: quietLog });
    const listener = createListener({ url: database.url, channels: [CHANNELS.outbox], onNotice: () => wake.wake() });
    const leadership = createLeadership({ url: database.url, name: 'outbox-http', lead: (session, signal) => callBack({ send, amqpIsOff, wake, alert, logger: quietLog }, session, signal), pollMs: 50 });
    closers.push(http.close, () => leadership.close(), () => listener.close());
  }

  const bodyOf = ({ body }: ReceivedRequest) => JSON.parse(body) as ShopMessage & { type: 'order' };
  const sequences = (order: string) => target.requests.map(bodyOf).filter(({ order: { order_id } }) => order_id === order).map(({ sequence }) => sequence);
  const rows = () => database.db.selectFrom('shop_outbox').selectAll().orderBy('seq').execute();
  const waiting = async () => (await rows()).filter(({ http_at }) => http_at === null).length;
  const failsFor = (order: string, answer: Answer) => (request: ReceivedRequest): Answer => (bodyOf(request).order.order_id === order ? answer : { status: 204 });
  /** As if its time had come. */
  const due = () => database.pool.query('update shop_outbox set http_next_at = now() where http_next_at is not null');

  test('carry the message as JSON, signed like webhooks, with its id as the idempotency key', async () => {
    start();
    await append(database.db, orderMessage(channel, ONE, 1));
    await eventually(async () => (await waiting()) === 0);
    const [row] = await rows();
    const [request] = target.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/orders?from=tiktok',
      headers: { 'content-type': 'application/json', 'user-agent': 'Showrunner/1', 'idempotency-key': row!.message_id, 'x-showrunner-message': 'order.placed' },
    });
    expect(bodyOf(request!)).toEqual(row!.body);
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request!.headers['x-showrunner-signature']))!;
    expect(v1).toBe(createHmac('sha256', SECRET).update(`${t}.${request!.body}`).digest('hex'));
    // Without AMQP_URL there is nothing more to do.
    expect(row).toMatchObject({ http_attempts: 1, http_error: null, amqp_at: Number.NEGATIVE_INFINITY });
  });

  test('of an order that fails hold up none but its own, and keep its order', async () => {
    target.answer = failsFor(ONE, { status: 500, body: 'out of paper' });
    start({ amqpIsOff: false });
    await append(database.db, ...[1, 2, 3].flatMap((sequence) => [orderMessage(channel, ONE, sequence), orderMessage(channel, TWO, sequence)]));
    await eventually(async () => (await waiting()) === 3);
    expect(sequences(TWO)).toEqual([1, 2, 3]);
    expect(new Set(sequences(ONE))).toEqual(new Set([1]));
    expect((await rows())[0]).toMatchObject({ http_at: null, http_error: 'target_failed: The other side answered 500: out of paper', http_next_at: expect.any(Date), amqp_at: null });
    await eventually(() => sequences(ONE).length >= 2);
    target.answer = () => ({ status: 200 });
    await due();
    await eventually(async () => (await waiting()) === 0);
    expect(sequences(ONE).filter((sequence, index, all) => sequence !== all[index - 1])).toEqual([1, 2, 3]);
    expect(new Set(target.requests.filter((request) => bodyOf(request).sequence === 1 && bodyOf(request).order.order_id === ONE).map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  test.each<[string, Answer, RegExp]>([
    ['404', { status: 404, body: 'no such page' }, /^target_refused: .*404: no such page/],
    ['a redirect that a POST must not follow', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, /302/],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '3600' } }, /429/],
    ['silence', { status: 200, hang: true }, /^target_timeout: /],
  ])('that get %s are tried again, and what was said is kept', async (_, answer, error) => {
    target.answer = () => answer;
    start({ timeoutMs: 200 });
    await append(database.db, orderMessage(channel, ONE, 1));
    const row = await eventually(async () => (await rows()).find(({ http_error }) => http_error !== null));
    expect(row).toMatchObject({ http_at: null, http_gave_up_at: null, http_error: expect.stringMatching(error) });
    const waitMs = (row.http_next_at as Date).getTime() - Date.now();
    if (answer.headers?.['retry-after']) expect(waitMs).toBeGreaterThan(3_500_000);
    target.answer = () => ({ status: 200 });
    await due();
    await eventually(async () => (await waiting()) === 0);
  });

  test('are given up when they are seven days old, with a notification a day; their successors have their turn', async () => {
    target.answer = (request) => ({ status: bodyOf(request).sequence < 3 ? 503 : 200 });
    await append(database.db, ...[1, 2, 3].map((sequence) => orderMessage(channel, ONE, sequence)));
    await database.pool.query(`update shop_outbox set created_at = now() - interval '8 days' where (body->>'sequence')::int < 3`);
    start();
    await eventually(async () => (await rows())[2]!.http_at !== null);
    expect(await rows()).toMatchObject([
      { http_at: null, http_gave_up_at: expect.any(Date), http_error: expect.stringMatching(/503/), amqp_at: Number.NEGATIVE_INFINITY },
      { http_at: null, http_gave_up_at: expect.any(Date) },
      { http_at: expect.any(Date), http_gave_up_at: null },
    ]);
    expect(sequences(ONE)).toEqual([1, 2, 3]);
    const notifications = await database.db.selectFrom('notifications').selectAll().execute();
    expect(notifications).toMatchObject([{ workspace_id: channel.workspace_id, message: expect.stringContaining('ORDER_SERVICE_URL') }]);
  });

  test('that ended in the middle of a stop are made again, without a failure on the record', async () => {
    target.answer = () => ({ status: 200, hang: true });
    start({ timeoutMs: 30_000 });
    await append(database.db, orderMessage(channel, ONE, 1));
    await eventually(() => target.requests.length === 1);
    for (const close of closers.splice(1).reverse()) await close();
    expect(await rows()).toMatchObject([{ http_at: null, http_attempts: 0, http_error: null }]);
    target.answer = () => ({ status: 200 });
    start();
    await eventually(async () => (await waiting()) === 0);
    expect(sequences(ONE)).toEqual([1, 1]);
  });
});
