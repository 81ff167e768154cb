import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { publishOutbox } from '../../activities/shop/messages/publish-outbox.ts';
import { createWake } from '../../activities/shop/messages/wake.ts';
import { createLeadership, type Leadership } from '../../db/leadership.ts';
import { createListener } from '../../db/listener.ts';
import { newId } from '../../db/ids.ts';
import type { ShopMessage } from '../../domain/contracts/shop-message.ts';
import { CHANNELS } from '../../domain/names.ts';
import { orderMessageSchema, productMessageSchema } from '../../domain/shop/message-schema.ts';
import { createRabbitPublisher, type RabbitPublisher } from '../../messaging/rabbitmq-publisher.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { append, orderMessage, productMessage } from '../helpers/messages.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { describeWithRabbit, RABBIT_URL, TestRabbit } from '../helpers/rabbit.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';

describeWithRabbit('The outbox publisher', () => {
  let database: TestDatabase;
  let rabbit: TestRabbit;
  let orders: string;
  let products: string;
  const closers: (() => Promise<unknown>)[] = [];
  const channel = { channel_id: newId(), workspace_id: newId() };

  beforeEach(async () => {
    database = await createTestDatabase();
    rabbit = new TestRabbit();
    orders = rabbit.name('orders');
    products = rabbit.name('products');
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await rabbit.close();
    await database.drop();
  });

  /** Another process, as it were. `tamper` may put something between it and RabbitMQ. */
  function publisher({ url = RABBIT_URL, databaseUrl = database.url, httpIsOff = true, tamper = (real: RabbitPublisher['publish']) => real } = {}): Leadership & { faults: string[] } {
    const wake = createWake();
    const reconnected = createWake();
    const faults: string[] = [];
    const real = createRabbitPublisher({
      url,
      topology: [orders, products].map((name) => ({ exchange: name, queue: name, pattern: '#' })),
      logger: quietLog,
      onConnected: () => reconnected.wake(),
    });
    const logger = { ...quietLog, warn: (fields: object) => void faults.push((fields as { reason?: string }).reason ?? '') };
    const deps = { rabbit: { publish: tamper(real.publish) }, exchanges: { order: orders, product: products }, httpIsOff, wake, reconnected, logger };
    const listener = createListener({ url: database.url, channels: [CHANNELS.outbox], onNotice: () => wake.wake() });
    const leadership = createLeadership({ url: databaseUrl, name: 'outbox-amqp', lead: (session, signal) => publishOutbox(deps, session, signal), pollMs: 50 });
    closers.push(async () => {
      await listener.close();
      await leadership.close();
      await real.close();
    });
    return Object.assign(leadership, { faults });
  }

  const unsent = async (): Promise<number> =>
    Number((await database.db.selectFrom('shop_outbox').select((select) => select.fn.countAll().as('n')).where('amqp_at', 'is', null).executeTakeFirstOrThrow()).n);
  const allSent = () => eventually(async () => (await unsent()) === 0);

  /** message ids of a queue by key, in the order of their first arrival; the same id again is a repeat. */
  const inOrder = (received: readonly { body: ShopMessage }[]): { [order: string]: number[] } => {
    const seen = new Set<string>();
    const byOrder: { [order: string]: number[] } = {};
    for (const { body } of received) {
      if (body.type !== 'order' || seen.has(body.message_id)) continue;
      seen.add(body.message_id);
      (byOrder[body.order.order_id] ??= []).push(body.sequence);
    }
    return byOrder;
  };

  test('sends orders and products persistently, with id, time, type and headers, soon after the commit', async () => {
    const leader = publisher();
    await rabbit.asserted(orders);
    await rabbit.asserted(products);
    await eventually(() => leader.leads);
    await append(database.db, orderMessage(channel, '577000000000000001', 1), productMessage(channel, '1729000000000000001', 3));
    await allSent();
    const [sentOrder, sentProduct] = await Promise.all([rabbit.connection.basicGet(orders), rabbit.connection.basicGet(products)]);
    const rows = await database.db.selectFrom('shop_outbox').selectAll().orderBy('seq').execute();
    expect(sentOrder).toMatchObject({
      exchange: orders,
      routingKey: 'order.placed',
      durable: true,
      messageId: rows[0]!.message_id,
      type: 'order.placed',
      correlationId: '577000000000000001',
      contentType: 'application/json',
      appId: 'showrunner',
      timestamp: Math.floor(Date.parse(rows[0]!.body.occurred_at) / 1_000),
      headers: { ...channel, shop_id: '7494000000000000001', sequence: 1, schema_version: 1 },
      body: rows[0]!.body,
    });
    expect(sentProduct).toMatchObject({ exchange: products, routingKey: 'product.updated', messageId: rows[1]!.message_id, body: { type: 'product', sequence: 3 } });
    expect(orderMessageSchema.parse(sentOrder!.body)).toEqual(rows[0]!.body);
    expect(productMessageSchema.parse(sentProduct!.body)).toEqual(rows[1]!.body);
    // Without ORDER_SERVICE_URL there is nothing more to do.
    expect(rows.map(({ http_at }) => http_at as unknown)).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  test('keeps the order of each key while the connection is cut again and again, and loses nothing', async () => {
    const { proxy, url } = await TcpProxy.toUrl(RABBIT_URL, 5672);
    closers.push(() => proxy.close());
    publisher({ url });
    await rabbit.asserted(orders);
    const received = await rabbit.collect(orders);
    const [keys, each] = [10, 40];
    const ids = Array.from({ length: keys }, (_, key) => `57700000000000000${key}`);
    for (let sequence = 1; sequence <= each; sequence += 1) {
      await append(database.db, ...ids.map((id) => orderMessage(channel, id, sequence)));
      if (sequence % 8 === 0) {
        proxy.cut();
        proxy.mend();
      }
    }
    await allSent();
    await eventually(() => new Set(received.map(({ messageId }) => messageId)).size === keys * each);
    const whole = Array.from({ length: each }, (_, index) => index + 1);
    expect(inOrder(received)).toEqual(Object.fromEntries(ids.map((id) => [id, whole])));
  }, 60_000);

  test('lets messages wait while RabbitMQ is away', async () => {
    const { proxy, url } = await TcpProxy.toUrl(RABBIT_URL, 5672);
    closers.push(() => proxy.close());
    const leader = publisher({ url });
    await rabbit.asserted(orders);
    const received = await rabbit.collect(orders);
    proxy.cut();
    for (let sequence = 1; sequence <= 5; sequence += 1) await append(database.db, orderMessage(channel, '577000000000000001', sequence));
    await eventually(() => leader.faults.length > 0);
    expect(await unsent()).toBe(5);
    proxy.mend();
    await allSent();
    await eventually(() => received.length === 5);
    expect(inOrder(received)).toEqual({ '577000000000000001': [1, 2, 3, 4, 5] });
    // It is said once, not with each attempt.
    expect(leader.faults).toHaveLength(1);
  }, 60_000);

  test('notices what no queue took, and sends it when it has bound the queue again', async () => {
    const leader = publisher();
    await rabbit.asserted(orders);
    await append(database.db, orderMessage(channel, '577000000000000001', 1));
    await allSent();
    await rabbit.connection.queueDelete({ queue: orders });
    await append(database.db, orderMessage(channel, '577000000000000001', 2), orderMessage(channel, '577000000000000001', 3));
    await allSent();
    expect(leader.faults).toEqual([expect.stringMatching(/returned order\.status of exchange .*NO_ROUTE/)]);
    const received = await rabbit.collect(orders);
    await eventually(() => received.length === 2);
    expect(inOrder(received)).toEqual({ '577000000000000001': [2, 3] });
  });

  test('never lets a message overtake one of its key that RabbitMQ refused', async () => {
    // A queue that is full refuses: the fourth and what follows.
    await rabbit.connection.queueDeclare({ queue: orders, durable: true, arguments: { 'x-max-length': 3, 'x-overflow': 'reject-publish' } }).catch(() => undefined);
    await rabbit.connection.exchangeDeclare({ exchange: orders, type: 'topic', durable: true });
    await rabbit.connection.queueBind({ exchange: orders, queue: orders, routingKey: '#' });
    const real = createRabbitPublisher({ url: RABBIT_URL, topology: [], logger: quietLog });
    closers.push(() => real.close());
    const send = (sequence: number, key: string) => ({ message_id: newId(), exchange: orders, routing_key: 'order.status', key, correlation_id: key, type: 'order.status', timestamp_ms: Date.now(), headers: { sequence }, body: `${sequence}` });
    const batch = [1, 2, 3, 4, 5, 6].map((sequence) => send(sequence, 'one key'));
    const report = await real.publish(batch);
    expect(report).toEqual({ confirmed: batch.slice(0, 3).map(({ message_id }) => message_id), fault: 'message rejected by server' });
    expect(await rabbit.count(orders)).toBe(3);
  });

  test('sends a message again, with the same id, where the publisher died between confirm and mark', async () => {
    await append(database.db, orderMessage(channel, '577000000000000001', 1), orderMessage(channel, '577000000000000001', 2));
    let confirmed = 0;
    publisher({
      tamper: (real) => async (messages) => {
        const report = await real(messages);
        if ((confirmed += report.confirmed.length) === 2) await database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'showrunner-outbox-amqp' and datname = current_database()`);
        return report;
      },
    });
    await allSent();
    const received = await rabbit.collect(orders);
    await eventually(() => received.length === 4);
    const ids = (await database.db.selectFrom('shop_outbox').select('message_id').orderBy('seq').execute()).map(({ message_id }) => message_id);
    expect(received.map(({ messageId }) => messageId)).toEqual([...ids, ...ids]);
  });

  test('is one at a time; another takes over when the first one’s connection ends', async () => {
    const { proxy, url } = await TcpProxy.toUrl(database.url, 5432);
    closers.push(() => proxy.close());
    const first = publisher({ databaseUrl: url });
    await eventually(() => first.leads);
    const second = publisher();
    await append(database.db, orderMessage(channel, '577000000000000001', 1));
    await allSent();
    expect([first.leads, second.leads]).toEqual([true, false]);
    proxy.cut();
    await eventually(() => second.leads && !first.leads);
    await append(database.db, orderMessage(channel, '577000000000000001', 2));
    await allSent();
    const received = await rabbit.collect(orders);
    await eventually(() => received.length === 2);
    expect(received.map(({ body }) => (body as ShopMessage).sequence)).toEqual([1, 2]);
  });
});
