import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTakeInventory } from '../../activities/shop/messages/take-inventory.ts';
import { newId } from '../../db/ids.ts';
import { openDb } from '../../db/client.ts';
import type { ChannelKey } from '../../domain/contracts/channel.ts';
import { createRabbitConsumer } from '../../messaging/rabbitmq-consumer.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { describeWithRabbit, RABBIT_URL, TestRabbit } from '../helpers/rabbit.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { seedPlainChannel } from '../helpers/shop-events.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';

describeWithRabbit('Bulk inventory from RabbitMQ', () => {
  let database: TestDatabase;
  let rabbit: TestRabbit;
  let name: string;
  let channel: ChannelKey;
  const woken: string[] = [];
  const warned: string[] = [];
  /** Set: the workflow can't be reached. */
  let temporalIsAway = false;
  const closers: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    rabbit = new TestRabbit();
    name = rabbit.name('inventory');
    channel = await seedPlainChannel(database.db, (await seedWorkspace(database.db)).workspace_id);
    woken.length = 0;
    warned.length = 0;
    temporalIsAway = false;
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await rabbit.close();
    await database.drop();
  });

  async function consume({ url = RABBIT_URL, db = database.db } = {}): Promise<void> {
    const workflows = {
      wakeStock: ({ channel_id }: ChannelKey) => {
        if (temporalIsAway) return Promise.reject(new Error('Temporal is away'));
        woken.push(channel_id);
        return Promise.resolve();
      },
    };
    const logger = { ...quietLog, warn: (_: object, message: string) => void warned.push(message) };
    const consumer = createRabbitConsumer({ url, exchange: name, queue: name, handle: createTakeInventory({ db, workflows, queue: name }), logger, pauseMs: { first: 10, longest: 50 } });
    closers.push(() => consumer.close());
    await eventually(async () => ((await rabbit.count(`${name}`)) === undefined ? false : await rabbit.connection.exchangeDeclare({ exchange: name, passive: true }).then(() => true, () => false)));
  }

  const message = (over: object = {}) => ({ message_id: newId(), workspace_id: channel.workspace_id, items: [{ channel_id: channel.channel_id, sku_id: '1729000000000000002', quantity: 7 }], ...over });
  const requests = () => database.db.selectFrom('inventory_requests').selectAll().orderBy('seq').execute();
  const stored = (count: number) => eventually(async () => { const rows = await requests(); return rows.length === count ? rows : null; });
  const empty = () => eventually(async () => (await rabbit.count(name)) === 0);

  test('each item becomes a request of its channel, and the stock is woken', async () => {
    await consume();
    const { shop_id } = await database.db.selectFrom('channels').select('shop_id').executeTakeFirstOrThrow();
    const sent = message({
      items: [
        { channel_id: channel.channel_id, sku_id: '1729000000000000002', quantity: 7, basis: 'on_hand', as_of: '2026-01-01T10:00:00+02:00', warehouse_id: '7000000000000000001' },
        { shop_id, seller_sku: 'L-1', quantity: 0 },
      ],
    });
    await rabbit.publish(name, sent, { timestamp: 1_767_225_600 });
    expect(await stored(2)).toMatchObject([
      { ...channel, source: 'rabbitmq', dedupe_key: `${sent.message_id}:0`, sku_id: '1729000000000000002', seller_sku: null, warehouse_id: '7000000000000000001', quantity: 7, basis: 'on_hand', as_of: new Date('2026-01-01T08:00:00Z'), state: 'received' },
      { ...channel, source: 'rabbitmq', dedupe_key: `${sent.message_id}:1`, sku_id: null, seller_sku: 'L-1', quantity: 0, basis: 'available', as_of: new Date(1_767_225_600_000), state: 'received' },
    ]);
    await eventually(() => woken.length > 0);
    expect(woken).toEqual([channel.channel_id]);
  });

  test('a repeat changes nothing and wakes again', async () => {
    await consume();
    const sent = message();
    await rabbit.publish(name, sent);
    const [first] = await stored(1);
    await rabbit.publish(name, { ...sent, items: [{ ...sent.items[0], quantity: 9 }] });
    await eventually(() => woken.length === 2);
    expect(await requests()).toEqual([first]);
  });

  test('items that are wrong alone fail with the reason, the others are applied', async () => {
    await consume();
    const item = { channel_id: channel.channel_id, sku_id: '1729000000000000002' };
    const gone = await seedPlainChannel(database.db, channel.workspace_id, 'disconnected');
    await rabbit.publish(name, message({ items: [{ ...item, quantity: -1 }, { ...item, quantity: 100_000 }, { ...item, channel_id: gone.channel_id, quantity: 3 }, { ...item, quantity: 5 }] }));
    const rows = await stored(4);
    expect(rows.map(({ quantity, state, state_code }) => [quantity, state, state_code]).sort()).toEqual([
      [-1, 'failed', 'shop_message_invalid'],
      [100_000, 'failed', 'shop_message_invalid'],
      [3, 'failed', 'shop_channel_disconnected'],
      [5, 'received', null],
    ]);
    expect(rows.find(({ quantity }) => quantity === -1)).toMatchObject({ state_reason: 'quantity -1 is not within 0 to 99999.', finished_at: expect.any(Date) });
    await eventually(() => woken.length > 0);
    expect(woken).toEqual([channel.channel_id]);
    expect(await rabbit.count(`${name}.dead`)).toBeUndefined();
  });

  const item = (over: object = {}) => ({ sku_id: '1729000000000000002', quantity: 1, ...over });
  const POISON: [string, () => unknown, { code: string; reason: RegExp }][] = [
    ['text that is no JSON', () => Buffer.from('{"message_id": '), { code: 'malformed_json', reason: /not JSON/ }],
    ['JSON of another kind', () => [1, 2], { code: 'shop_message_invalid', reason: /message: / }],
    ['a field too much', () => message({ colour: 'red' }), { code: 'shop_message_invalid', reason: /colour/ }],
    ['a quantity that is no number', () => message({ items: [item({ channel_id: channel.channel_id, quantity: '7' })] }), { code: 'shop_message_invalid', reason: /items\.0\.quantity/ }],
    ['neither channel nor shop', () => message({ items: [item()] }), { code: 'shop_message_invalid', reason: /channel_id or shop_id/ }],
    ['a NUL character', () => message({ items: [item({ channel_id: channel.channel_id, seller_sku: 'a\0b', sku_id: undefined })] }), { code: 'shop_message_invalid', reason: /NUL/ }],
    ['1,001 items', () => message({ items: Array.from({ length: 1_001 }, () => item({ channel_id: channel.channel_id })) }), { code: 'shop_message_invalid', reason: /items: / }],
    ['more than 1 MB', () => message({ note: 'x'.repeat(1_048_576) }), { code: 'payload_too_large', reason: /1048576/ }],
    ['a shop that nobody has', () => message({ items: [item({ shop_id: '7' }), item({ channel_id: channel.channel_id })] }), { code: 'not_found', reason: /has no shop 7; nothing/ }],
  ];

  test('poison goes to the dead-letter queue with its reason, and holds nothing up', async () => {
    await consume();
    const foreign = await seedPlainChannel(database.db, (await seedWorkspace(database.db)).workspace_id);
    const all: typeof POISON = [...POISON, ['a shop of another workspace', () => message({ items: [item({ channel_id: foreign.channel_id })] }), { code: 'not_found', reason: new RegExp(foreign.channel_id) }]];
    const received = await rabbit.collect(`${name}.dead`);
    for (const [what, body] of all) await rabbit.publish(name, body(), { messageId: what, contentType: 'application/json', headers: { CC: [name], own: 1 } });
    await rabbit.publish(name, message());
    const [request] = await stored(1);
    expect(request).toMatchObject({ state: 'received', quantity: 7 });
    await eventually(() => received.length === all.length);
    expect(received.map(({ messageId, headers }) => [messageId, headers?.['x-code'], headers?.['x-queue']])).toEqual(all.map(([what, , { code }]) => [what, code, name]));
    all.forEach(([, , { reason }], index) => expect(received[index]!.headers?.['x-reason']).toMatch(reason));
    expect(received[1]).toMatchObject({ durable: true, body: [1, 2] });
    expect(Buffer.from(received[0]!.body as Buffer).toString()).toBe('{"message_id": ');
    // A sender's CC would have sent it around for ever.
    expect(received[0]!.headers).not.toHaveProperty('CC');
    const letters = await database.db.selectFrom('shop_dead_letters').selectAll().orderBy('created_at').execute();
    expect(letters.map(({ message_id, code }) => [message_id, code])).toEqual(all.map(([what, , { code }]) => [what, code]));
    await empty();
  }, 60_000);

  test('while Temporal is away the message waits in the queue; nothing is lost and nothing stored twice', async () => {
    await consume();
    temporalIsAway = true;
    await rabbit.publish(name, message());
    await eventually(() => warned.includes('a message can not be taken now; it goes back into the queue'));
    temporalIsAway = false;
    await eventually(() => woken.length === 1);
    expect(await requests()).toHaveLength(1);
    await empty();
  });

  test('while PostgreSQL is away the message waits in the queue, and is taken when it is back', async () => {
    const { proxy, url } = await TcpProxy.toUrl(database.url, 5432);
    closers.push(() => proxy.close());
    const handle = openDb({ url, max: 2 });
    closers.push(() => handle.close());
    await consume({ db: handle.db });
    proxy.cut();
    await rabbit.publish(name, message());
    await rabbit.publish(name, Buffer.from('no JSON'));
    await eventually(() => warned.includes('a message can not be taken now; it goes back into the queue'));
    expect(await requests()).toEqual([]);
    proxy.mend();
    await stored(1);
    await eventually(async () => (await rabbit.count(`${name}.dead`)) === 1);
    await empty();
  });

  test('takes what comes after RabbitMQ was away', async () => {
    const { proxy, url } = await TcpProxy.toUrl(RABBIT_URL, 5672);
    closers.push(() => proxy.close());
    await consume({ url });
    await rabbit.publish(name, message());
    await stored(1);
    proxy.cut();
    await rabbit.publish(name, message());
    proxy.mend();
    await stored(2);
    await empty();
  });
});
