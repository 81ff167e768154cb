import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PushService } from '../../domain/contracts/push.ts';
import { createSandbox } from '../../sandbox/server.ts';
import { eventually } from '../helpers/eventually.ts';
import { createPushWorld, Fcm, type PushWorld } from '../helpers/social-push.ts';

let world: PushWorld;
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  world = await createPushWorld();
}, 120_000);
afterEach(async () => {
  await world.fcm.control('DELETE', '/faults');
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => world?.close());

/** A worker and a workflow for one test. */
async function push(options: Parameters<PushWorld['worker']>[0] = {}, timings: Parameters<PushWorld['start']>[0] = {}): Promise<string> {
  const worker = await world.worker(options);
  const workflowId = await world.start(timings);
  stops.push(() => world.temporal.client.workflow.getHandle(workflowId).terminate(), () => worker.stop());
  return workflowId;
}

test('an FCM that hangs is given up after its time, and asked again', async () => {
  await push({ service: world.fcm.service({ timeoutMs: 1_500 }) }, { lease_ms: 20_000, backoff_initial_ms: 1_000, backoff_max_ms: 1_000 });
  const ada = await world.person();
  await world.fcm.fault({ device_token: ada.device, delay_ms: 15_000 });
  const id = await world.notify(ada);
  await eventually(async () => (await world.row(id)).push_reason?.includes('no answer within 1.5 s'));
  expect(await world.settled(id)).toMatchObject({ push_state: 'sent', push_attempts: 2, push_reason: null });
});

test('an FCM that is not there: nothing is lost, few ask, and all arrives once it is back', async () => {
  const fcm = await Fcm.start();
  await push({ service: fcm.service() });
  const people = await Promise.all(Array.from({ length: 30 }, () => world.person()));
  await fcm.sandbox.close();
  const ids = await Promise.all(people.map((person) => world.notify(person)));
  await eventually(async () => (await Promise.all(ids.map((id) => world.row(id)))).some(({ push_reason }) => push_reason !== null));
  const back = await createSandbox({ port: fcm.sandbox.port });
  stops.push(() => back.close(), () => fcm.close());
  // A new FCM has a new key pair: as after a rotation, the file is written anew, and read anew.
  await writeFile(fcm.keyFile, await (await fetch(`${back.url}/control/fcm/service-account`)).text());
  for (const id of ids) expect(await world.settled(id)).toMatchObject({ push_state: 'sent' });
  const { messages } = (await (await fetch(`${back.url}/control/fcm/messages`)).json()) as { messages: { message: { token: string } }[] };
  expect(messages.map(({ message }) => message.token).sort()).toEqual(people.map(({ device }) => device).sort());
});

test.each<[string, (fcm: Fcm) => Promise<PushService>, string]>([
  ['no key file', (fcm) => Promise.resolve(fcm.service({ keyFile: join(fcm.keyFile, 'nowhere.json') })), 'GOOGLE_SERVICE_ACCOUNT can not be read'],
  ['a file that is no key', (fcm) => written(fcm, 'text'), 'is not the key of a service account'],
  ['a key that is none', (fcm) => written(fcm, JSON.stringify({ client_email: 'a@b.c', private_key: '-----BEGIN PRIVATE KEY-----\nTOPSECRET\n-----END PRIVATE KEY-----' })), 'its private_key is no PKCS #8 key'],
  ['another account’s key', (fcm) => stranger(fcm), 'invalid_grant'],
  ['no token endpoint', (fcm) => Promise.resolve(fcm.service({ tokenUrl: 'http://127.0.0.1:9/token' })), 'GOOGLE_TOKEN_URL'],
])('%s: notifications wait, and say why, without the key', async (_what, make, reason) => {
  const service = await make(world.fcm);
  await push({ service });
  const id = await world.notify(await world.person());
  const row = await eventually(async () => {
    const found = await world.row(id);
    return found.push_reason === null ? null : found;
  });
  expect(row).toMatchObject({ push_state: 'pending', push_reason: expect.stringContaining(reason) });
  expect(row.push_reason).not.toContain('TOPSECRET');
  await world.api.deps.db.deleteFrom('app_notifications').where('id', '=', id).execute();
});

async function written(fcm: Fcm, text: string): Promise<PushService> {
  const keyFile = `${fcm.keyFile}.${text.length}`;
  await writeFile(keyFile, text);
  return fcm.service({ keyFile });
}

async function stranger(fcm: Fcm): Promise<PushService> {
  const other = await Fcm.start();
  stops.push(() => other.close());
  return fcm.service({ keyFile: other.keyFile });
}

test('without FCM every notification says so, and is in the list all the same', async () => {
  await push({ service: null, off: 'FCM_PROJECT_ID is not set' });
  const ids = await Promise.all(Array.from({ length: 5 }, async () => world.notify(await world.person())));
  for (const id of ids) expect(await world.settled(id)).toMatchObject({ push_state: 'not_needed', push_reason: 'FCM_PROJECT_ID is not set' });
});

test('one service account, and one token endpoint, serve Google Play and FCM', async () => {
  const { url } = world.fcm.sandbox;
  const account = await (await fetch(`${url}/control/stores/google/service-account`)).text();
  const keyFile = `${world.fcm.keyFile}.stores`;
  await writeFile(keyFile, account);
  await push({ service: world.fcm.service({ keyFile, tokenUrl: `${url}/stores/google/token` }) });
  expect(await world.settled(await world.notify(await world.person()))).toMatchObject({ push_state: 'sent' });
});

test('two who push at once push nothing twice', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, () => world.person()));
  const ids = await Promise.all(people.flatMap((person) => Array.from({ length: 20 }, () => world.notify(person))));
  // Longer than a slow machine can take for one attempt: a lease that ends is somebody else's to take, as it must be.
  const timings = { lease_ms: 60_000 };
  await push({}, timings);
  const second = await world.start(timings);
  stops.unshift(() => world.temporal.client.workflow.getHandle(second).terminate());
  for (const id of ids) expect(await world.settled(id)).toMatchObject({ push_state: 'sent', push_attempts: 1 });
  for (const { device } of people) expect(await world.fcm.pushed(device)).toHaveLength(20);
});

test('a worker that stops hands on to another; the workflow goes on as new again and again, with a short history', async () => {
  const first = await world.worker();
  const workflowId = await world.start({ run_ms: 200, runs: 2 });
  stops.push(() => world.temporal.client.workflow.getHandle(workflowId).terminate());
  const ada = await world.person();
  await world.settled(await world.notify(ada));
  const firstRun = (await world.temporal.client.workflow.getHandle(workflowId).describe()).runId;
  await first.stop();
  const waiting = await world.notify(ada);
  const second = await world.worker();
  stops.push(() => second.stop());
  expect(await world.settled(waiting)).toMatchObject({ push_state: 'sent' });
  const description = await eventually(async () => {
    const now = await world.temporal.client.workflow.getHandle(workflowId).describe();
    return now.runId === firstRun ? null : now;
  });
  expect(description.historyLength).toBeLessThan(60);
});
