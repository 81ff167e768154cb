import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { watchAvailability } from '../../devices/availability.ts';
import { createMqttHub } from '../../devices/mqtt-client.ts';
import { createPresenceBook } from '../../devices/presence.ts';
import { listMqttDevices, recordPresence } from '../../db/device-delivery.repository.ts';
import { seedMqttDevice, seedWorkspace, type Seed } from '../helpers/action-rows.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { startAedes, type TestBroker } from '../helpers/mqtt-broker.ts';
import { quietLog } from '../helpers/quiet-log.ts';

describe('The state of a device', () => {
  let database: TestDatabase;
  let seed: Seed;
  let device: MqttClient;
  /** Mosquitto where it answers, else aedes. */
  let url: string;
  let aedes: TestBroker | null = null;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    seed = await seedWorkspace(database.db);
    aedes = process.env.TEST_MQTT_URL ? null : await startAedes();
    url = process.env.TEST_MQTT_URL ?? aedes?.url ?? '';
    device = await mqtt.connectAsync(url, { protocolVersion: aedes ? 4 : 5 });
  });
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close();
  });
  afterAll(async () => {
    await device.endAsync();
    await aedes?.stop();
    await database.drop();
  });

  const watch = async (): Promise<void> => {
    const hub = createMqttHub({ url, logger: quietLog });
    const presence = createPresenceBook({ write: (notes) => recordPresence(database.db, notes), logger: quietLog, flushMs: 20 });
    opened.push(
      hub,
      presence,
      watchAvailability({ hub, load: (token) => listMqttDevices(database.db, token), presence, logger: quietLog, pollMs: 50 }),
    );
    await hub.ready(5_000);
  };
  const row = (id: string) => database.db.selectFrom('devices').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const say = (topic: string, payload: string, retain = false) => device.publishAsync(topic, payload, { qos: 1, retain });
  const lamp = async () => {
    const topic = `test/${randomUUID()}`;
    return {
      topic,
      id: await seedMqttDevice(database.db, seed, `${topic}/cmd`, { availability_topic: `${topic}/lwt`, state_topic: `${topic}/state` }),
    };
  };

  test('follows its availability topic, retained or not', async () => {
    const { topic, id } = await lamp();
    await say(`${topic}/lwt`, 'online', true);
    await watch();
    await eventually(async () => (await row(id)).is_online === true);
    expect((await row(id)).last_seen_at).not.toBeNull();
    await say(`${topic}/lwt`, '{"state":"offline"}');
    await eventually(async () => (await row(id)).is_online === false);
    await say(`${topic}/lwt`, '', true);
  });

  test('knows when it spoke last, without its word on being online', async () => {
    const { topic, id } = await lamp();
    await watch();
    await eventually(async () => {
      await say(`${topic}/state`, 'ON');
      return (await row(id)).last_seen_at;
    });
    expect((await row(id)).is_online).toBeNull();
  });

  test('of a device that was added or changed is followed as well', async () => {
    await watch();
    const { topic, id } = await lamp();
    await say(`${topic}/lwt`, 'online', true);
    await eventually(async () => (await row(id)).is_online === true);
    await database.db
      .updateTable('devices')
      .set({
        config: JSON.stringify({
          preset: 'custom',
          qos: 1,
          retain: false,
          command_topic: 'x',
          availability_topic: `${topic}/lwt`,
          payload_offline: 'online',
          payload_online: 'x',
        }),
        updated_at: new Date(),
      })
      .where('id', '=', id)
      .execute();
    await eventually(async () => (await row(id)).is_online === false);
    await say(`${topic}/lwt`, '', true);
  });
});
