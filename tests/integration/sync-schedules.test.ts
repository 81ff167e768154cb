import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ScheduleNotFoundError } from '@temporalio/client';
import { ensureAllSyncSchedules } from '../../activities/shop/sync/ensure-all.ts';
import { createSyncSchedules, type SyncSchedules } from '../../activities/shop/sync-schedules.ts';
import { newId } from '../../db/ids.ts';
import type { ChannelKey, ChannelState } from '../../domain/contracts/channel.ts';
import { shopSyncWorkflowId, taskQueue } from '../../domain/names.ts';
import { syncJitterMs, syncOffsetMs } from '../../domain/shop/sync-times.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { worldGateway } from '../helpers/shop-gateway.ts';
import { seedShop } from '../helpers/shop-webhooks.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

let temporal: TestTemporal;
let database: TestDatabase;
let schedules: SyncSchedules;
let prefix: string;
const made: ChannelKey[] = [];
beforeAll(async () => {
  [temporal, database] = await Promise.all([testTemporal(), createTestDatabase()]);
  prefix = `${temporal.taskQueue}-`;
  schedules = createSyncSchedules(temporal.client, { taskQueuePrefix: prefix, intervalS: 600 });
});
afterAll(async () => {
  await temporal.close();
  await database.drop();
});
afterEach(async () => {
  for (const channel of made.splice(0)) {
    await schedules.remove(channel);
    for (const { workflowId } of await runsOf(channel)) await temporal.client.workflow.getHandle(workflowId).terminate().catch(() => undefined);
  }
});

function newChannel(channel_id = newId(), workspace_id = newId()): ChannelKey {
  const channel = { channel_id, workspace_id };
  made.push(channel);
  return channel;
}
const describeOf = ({ channel_id }: ChannelKey) => temporal.client.schedule.getHandle(shopSyncWorkflowId(channel_id)).describe();
/** No worker polls this queue: what was started stays open. */
async function runsOf(channel: ChannelKey): Promise<{ workflowId: string }[]> {
  const id = shopSyncWorkflowId(channel.channel_id);
  const runs: { workflowId: string }[] = [];
  for await (const { workflowId, status } of temporal.client.workflow.list({ query: `WorkflowType = 'shopSync' AND TaskQueue = '${taskQueue('shop', prefix)}'` }))
    if (workflowId.startsWith(id) && status.name === 'RUNNING') runs.push({ workflowId });
  return runs;
}

