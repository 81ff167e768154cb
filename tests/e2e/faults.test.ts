import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { Product } from '../helpers/product.ts';
import { Show } from '../helpers/show.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { testTemporalAddress } from '../helpers/temporal.ts';
import { testMqttUrl } from '../helpers/mqtt.ts';

/** The product as processes, with everything it leans on behind proxies that can be cut. */
let database: TestDatabase;
let product: Product;
let show: Show;
const proxies: Record<'postgres' | 'mqtt' | 'temporal', TcpProxy> = {} as never;

beforeAll(async () => {
  database = await createTestDatabase();
  const postgres = await TcpProxy.toUrl(database.url, 5432);
  const mqtt = await TcpProxy.toUrl(testMqttUrl(), 1883);
  const [host, port] = testTemporalAddress().split(':') as [string, string];
  Object.assign(proxies, { postgres: postgres.proxy, mqtt: mqtt.proxy, temporal: await TcpProxy.to(host, Number(port)) });
  product = await Product.start({ databaseUrl: postgres.url, mqttUrl: mqtt.url, temporalAddress: `127.0.0.1:${proxies.temporal.port}` });
}, 120_000);
afterEach(async () => {
  await show.close();
});
afterAll(async () => {
  await product.stop();
  await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
  await database.drop();
}, 60_000);

/** Longer than the heartbeat timeout, and than any single retry waits. */
const OUTAGE_MS = 20_000;

const open = async (): Promise<Show> => (show = await Show.open(product, testMqttUrl(), `r${randomUUID().slice(0, 8)}`));

/** Exact: each event stored once, each counter right, each share's command at the lamp, repeats with the same key only. */
async function expectNothingLost(): Promise<void> {
  const sent = await show.sent();
  await eventually(async () => (await show.storedEvents()).length >= sent.total_events, { timeoutMs: 60_000, intervalMs: 500 });
  const stored = await show.storedEvents();
  expect(stored).toHaveLength(sent.total_events);
  expect(new Set(stored.map((event) => event.msg_id)).size).toBe(sent.total_events);
  const { total_comments, total_gifts, total_likes, total_joins, total_shares } = sent;
  expect(await show.livestream()).toMatchObject({ total_comments, total_gifts, total_likes, total_joins, total_shares });
  const shares = new Set(stored.filter((event) => event.type === 'share').map((event) => event.msg_id));
  await eventually(() => show.lampIds().size === shares.size, { timeoutMs: 60_000 });
  expect(show.lampIds()).toEqual(shares);
  const keys = new Map<string, Set<string>>();
  for (const { id, key } of show.received) keys.set(id, (keys.get(id) ?? new Set()).add(key));
  expect([...keys.values()].every((set) => set.size === 1)).toBe(true);
}

describe('nothing is lost or doubled', () => {
  test('when the worker is killed with -9 again and again', async () => {
    await open();
    await show.load(100, 18);
    for (let kill = 0; kill < 3; kill++) {
      const before = show.received.length;
      await eventually(() => show.received.length > before, { timeoutMs: 30_000 });
      await product.kill('live');
      await product.spawn('live');
    }
    await expectNothingLost();
  }, 180_000);

  test('when PostgreSQL is gone for a while', async () => {
    await open();
    await show.load(100, 25);
    await eventually(() => show.received.length > 5);
    proxies.postgres.cut();
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    proxies.postgres.mend();
    await expectNothingLost();
  }, 120_000);

  test('when the MQTT broker is gone for a while', async () => {
    await open();
    await show.load(100, 12);
    await eventually(() => show.received.length > 5);
    proxies.mqtt.cut();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    proxies.mqtt.mend();
    await expectNothingLost();
  }, 120_000);

  test('when Temporal is gone for longer than a heartbeat may be late: events and first attempts go on', async () => {
    await open();
    await show.load(50, 30);
    await eventually(() => show.received.length > 5);
    proxies.temporal.cut();
    const { total_events } = await show.livestream();
    const lamp = show.received.length;
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    expect((await show.livestream()).total_events).toBeGreaterThan(total_events + 300);
    expect(show.received.length).toBeGreaterThan(lamp + 20);
    proxies.temporal.mend();
    await expectNothingLost();
    await eventually(async () => (await show.livestream()).status === 'live');
  }, 120_000);

  test('when the API is killed and comes back', async () => {
    await open();
    await show.load(100, 6);
    await product.kill('api');
    await product.spawn('api');
    await expectNothingLost();
  }, 120_000);
});
