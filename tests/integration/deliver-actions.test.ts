import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { recordAttempts } from '../../db/action.repository.ts';
import type { RenderedAction } from '../../domain/contracts/action.ts';
import { deliverWorkflowId } from '../../domain/names.ts';
import { deliveryQuery } from '../../workflows/deliver-actions.messages.ts';
import {
  actionRow,
  attemptRows,
  commandTo,
  executionRow,
  seedExecution,
  seedMqttDevice,
  seedWorkspace,
  webhookTo,
  type Seed,
} from '../helpers/action-rows.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { delivery, type Delivery } from '../helpers/delivery.ts';
import { eventually } from '../helpers/eventually.ts';
import { startHttpTarget } from '../helpers/http-target.ts';
import { startAedes } from '../helpers/mqtt-broker.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

describe('deliverActions', () => {
  let database: TestDatabase;
  let temporal: TestTemporal;
  let broker: Awaited<ReturnType<typeof startAedes>>;
  let parts: Delivery;
  let seed: Seed;
  const opened: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    [database, temporal, broker] = await Promise.all([createTestDatabase(), testTemporal(), startAedes()]);
    seed = await seedWorkspace(database.db);
    parts = await delivery(database, temporal, broker.url);
    await parts.runWorker();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((close) => close()));
  });
  afterAll(async () => {
    await temporal.close();
    await parts.close();
    await broker.stop();
    await database.drop();
  });

  const target = async (...args: Parameters<typeof startHttpTarget>) => {
    const started = await startHttpTarget(...args);
    opened.push(started.stop);
    return started;
  };
  const waiting = async (actions: Parameters<typeof seedExecution>[2], options = {}): Promise<RenderedAction[]> =>
    seedExecution(database.db, seed, actions, { status: 'retrying', ...options });
  const start = ({ target: name }: RenderedAction, timings = {}) =>
    parts.starter.deliver({
      target: name,
      workspace_id: seed.workspace_id,
      timings: { backoff_initial_ms: 50, backoff_max_ms: 200, ...timings },
    });
  const ended = async ({ target: name }: RenderedAction): Promise<void> => {
    await temporal.client.workflow.getHandle(deliverWorkflowId(name)).result();
  };
  const one = async (...args: Parameters<typeof waiting>): Promise<RenderedAction> => (await waiting(...args))[0]!;

  test('tries until the target is back, records each attempt and ends', async () => {
    let failures = 3;
    const hook = await target(() => (failures-- > 0 ? { status: 503, body: 'later' } : { status: 200 }));
    const action = await one([webhookTo(hook.url)]);
    await start(action);
    await ended(action);
    expect(await actionRow(database.db, action.id)).toMatchObject({ status: 'succeeded', attempts: 4 });
    expect((await attemptRows(database.db, action.id)).map(({ outcome, response_status }) => [outcome, response_status])).toEqual([
      ['retryable', 503],
      ['retryable', 503],
      ['retryable', 503],
      ['succeeded', 200],
    ]);
    expect(new Set(hook.requests.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([action.id]));
    expect(await executionRow(database.db, action.execution_id)).toMatchObject({ status: 'succeeded' });
  });

  test('asks a target that is down with one request at a time, and delivers all once it is up', async () => {
    const hook = await target(() => ({ status: 500 }));
    const actions = (await Promise.all(Array.from({ length: 30 }, () => waiting([webhookTo(hook.url)])))).flat();
    await start(actions[0]!);
    const handle = temporal.client.workflow.getHandle(deliverWorkflowId(actions[0]!.target));
    await eventually(async () => (await handle.query(deliveryQuery)).failures_in_a_row >= 3);
    expect(hook.requests.length).toBeLessThan(10);
    hook.answer = () => ({ status: 200 });
    await handle.result();
    const statuses = await Promise.all(actions.map(async ({ id }) => (await actionRow(database.db, id)).status));
    expect(new Set(statuses)).toEqual(new Set(['succeeded']));
  });

  test('is not held up by one request that always fails', async () => {
    const hook = await target(({ path }) => (path === '/broken' ? { status: 500 } : { status: 200 }));
    const broken = await one([webhookTo(`${hook.url}/broken`)]);
    const fine = (await Promise.all(Array.from({ length: 10 }, () => waiting([webhookTo(`${hook.url}/fine`)])))).flat();
    await start(broken);
    await eventually(async () =>
      (await Promise.all(fine.map(({ id }) => actionRow(database.db, id)))).every(({ status }) => status === 'succeeded'),
    );
    expect((await actionRow(database.db, broken.id)).status).toBe('retrying');
    hook.answer = () => ({ status: 200 });
    await ended(broken);
  });

  test('fails for good what the other side refuses, and goes on', async () => {
    const hook = await target(({ path }) => ({ status: path === '/gone' ? 410 : 200 }));
    const gone = await one([webhookTo(`${hook.url}/gone`)]);
    const fine = await one([webhookTo(`${hook.url}/fine`)]);
    await start(gone);
    await ended(gone);
    expect(await actionRow(database.db, gone.id)).toMatchObject({ status: 'failed', error_code: 'target_refused' });
    expect(await executionRow(database.db, gone.execution_id)).toMatchObject({ status: 'failed', detail: 'The other side answered 410.' });
    expect(await actionRow(database.db, fine.id)).toMatchObject({ status: 'succeeded' });
  });

  test('waits as long as the target asks', async () => {
    let asked = false;
    const hook = await target(() => (asked ? { status: 200 } : ((asked = true), { status: 429, headers: { 'retry-after': '1' } })));
    const action = await one([webhookTo(hook.url)]);
    await start(action);
    await ended(action);
    const [first, second] = await attemptRows(database.db, action.id);
    expect(second!.started_at.getTime() - first!.started_at.getTime()).toBeGreaterThanOrEqual(1_000);
  });

  test('skips what is too old for its rule, and gives up what was tried for as long as promised', async () => {
    const hook = await target(() => ({ status: 500 }));
    const expired = await one([webhookTo(hook.url)], { expires_at: new Date(Date.now() - 1) });
    const old = await one([webhookTo(hook.url)], { created_at: new Date(Date.now() - 10_000) });
    await recordAttempts(database.pool, [
      {
        action_id: old.id,
        attempt: 1,
        started_at_ms: Date.now(),
        duration_ms: 1,
        result: { outcome: 'retryable', code: 'target_failed', error: 'it said 500' },
      },
    ]);
    await start(old, { give_up_after_ms: 5_000 });
    await ended(old);
    expect(hook.requests).toEqual([]);
    expect(await actionRow(database.db, expired.id)).toMatchObject({ status: 'skipped' });
    expect(await executionRow(database.db, expired.execution_id)).toMatchObject({ status: 'skipped', reason: 'max_age' });
    expect(await actionRow(database.db, old.id)).toMatchObject({
      status: 'failed',
      error_code: 'gave_up',
      error: expect.stringContaining('it said 500'),
    });
  });

  test('delivers in order to a device whose broker was away', async () => {
    const own = await startAedes();
    const away = await delivery(database, temporal, own.url);
    opened.push(away.close);
    await own.stop();
    const device = await seedMqttDevice(database.db, seed, 'lamp/set');
    const actions: RenderedAction[] = [];
    for (const command of ['1', '2', '3', '4', '5']) actions.push(await one([commandTo(device, command)]));
    await eventually(() => away.hub.version === null);

    const worker = await temporal.runWorker({ taskQueue: `${temporal.taskQueue}-away`, activities: away.activities });
    await temporal.client.workflow.start('deliverActions', {
      taskQueue: `${temporal.taskQueue}-away`,
      workflowId: deliverWorkflowId(actions[0]!.target),
      args: [{ target: actions[0]!.target, workspace_id: seed.workspace_id, timings: { backoff_initial_ms: 50, backoff_max_ms: 200 } }],
    });
    await eventually(async () => (await attemptRows(database.db, actions[0]!.id)).length >= 2);
    expect(await attemptRows(database.db, actions[1]!.id)).toEqual([]);
    const again = await startAedes(own.port);
    opened.push(again.stop);
    await ended(actions[0]!);
    expect(again.messages.filter(({ topic }) => topic === 'lamp/set').map(({ payload }) => payload)).toEqual(['1', '2', '3', '4', '5']);
    expect(await actionRow(database.db, actions[4]!.id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    await worker.stop();
  });

  test('fails commands for a device that was deleted, or is another workspace’s', async () => {
    const stranger = await seedWorkspace(database.db);
    const theirs = await seedMqttDevice(database.db, stranger, 'their/lamp');
    const none = await one([commandTo('01890000-0000-7000-8000-000000000000', 'ON')]);
    const forged = await one([commandTo(theirs, 'ON')]);
    const odd = await one([commandTo('{{none}}', 'ON')]);
    for (const action of [none, forged, odd]) {
      await start(action);
      await ended(action);
      expect(await actionRow(database.db, action.id)).toMatchObject({ status: 'failed', error_code: 'device_not_found' });
    }
  });

  test('delivers what came while it was ending', async () => {
    const hook = await target();
    const all: RenderedAction[] = [];
    for (let round = 0; round < 15; round += 1) {
      const action = await one([webhookTo(hook.url)]);
      all.push(action);
      await start(action);
    }
    await eventually(async () =>
      (await Promise.all(all.map(({ id }) => actionRow(database.db, id)))).every(({ status }) => status === 'succeeded'),
    );
    expect(hook.requests).toHaveLength(15);
  });

  test('puts an in-app notification on the feed once, however often it is attempted', async () => {
    const action = (
      await seedExecution(database.db, seed, [{ action_type: 'notification', order: 0, config: { channel: 'in_app', message: 'hi' } }])
    )[0]!;
    const results = await Promise.all([1, 2, 3].map(() => parts.senders.notification(action, new AbortController().signal)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    const { rows } = await database.pool.query(
      'select f.kind, n.message from workspace_feed f join notifications n on n.id = f.notification_id where n.action_id = $1',
      [action.id],
    );
    expect(rows).toEqual([{ kind: 'notification', message: 'hi' }]);
    const gaps = await database.pool.query(
      'select h.seq - (select count(*) from workspace_feed f where f.workspace_id = h.workspace_id) as missing from workspace_feed_heads h',
    );
    expect(gaps.rows).toEqual([{ missing: 0 }]);
  });

  test('of orphans is started by the sweep', async () => {
    const hook = await target();
    const orphan = await one([webhookTo(hook.url)]);
    const [abandoned] = await seedExecution(database.db, seed, [webhookTo(hook.url)], { created_at: new Date(Date.now() - 600_000) });
    await temporal.client.workflow.execute('sweepActions', {
      taskQueue: `${temporal.taskQueue}-actions`,
      workflowId: `sweep:${orphan.id}`,
      args: [],
    });
    await eventually(async () => (await actionRow(database.db, orphan.id)).status === 'succeeded');
    await eventually(async () => (await actionRow(database.db, abandoned!.id)).status === 'succeeded');
  });
});
