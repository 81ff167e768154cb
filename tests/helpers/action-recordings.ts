import { randomUUID } from 'node:crypto';
import { deliverWorkflowId, restoreWorkflowId } from '../../domain/names.ts';
import { commandTo, seedExecution, seedMqttDevice, seedWorkspace, webhookTo, type Seed } from './action-rows.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { delivery, type Delivery } from './delivery.ts';
import { eventually } from './eventually.ts';
import { startHttpTarget } from './http-target.ts';
import { startAedes, type TestBroker } from './mqtt-broker.ts';
import { testTemporal, type TestTemporal } from './temporal.ts';

export interface ActionParts {
  database: TestDatabase;
  temporal: TestTemporal;
  broker: TestBroker;
  parts: Delivery;
  seed: Seed;
}

/** Each runs a workflow to its end and gives its id. */
export const ACTION_RECORDINGS: Record<string, (parts: ActionParts) => Promise<string>> = {
  'deliver-actions': recordDelivery,
  'restore-device': recordRestore,
  'send-device-command': recordCommand,
};

export async function withActionParts(use: (parts: ActionParts) => Promise<void>): Promise<void> {
  const [database, temporal, broker] = await Promise.all([createTestDatabase(), testTemporal(), startAedes()]);
  const seed = await seedWorkspace(database.db);
  const parts = await delivery(database, temporal, broker.url);
  await parts.runWorker();
  try {
    await use({ database, temporal, broker, parts, seed });
  } finally {
    await temporal.close();
    await parts.close();
    await broker.stop();
    await database.drop();
  }
}

/** A target that fails, asks to wait, is woken meanwhile, and recovers. */
async function recordDelivery({ database, temporal, parts, seed }: ActionParts): Promise<string> {
  const answers = [{ status: 503 }, { status: 429, headers: { 'retry-after': '1' } }, { status: 200 }];
  const hook = await startHttpTarget(() => answers.shift() ?? { status: 200 });
  const [first] = await seedExecution(database.db, seed, [webhookTo(hook.url), webhookTo(hook.url, 1)], { status: 'retrying' });
  const input = { target: first!.target, workspace_id: seed.workspace_id };
  await parts.starter.deliver(input);
  await eventually(() => hook.requests.length >= 2);
  await seedExecution(database.db, seed, [webhookTo(hook.url)], { status: 'retrying' });
  await parts.starter.deliver(input);
  const workflowId = deliverWorkflowId(input.target);
  await temporal.client.workflow.getHandle(workflowId).result();
  await hook.stop();
  return workflowId;
}

/** A promise that is made longer, a broker that is away when it is due, and the restore. */
async function recordRestore({ database, temporal, parts, seed }: ActionParts): Promise<string> {
  const answers = [{ status: 200 }, { status: 200 }, { status: 503 }];
  const lamp = await startHttpTarget(() => answers.shift() ?? { status: 200 });
  const device = await seedMqttDevice(database.db, seed, 'unused');
  const config = { url: lamp.url, method: 'POST', headers: {}, body: { command: '{{command}}' }, timeout_ms: 5_000 };
  await database.db
    .updateTable('devices')
    .set({ kind: 'http', config: JSON.stringify(config) })
    .where('id', '=', device)
    .execute();
  for (let trigger = 0; trigger < 2; trigger += 1) {
    const [action] = await seedExecution(database.db, seed, [commandTo(device, 'ON', { command: 'OFF', after_ms: 700 })]);
    await parts.senders.device_control(action!, new AbortController().signal);
    await eventually(() =>
      database.db.selectFrom('device_restores').select('handed_over_at').where('handed_over_at', 'is not', null).executeTakeFirst(),
    );
  }
  const workflowId = restoreWorkflowId(device);
  await temporal.client.workflow.getHandle(workflowId).result();
  await lamp.stop();
  return workflowId;
}

/** A broker that is away for the first attempt. */
async function recordCommand({ database, temporal, parts, broker, seed }: ActionParts): Promise<string> {
  const device_id = await seedMqttDevice(database.db, seed, `lamp/${randomUUID()}`);
  await broker.stop();
  await eventually(() => parts.hub.version === null);
  const workflowId = `command:${randomUUID()}`;
  const handle = await temporal.client.workflow.start('sendDeviceCommand', {
    taskQueue: `${temporal.taskQueue}-actions`,
    workflowId,
    args: [{ device_id, workspace_id: seed.workspace_id, command: 'ON' }],
  });
  await handle.result();
  return workflowId;
}