describe('The Schedule of a channel’s sync', () => {
  test('is made with the interval, spread and without overlaps, and runs at once', async () => {
    const channel = newChannel();
    await schedules.ensure(channel);
    const found = await describeOf(channel);
    expect(found.spec.intervals).toEqual([{ every: 600_000, offset: syncOffsetMs(channel.channel_id, 600_000) }]);
    expect(found.spec.jitter).toBe(syncJitterMs(600_000));
    expect(found.policies.overlap).toBe('SKIP');
    expect(found.action).toMatchObject({ workflowType: 'shopSync', args: [channel], workflowExecutionTimeout: 1_800_000 });
    await eventually(async () => (await runsOf(channel)).length === 1);
  });

  test('is brought to another interval, keeps its runs, and runs at once only where it was paused', async () => {
    const channel = newChannel();
    await schedules.ensure(channel);
    const quicker = createSyncSchedules(temporal.client, { taskQueuePrefix: prefix, intervalS: 60 });
    await quicker.ensure(channel);
    expect((await describeOf(channel)).spec.intervals).toEqual([{ every: 60_000, offset: syncOffsetMs(channel.channel_id, 60_000) }]);
    const before = (await describeOf(channel)).info.numActionsTaken;
    await quicker.pause(channel, 'the seller took it back');
    expect((await describeOf(channel)).state).toMatchObject({ paused: true, note: 'the seller took it back' });
    await eventually(async () => (await runsOf(channel)).length === 1);
    for (const { workflowId } of await runsOf(channel)) await temporal.client.workflow.getHandle(workflowId).terminate();
    await quicker.ensure(channel);
    expect((await describeOf(channel)).state.paused).toBe(false);
    await eventually(async () => (await describeOf(channel)).info.numActionsTaken > before);
  });

  test('keeps one trigger for after the run that is under way', async () => {
    const channel = newChannel();
    await schedules.ensure(channel);
    const [first] = await eventually(async () => ((await runsOf(channel)).length === 1 ? runsOf(channel) : null));
    const began = Date.now();
    // In the second of a run a trigger is that run: its workflow's id is made of it.
    await eventually(() => Math.floor(Date.now() / 1_000) > Math.floor(began / 1_000));
    await schedules.trigger(channel);
    await schedules.trigger(channel);
    await temporal.client.workflow.getHandle(first!.workflowId).terminate();
    const [second] = await eventually(async () => {
      const runs = (await runsOf(channel)).filter(({ workflowId }) => workflowId !== first!.workflowId);
      return runs.length > 0 ? runs : null;
    });
    expect(second!.workflowId).not.toBe(first!.workflowId);
    // The Schedule counts a little after it has started.
    await eventually(async () => (await describeOf(channel)).info.numActionsTaken >= 2);
    expect((await describeOf(channel)).info.numActionsTaken).toBe(2);
  });

  test('is removed; pausing and removing one that is gone changes nothing, running it is refused', async () => {
    const channel = newChannel();
    await schedules.ensure(channel);
    await schedules.remove(channel);
    await schedules.remove(channel);
    await schedules.pause(channel, 'gone');
    await expect(schedules.trigger(channel)).rejects.toThrow(ScheduleNotFoundError);
  });

  test('that is gone does not keep a person from running the sync', async () => {
    const channel = newChannel();
    const gateway = await worldGateway({ prefix });
    await gateway.triggerSync(channel);
    await gateway.triggerSync(channel);
    expect(await eventually(async () => ((await runsOf(channel)).length > 0 ? runsOf(channel) : null))).toEqual([{ workflowId: shopSyncWorkflowId(channel.channel_id) }]);
    await schedules.ensure(channel);
    await gateway.triggerSync(channel);
    await gateway.close();
  });
});

describe('At a worker’s start', () => {
  const seeded = async (state: ChannelState) => {
    const { channel_id, workspace_id } = await seedShop(database.db, { state });
    return newChannel(channel_id, workspace_id);
  };
  const isThere = async (channel: ChannelKey) => describeOf(channel).then(({ state }) => (state.paused ? 'paused' : 'runs'), () => 'gone');

  test('all Schedules are brought to what the channels’ states say', async () => {
    const [active, paused, disconnected, another] = [await seeded('active'), await seeded('paused'), await seeded('disconnected'), await seeded('active')];
    await schedules.ensure(paused);
    await schedules.ensure(disconnected);
    expect(await ensureAllSyncSchedules({ db: database.db, schedules, logger: quietLog, page: 2 })).toBe(2);
    expect(await Promise.all([active, paused, disconnected, another].map(isThere))).toEqual(['runs', 'paused', 'gone', 'runs']);
  });

  test('one that fails holds up none of the others, and a stop ends it', async () => {
    const [one, two] = [await seeded('active'), await seeded('active')];
    const failing: SyncSchedules = { ...schedules, ensure: (channel) => (channel.channel_id === one.channel_id ? Promise.reject(new Error('no')) : schedules.ensure(channel)) };
    await ensureAllSyncSchedules({ db: database.db, schedules: failing, logger: quietLog });
    expect(await Promise.all([one, two].map(isThere))).toEqual(['gone', 'runs']);
    expect(await ensureAllSyncSchedules({ db: database.db, schedules, logger: quietLog, signal: AbortSignal.abort() })).toBe(0);
  });
});
