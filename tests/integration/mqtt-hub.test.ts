import { afterEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import mqtt, { type IPublishPacket } from 'mqtt';
import { createMqttHub, type MqttHub, type MqttHubOptions } from '../../devices/mqtt-client.ts';
import { eventually } from '../helpers/eventually.ts';
import { startAedes, type TestBroker } from '../helpers/mqtt-broker.ts';
import { quietLog } from '../helpers/quiet-log.ts';

/** Absent where nothing answers; CI demands it (tests/helpers/global-setup.ts). */
const MOSQUITTO = process.env.TEST_MQTT_URL ?? '';
const describeWithMosquitto = MOSQUITTO ? describe : describe.skip;

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

function hubAt(url: string, options: Partial<MqttHubOptions> = {}): MqttHub {
  const hub = createMqttHub({ url, logger: quietLog, ...options });
  opened.push(hub);
  return hub;
}

async function aedes(port?: number): Promise<TestBroker> {
  const broker = await startAedes(port);
  opened.push({ close: () => broker.stop() });
  return broker;
}

async function watch(topic: string): Promise<{ payload: string; packet: IPublishPacket }[]> {
  const client = await mqtt.connectAsync(MOSQUITTO, { protocolVersion: 5 });
  opened.push({ close: () => client.endAsync() });
  const seen: { payload: string; packet: IPublishPacket }[] = [];
  client.on('message', (_, payload, packet) => seen.push({ payload: payload.toString(), packet }));
  await client.subscribeAsync(topic, { qos: 1 });
  return seen;
}

const message = (topic: string, payload = 'ON') => ({ topic, payload, qos: 1 as const, retain: false, idempotency_key: 'key-1' });

describeWithMosquitto('The MQTT hub at a broker with MQTT 5', () => {
  test('speaks it, and sends the idempotency key as a user property', async () => {
    const topic = `test/${randomUUID()}`;
    const seen = await watch(topic);
    const hub = hubAt(MOSQUITTO);
    expect(await hub.ready(5_000)).toBe(true);
    expect(hub.version).toBe(5);
    expect(await hub.publish(message(topic))).toEqual({ outcome: 'succeeded', response: null });
    await eventually(() => seen.length === 1);
    expect(seen[0]).toMatchObject({ payload: 'ON', packet: { properties: { userProperties: { 'idempotency-key': 'key-1' } } } });
  });

  test('gets a thousand messages through at once, in order', async () => {
    const topic = `test/${randomUUID()}`;
    const seen = await watch(topic);
    const hub = hubAt(MOSQUITTO);
    await hub.ready(5_000);
    const results = await Promise.all(Array.from({ length: 1_000 }, (_, index) => hub.publish(message(topic, String(index)))));
    expect(results.every((result) => result.outcome === 'succeeded')).toBe(true);
    await eventually(() => seen.length === 1_000);
    expect(seen.map(({ payload }) => Number(payload))).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  });

  test('leaves its status at the broker: online, and offline when it goes', async () => {
    const clientId = `test-${randomUUID()}`;
    const seen = await watch(`showrunner/${clientId}/status`);
    const hub = hubAt(MOSQUITTO, { clientId });
    await eventually(() => seen.length === 1);
    await hub.close();
    await hub.close();
    await eventually(() => seen.length === 2);
    expect(seen.map(({ payload }) => payload)).toEqual(['online', 'offline']);
  });
});

describe('The MQTT hub', () => {
  test('falls back to MQTT 3.1.1 where the broker knows no other', async () => {
    const broker = await aedes();
    const hub = hubAt(broker.url);
    await hub.ready(5_000);
    expect(hub.version).toBe(4);
    expect(await hub.publish(message('a/b'))).toMatchObject({ outcome: 'succeeded' });
    expect(broker.messages).toContainEqual({ topic: 'a/b', payload: 'ON', retain: false });
  });

  test('says at once that the broker is away, queues nothing, and goes on when it is back', async () => {
    const broker = await aedes();
    const hub = hubAt(broker.url);
    await hub.ready(5_000);
    await broker.stop();
    await eventually(() => hub.version === null);
    expect(await hub.publish(message('t', 'lost'))).toMatchObject({ outcome: 'retryable', code: 'mqtt_unavailable' });
    const again = await aedes(broker.port);
    await eventually(async () => (await hub.publish(message('t', 'kept'))).outcome === 'succeeded');
    // The broker acknowledges before it tells its listeners.
    await eventually(() => again.messages.some(({ topic }) => topic === 't'));
    expect(again.messages.filter(({ topic }) => topic === 't').map(({ payload }) => payload)).toEqual(['kept']);
  });

  test('hears its topics again after a reconnect', async () => {
    const broker = await aedes();
    const hub = hubAt(broker.url);
    const heard: string[] = [];
    hub.subscribe('state', ({ payload }) => heard.push(payload));
    await hub.ready(5_000);
    await broker.stop();
    await aedes(broker.port);
    await eventually(async () => {
      await hub.publish(message('state', 'hello'));
      return heard.length > 0;
    });
  });

  test('takes a broker that acknowledges nothing for dead', async () => {
    const broker = await silentBroker();
    const hub = hubAt(broker.url, { ackTimeoutMs: 100 });
    await hub.ready(5_000);
    expect(await hub.publish(message('t'))).toMatchObject({ outcome: 'retryable', code: 'mqtt_unavailable' });
    await eventually(() => broker.connections >= 2);
  });

  test('ends what is under way when it is aborted', async () => {
    const broker = await silentBroker();
    const hub = hubAt(broker.url, { ackTimeoutMs: 500 });
    await hub.ready(5_000);
    const abort = new AbortController();
    const result = hub.publish(message('t'), abort.signal);
    abort.abort();
    expect(await result).toMatchObject({ outcome: 'retryable' });
  });

  test('closes while there is no broker', async () => {
    const hub = hubAt('mqtt://127.0.0.1:9');
    expect(await hub.ready(50)).toBe(false);
    await hub.close();
  });
});

/** Accepts connections (CONNACK of MQTT 5) and then says nothing. */
async function silentBroker(): Promise<{ url: string; connections: number }> {
  const sockets = new Set<Socket>();
  const state = { url: '', connections: 0 };
  const server = createServer((socket) => {
    state.connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(Buffer.from([0x20, 0x03, 0x00, 0x00, 0x00])));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  opened.push({
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return state;
}
