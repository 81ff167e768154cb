import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { keepDueRestore, promiseRestore } from '../../db/device-restore.repository.ts';
import type { AttemptResult } from '../../domain/contracts/action.ts';
import { restoreWorkflowId } from '../../domain/names.ts';
import { commandTo, seedExecution, seedMqttDevice, seedWorkspace, type Seed } from '../helpers/action-rows.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { delivery, type Delivery } from '../helpers/delivery.ts';
import { eventually } from '../helpers/eventually.ts';
import { startAedes, type TestBroker } from '../helpers/mqtt-broker.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

const never = new AbortController().signal;

describe('A device that was switched with a promise to restore it', () => {
  let database: TestDatabase;
  let temporal: TestTemporal;
  let broker: TestBroker;
  let parts: Delivery;
  let seed: Seed;
  let worker: { stop(): Promise<void> };

  beforeAll(async () => {
    [database, temporal, broker] = await Promise.all([createTestDatabase(), testTemporal(), startAedes()]);
    seed = await seedWorkspace(database.db);
    parts = await delivery(database, temporal, broker.url);
    worker = await parts.runWorker();
  });
  afterAll(async () => {
    await temporal.close();
    await parts.close();
    await broker.stop();
    await database.drop();
  });

  const lamp = async (): Promise<{ id: string; topic: string; said: () => string[] }> => {
    const topic = `lamp/${randomUUID()}`;
    return {
      topic,
      id: await seedMqttDevice(database.db, seed, topic),
      said: () => broker.messages.filter((message) => message.topic === topic).map(({ payload }) => payload),
    };
  };
  const trigger = async (device: string, after_ms: number, sender = parts): Promise<AttemptResult> => {
    const [action] = await seedExecution(database.db, seed, [commandTo(device, 'ON', { command: 'OFF', after_ms })]);
    return sender.senders.device_control(action!, never);
  };
  const promiseOf = (device: string) =>
    database.db.selectFrom('device_restores').selectAll().where('device_id', '=', device).executeTakeFirst();
  const workflowOf = (device: string) => temporal.client.workflow.getHandle(restoreWorkflowId(device));

  test('is restored when the time has come, and its workflow ends', async () => {
    const { id, said } = await lamp();
    expect(await trigger(id, 1_500)).toMatchObject({ outcome: 'succeeded' });
    expect(said()).toEqual(['ON']);
    await eventually(() => said().length === 2);
    expect(said()).toEqual(['ON', 'OFF']);
    await workflowOf(id).result();
    expect(await promiseOf(id)).toBeUndefined();
  });

  test('is restored once, after the last of several triggers', async () => {
    const { id, said } = await lamp();
    const last = { at: 0 };
    for (let round = 0; round < 4; round += 1) {
      last.at = Date.now();
      await trigger(id, 3_000);
      await eventually(async () => (await promiseOf(id))?.handed_over_at);
    }
    await eventually(() => said().includes('OFF'));
    expect(Date.now() - last.at).toBeGreaterThanOrEqual(3_000);
    expect(said()).toEqual(['ON', 'ON', 'ON', 'ON', 'OFF']);
    await workflowOf(id).result();
  });

  test('never sooner than was promised before', async () => {
    const { id } = await lamp();
    await trigger(id, 60_000);
    await eventually(async () => (await promiseOf(id))?.handed_over_at);
    const before = (await promiseOf(id))!.due_at;
    await trigger(id, 10);
    expect((await promiseOf(id))!.due_at).toEqual(before);
    expect((await promiseOf(id))!.generation).toBe(2);
    await database.db.deleteFrom('devices').where('id', '=', id).execute();
    await workflowOf(id).terminate();
  });

  test('is restored though the process died before it could tell Temporal', async () => {
    const { id, said } = await lamp();
    await database.pool.query(
      `insert into device_restores (device_id, workspace_id, command, due_at, action_id) values ($1, $2, 'OFF', now(), $3)`,
      [id, seed.workspace_id, randomUUID()],
    );
    await temporal.client.workflow.execute('sweepActions', {
      taskQueue: `${temporal.taskQueue}-actions`,
      workflowId: `sweep:${id}`,
      args: [],
    });
    await eventually(() => said().includes('OFF'));
  });

  test('is restored though the worker was away when it was due', async () => {
    const { id, said } = await lamp();
    await trigger(id, 4_000);
    await eventually(async () => (await promiseOf(id))?.handed_over_at);
    await worker.stop();
    await eventually(async () => (await promiseOf(id))!.due_at.getTime() < Date.now());
    expect(said()).toEqual(['ON']);
    worker = await parts.runWorker();
    await eventually(() => said().includes('OFF'));
    await workflowOf(id).result();
  });

  test('is restored once the broker is back', async () => {
    const own = await startAedes();
    const away = await delivery(database, temporal, own.url);
    await worker.stop();
    worker = await away.runWorker();
    const { id, topic } = await lamp();
    expect(await trigger(id, 2_000, away)).toMatchObject({ outcome: 'succeeded' });
    await own.stop();
    await eventually(async () => (await workflowOf(id).describe()).historyLength > 15);
    const again = await startAedes(own.port);
    await eventually(() => again.messages.some((message) => message.topic === topic && message.payload === 'OFF'));
    await workflowOf(id).result();
    await worker.stop();
    await away.close();
    await again.stop();
    worker = await parts.runWorker();
  });

  test('and can not be for a day is given up, and the workspace is told once', async () => {
    const own = await startAedes();
    const away = await delivery(database, temporal, own.url);
    await worker.stop();
    worker = await away.runWorker();
    await own.stop();
    const { id } = await lamp();
    await database.pool.query(
      `insert into device_restores (device_id, workspace_id, command, due_at, action_id) values ($1, $2, 'OFF', now() - interval '25 hours', $3)`,
      [id, seed.workspace_id, randomUUID()],
    );
    await away.starter.restore({ device_id: id, workspace_id: seed.workspace_id });
    await workflowOf(id).result();
    const { rows } = await database.pool.query<{ message: string }>('select message from notifications where workspace_id = $1', [seed.workspace_id]);
    expect(rows).toEqual([{ message: expect.stringMatching(/^The device ".+" was to be restored with OFF; that failed for 25 h and was given up\./) }]);
    expect(await promiseOf(id)).toBeUndefined();
    await worker.stop();
    await away.close();
    worker = await parts.runWorker();
  });

  test('and deleted is forgotten', async () => {
    const { id, said } = await lamp();
    await trigger(id, 3_000);
    await eventually(async () => (await promiseOf(id))?.handed_over_at);
    await database.db.deleteFrom('devices').where('id', '=', id).execute();
    await workflowOf(id).result();
    expect(said()).toEqual(['ON']);
  });

  test('can not be undone by a restore that is under way when it is switched again', async () => {
    const { id } = await lamp();
    const order: string[] = [];
    const promise = { device_id: id, workspace_id: seed.workspace_id, command: 'OFF', after_ms: 0, action_id: randomUUID() };
    await promiseRestore(database.db, promise);
    let again: Promise<unknown> = Promise.resolve();
    await keepDueRestore(database.db, id, async () => {
      again = promiseRestore(database.db, { ...promise, after_ms: 5_000 }).then(() => order.push('switched on again'));
      await eventually(
        async () =>
          (await database.pool.query(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%device_restores%'`))
            .rowCount,
      );
      order.push('restored');
      return true;
    });
    await again;
    expect(order).toEqual(['restored', 'switched on again']);
    expect(await promiseOf(id)).toMatchObject({ generation: 1, handed_over_at: null });
    await database.db.deleteFrom('devices').where('id', '=', id).execute();
  });
});

describe('A command that a person gives', () => {
  let database: TestDatabase;
  let temporal: TestTemporal;
  let broker: TestBroker;
  let parts: Delivery;
  let seed: Seed;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    [database, temporal, broker] = await Promise.all([createTestDatabase(), testTemporal(), startAedes()]);
    seed = await seedWorkspace(database.db);
    parts = await delivery(database, temporal, broker.url);
    await parts.runWorker();
  });
  afterEach(() => Promise.all(closing.splice(0).map((close) => close())));
  afterAll(async () => {
    await temporal.close();
    await parts.close();
    await broker.stop();
    await database.drop();
  });

  const command = (device_id: string, workspace_id = seed.workspace_id) =>
    temporal.client.workflow.execute<(input: unknown) => Promise<AttemptResult>>('sendDeviceCommand', {
      taskQueue: `${temporal.taskQueue}-actions`,
      workflowId: `command:${randomUUID()}`,
      args: [{ device_id, workspace_id, command: 'TOGGLE' }],
    });

  test('reaches the device', async () => {
    const topic = `lamp/${randomUUID()}`;
    const id = await seedMqttDevice(database.db, seed, topic);
    expect(await command(id)).toEqual({ outcome: 'succeeded', response: null });
    expect(broker.messages).toContainEqual({ topic, payload: 'TOGGLE', retain: false });
  });

  test('says that there is no such device, also where it is another workspace’s', async () => {
    const id = await seedMqttDevice(database.db, seed, 'x');
    expect(await command(randomUUID())).toMatchObject({ outcome: 'failed', code: 'device_not_found' });
    expect(await command(id, (await seedWorkspace(database.db)).workspace_id)).toMatchObject({
      outcome: 'failed',
      code: 'device_not_found',
    });
  });

  test('says within seconds that the broker is away', async () => {
    const id = await seedMqttDevice(database.db, seed, 'x');
    await broker.stop();
    await eventually(() => parts.hub.version === null);
    expect(await command(id)).toMatchObject({ outcome: 'retryable', code: 'mqtt_unavailable' });
    broker = await startAedes(broker.port);
    await eventually(() => parts.hub.version !== null);
  });
});
