import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AsyncMessage } from 'rabbitmq-client';
import { newId } from '../../db/ids.ts';
import type { ShopMessage } from '../../domain/contracts/shop-message.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { startHttpTarget, type HttpTarget } from '../helpers/http-target.ts';
import { append, orderMessage, productMessage } from '../helpers/messages.ts';
import { Product } from '../helpers/product.ts';
import { describeWithRabbit, TestRabbit } from '../helpers/rabbit.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { testSecrets } from '../helpers/accounts.ts';

/** kill -9 of the worker while messages are on their way: each arrives, in order within its order, doubles only with the same id. */
describeWithRabbit('The outbox of a worker that is killed', () => {
  let database: TestDatabase;
  let rabbit: TestRabbit;
  let target: HttpTarget;
  let product: Product;
  let names: Record<string, string>;
  /** From the queues of orders and products. */
  let received: AsyncMessage[][];
  let channel: { channel_id: string; workspace_id: string };

  beforeAll(async () => {
    database = await createTestDatabase();
    rabbit = new TestRabbit();
    target = await startHttpTarget();
    names = rabbit.env();
    channel = { channel_id: newId(), workspace_id: (await seedWorkspace(database.db, { webhook_secret: testSecrets().seal('whsec_test') })).workspace_id };
    product = await Product.start({
      databaseUrl: database.url,
      temporalAddress: process.env.TEST_TEMPORAL_ADDRESS!,
      parts: ['shop'],
      env: { ...names, ORDER_SERVICE_URL: `${target.url}/orders` },
    });
    const queues = [names.ORDER_QUEUE_NAME!, names.PRODUCT_QUEUE_NAME!];
    await Promise.all(queues.map((queue) => rabbit.asserted(queue)));
    received = await Promise.all(queues.map((queue) => rabbit.collect(queue)));
  }, 180_000);
  afterAll(async () => {
    await product?.stop();
    await target?.stop();
    await rabbit?.close();
    await database?.drop();
  }, 60_000);

  const unsent = async (): Promise<number> => {
    const { n } = await database.db.selectFrom('shop_outbox').select((select) => select.fn.countAll().as('n')).where((where) => where.or([where('amqp_at', 'is', null), where('http_at', 'is', null)])).executeTakeFirstOrThrow();
    return Number(n);
  };
  const everything = () => database.db.selectFrom('shop_outbox').select(['message_id', 'key', 'body']).orderBy('seq').execute();

  /** Sequences by key, each message where it came first. */
  const firsts = (messages: readonly ShopMessage[]): { [key: string]: number[] } => {
    const seen = new Set<string>();
    const byKey: { [key: string]: number[] } = {};
    for (const message of messages) {
      if (seen.has(message.message_id)) continue;
      seen.add(message.message_id);
      (byKey[message.type === 'order' ? message.order.order_id : message.product.product_id] ??= []).push(message.sequence);
    }
    return byKey;
  };

  test('is sent whole, over RabbitMQ and as callbacks', async () => {
    const [keys, kills, each] = [12, 3, 10];
    const ids = Array.from({ length: keys }, (_, key) => `57700000000000${1_000 + key}`);
    let sequence = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const before = received[0]!.length;
      const writing = (async () => {
        for (let n = 0; n < each; n += 1) {
          sequence += 1;
          await append(database.db, ...ids.map((id) => orderMessage(channel, id, sequence)), productMessage(channel, '1729000000000000001', sequence));
        }
      })();
      // In the middle: some of these are out, others not.
      await eventually(() => received[0]!.length > before + keys, { timeoutMs: 60_000, intervalMs: 2 });
      await product.kill('shop');
      await writing;
      await product.spawn('shop');
    }
    await eventually(async () => (await unsent()) === 0, { timeoutMs: 120_000 });
    const written = await everything();
    expect(written).toHaveLength((keys + 1) * kills * each);
    const distinct = () => new Set(received.flat().map(({ messageId }) => messageId));
    await eventually(() => distinct().size === written.length);
    const whole = Array.from({ length: sequence }, (_, index) => index + 1);
    const expected = Object.fromEntries([...ids, '1729000000000000001'].map((id) => [id, whole]));
    expect(firsts(received.flat().map(({ body }) => body as ShopMessage))).toEqual(expected);
    expect(firsts(target.requests.map(({ body }) => JSON.parse(body) as ShopMessage))).toEqual(expected);
    // What came twice is the same message, to the letter.
    const byId = new Map(written.map(({ message_id, body }) => [message_id, body]));
    for (const { messageId, body } of received.flat()) expect(body).toEqual(byId.get(messageId!));
    for (const { headers, body } of target.requests) expect(JSON.parse(body)).toEqual(byId.get(String(headers['idempotency-key'])));
  }, 300_000);

  test('repeats a message with the same id where it died between the confirm and the mark', async () => {
    const before = received[0]!.length;
    const arrived = () => received[0]!.slice(before);
    // Nobody can mark a message while the test holds this lock.
    await database.pool.query(`create function wait_for_test() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock_shared(4242); return new; end'`);
    await database.pool.query('create trigger wait_for_test before update on shop_outbox for each row execute function wait_for_test()');
    const holder = await database.pool.connect();
    await holder.query('select pg_advisory_lock(4242)');
    const called = target.requests.length;
    await append(database.db, orderMessage(channel, '577000000000000777', 1));
    await eventually(() => arrived().length === 1 && target.requests.length === called + 1);
    await product.kill('shop');
    // PostgreSQL would still do what a client that is dead has asked for.
    await database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'showrunner-outbox-%' and datname = current_database()`);
    await holder.query('select pg_advisory_unlock(4242)');
    holder.release();
    expect(await unsent()).toBe(1);
    await product.spawn('shop');
    await eventually(async () => (await unsent()) === 0);
    await eventually(() => arrived().length === 2 && target.requests.length === called + 2);
    const { message_id } = (await everything()).at(-1)!;
    expect(arrived().map(({ messageId, body }) => [messageId, (body as ShopMessage).message_id])).toEqual([[message_id, message_id], [message_id, message_id]]);
    expect(target.requests.slice(called).map(({ headers }) => headers['idempotency-key'])).toEqual([message_id, message_id]);
  }, 120_000);
});
