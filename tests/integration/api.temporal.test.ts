import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createTemporalGateway, type TemporalGateway } from '../../api/temporal.ts';
import { deliverWorkflowId, livestreamWorkflowId } from '../../domain/names.ts';
import { testTemporal, testTemporalAddress, type TestTemporal } from '../helpers/temporal.ts';

let temporal: TestTemporal;
let gateway: TemporalGateway;
const prefix = `test-${randomUUID()}-`;
const started: string[] = [];
beforeAll(async () => {
  temporal = await testTemporal();
  gateway = createTemporalGateway({ address: testTemporalAddress(), namespace: 'default', taskQueuePrefix: prefix, commandMs: 1_500 });
});
afterAll(async () => {
  for (const id of started) await temporal.client.workflow.getHandle(id).terminate();
  await gateway.close();
  await gateway.close();
  await temporal.close();
});

const livestream = () => ({ livestream_id: randomUUID(), workspace_id: randomUUID(), wait_for_live: true });
const describeWorkflow = (id: string) => temporal.client.workflow.getHandle(id).describe();

test('a session is started once under its natural key, however often it is asked for', async () => {
  const input = livestream();
  const id = livestreamWorkflowId(input.livestream_id);
  started.push(id);
  await Promise.all([gateway.startLivestream(input), gateway.startLivestream(input)]);
  const { type, taskQueue, runId, status } = await describeWorkflow(id);
  expect([type, taskQueue, status.name]).toEqual(['livestreamSession', `${prefix}live`, 'RUNNING']);
  await gateway.startLivestream(input);
  expect((await describeWorkflow(id)).runId).toBe(runId);
  expect(await gateway.disconnectLivestream(input.livestream_id)).toBe('signalled');
});

test('a session that somebody terminated can be started again; one that is not there can not be told', async () => {
  const input = livestream();
  const id = livestreamWorkflowId(input.livestream_id);
  expect(await gateway.disconnectLivestream(input.livestream_id)).toBe('not_running');
  await gateway.startLivestream(input);
  await temporal.client.workflow.getHandle(id).terminate();
  expect(await gateway.disconnectLivestream(input.livestream_id)).toBe('not_running');
  await gateway.startLivestream(input);
  started.push(id);
  expect((await describeWorkflow(id)).status.name).toBe('RUNNING');
});

test('deliveries are woken by target', async () => {
  const target = `webhook:${randomUUID()}:https://a.example`;
  started.push(deliverWorkflowId(target));
  await gateway.deliverActions(target, 'w');
  await gateway.deliverActions(target, 'w');
  const { type, taskQueue, historyLength } = await describeWorkflow(deliverWorkflowId(target));
  // Started, one workflow task scheduled, two signals.
  expect([type, taskQueue, historyLength]).toEqual(['deliverActions', `${prefix}actions`, 4]);
});

test('a command that no worker takes is unavailable in time, and does not run later', async () => {
  const device_id = randomUUID();
  const command = { device_id, workspace_id: randomUUID(), command: 'ON', idempotency_key: randomUUID() };
  await expect(gateway.commandDevice(command)).rejects.toMatchObject({ code: 'unavailable' });
});

test('without Temporal every call ends in time as unavailable, and the gateway is still good afterwards', async () => {
  const nobody = createTemporalGateway({ address: '127.0.0.1:1', namespace: 'default', deadlineMs: 300, commandMs: 300 });
  expect(await nobody.isReachable()).toBe(false);
  const calls = [
    () => nobody.startLivestream(livestream()),
    () => nobody.disconnectLivestream('x'),
    () => nobody.deliverActions('log:x:log', 'x'),
    () => nobody.commandDevice({ device_id: 'd', workspace_id: 'w', command: 'ON' }),
  ];
  const before = Date.now();
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'unavailable', extras: { retryAfterS: 5 } });
  expect(Date.now() - before).toBeLessThan(10_000);
  await nobody.close();
  expect(await gateway.isReachable()).toBe(true);
});
