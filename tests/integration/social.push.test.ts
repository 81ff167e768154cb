import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../helpers/eventually.ts';
import { verb } from '../helpers/social.ts';
import { createPushWorld, type PushWorld } from '../helpers/social-push.ts';

let world: PushWorld;
beforeAll(async () => {
  world = await createPushWorld();
  await world.worker();
  await world.start();
}, 120_000);
afterEach(() => world.fcm.control('DELETE', '/faults'));
afterAll(() => world?.close());

test('a notification reaches every device of its receiver, once each, about a second after its commit', async () => {
  const ada = await world.person({ username: 'ada' });
  const second = await world.addDevice(ada);
  const bob = await world.person();
  // The first one waits for the access token.
  await world.settled(await world.notify(bob));
  const told = Date.now();
  const id = await world.notify(ada, { kind: 'like', sender_id: bob.id, text: 'bob liked your video' });
  const row = await world.settled(id);
  expect(row).toMatchObject({ push_state: 'sent', push_reason: null, push_attempts: 1 });
  for (const device of [ada.device, second]) {
    const pushed = await world.fcm.pushed(device);
    expect(pushed).toHaveLength(1);
    expect(pushed[0]!.received_at_ms - told).toBeLessThan(5_000);
    expect(pushed[0]!.message).toMatchObject({
      notification: { title: 'New like', body: 'bob liked your video' },
      data: { notification_id: id, type: 'like', sender_id: bob.id },
      android: { notification: { tag: id } },
      apns: { headers: { 'apns-collapse-id': id } },
    });
  }
});

test('one access token serves many; one that FCM refuses is replaced at once', async () => {
  const ada = await world.person();
  await world.settled(await world.notify(ada));
  const minted = async () => (await world.fcm.control<{ minted: number }>('GET', '/messages')).minted;
  const before = await minted();
  await Promise.all((await Promise.all(Array.from({ length: 20 }, () => world.notify(ada)))).map((id) => world.settled(id)));
  expect(await minted()).toBe(before);
  await world.fcm.control('POST', '/tokens/expire');
  expect(await world.settled(await world.notify(ada))).toMatchObject({ push_state: 'sent', push_attempts: 1 });
  expect(await minted()).toBe(before + 1);
});

test('429 with Retry-After: everything waits as long as it says, and nothing is lost', async () => {
  const [ada, bob] = [await world.person(), await world.person()];
  await world.fcm.fault({ device_token: ada.device, answer: { status: 429, code: 'QUOTA_EXCEEDED', message: 'Quota exceeded.', retry_after_s: 2 } });
  const refusedAt = Date.now();
  const first = await world.notify(ada);
  await eventually(async () => (await world.row(first)).push_reason !== null);
  const second = await world.notify(bob);
  expect(await world.settled(first)).toMatchObject({ push_state: 'sent', push_attempts: 2 });
  await world.settled(second);
  for (const device of [ada.device, bob.device]) {
    const [only, ...more] = await world.fcm.pushed(device);
    expect(more).toEqual([]);
    expect(only!.received_at_ms - refusedAt).toBeGreaterThanOrEqual(2_000);
  }
});

test('one device’s quota holds up nobody else', async () => {
  const [ada, bob] = [await world.person(), await world.person()];
  await world.fcm.fault({ device_token: ada.device, answer: { status: 429, code: 'QUOTA_EXCEEDED', message: 'Device message rate exceeded.', retry_after_s: 60 } });
  const held = await world.notify(ada);
  await eventually(async () => (await world.row(held)).push_reason !== null);
  expect(await world.settled(await world.notify(bob), 5_000)).toMatchObject({ push_state: 'sent' });
  expect((await world.row(held)).push_state).toBe('pending');
  expect((await world.row(held)).push_next_at.getTime() - Date.now()).toBeGreaterThan(30_000);
});

test('while FCM fails, with 500, 503 or nonsense, notifications wait; then all of them arrive once', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, () => world.person()));
  await world.fcm.fault({ times: 1_000, answer: { status: 503, body: '<!DOCTYPE html><html>503</html>' } });
  const ids = await Promise.all(people.map((person) => world.notify(person)));
  await eventually(async () => (await world.fcm.control<{ calls: number }>('GET', '/messages')).calls > 5 && (await world.row(ids[0]!)).push_state === 'pending');
  await world.fcm.control('DELETE', '/faults');
  await world.fcm.fault({ times: 2, answer: { status: 500, code: 'INTERNAL' } });
  for (const id of ids) expect(await world.settled(id)).toMatchObject({ push_state: 'sent' });
  for (const { device } of people) expect(await world.fcm.pushed(device)).toHaveLength(1);
});

test('a device that got it gets it no second time because another of the user did not', async () => {
  const ada = await world.person();
  const other = await world.addDevice(ada);
  await world.fcm.fault({ device_token: other, times: 2, answer: { status: 500, code: 'INTERNAL' } });
  expect(await world.settled(await world.notify(ada))).toMatchObject({ push_state: 'sent' });
  expect(await world.fcm.pushed(ada.device)).toHaveLength(1);
  expect(await world.fcm.pushed(other)).toHaveLength(1);
});

test('an answer that got lost: it arrives again under the same id', async () => {
  const ada = await world.person();
  await world.fcm.fault({ device_token: ada.device, answer: { status: 500, code: 'INTERNAL', acted: true } });
  const id = await world.notify(ada);
  await world.settled(id);
  expect((await world.fcm.pushed(ada.device)).map(({ message }) => message.data.notification_id)).toEqual([id, id]);
});

test.each(['unregistered', 'invalid'])('a token that is %s is no device any more, until an app says it again', async (state) => {
  const ada = await world.person();
  const bob = await world.person();
  await world.fcm.control('PUT', `/devices/${ada.device}`, { state });
  expect(await world.settled(await world.notify(ada))).toMatchObject({ push_state: 'not_needed', push_reason: expect.stringContaining('FCM answered') });
  expect(await world.settled(await world.notify(ada))).toMatchObject({ push_state: 'not_needed', push_reason: 'no device' });
  await world.fcm.control('PUT', `/devices/${ada.device}`, { state: 'good' });
  await verb(world.api, 'addDeviceData', { device_token: ada.device, device: 'ios' }, bob.token);
  expect(await world.settled(await world.notify(bob))).toMatchObject({ push_state: 'sent' });
  expect(await world.fcm.pushed(ada.device)).toHaveLength(1);
});

test('what FCM refuses for good is failed with its words, and costs nobody a device', async () => {
  const ada = await world.person();
  await world.fcm.fault({ device_token: ada.device, answer: { status: 400, code: 'INVALID_ARGUMENT', message: 'Invalid data payload key.' } });
  expect(await world.settled(await world.notify(ada))).toMatchObject({ push_state: 'failed', push_reason: expect.stringContaining('Invalid data payload key') });
  await world.fcm.control('PUT', `/devices/${ada.device}`, { state: 'mismatch' });
  expect(await world.settled(await world.notify(ada))).toMatchObject({ push_state: 'failed', push_reason: expect.stringContaining('SENDER_ID_MISMATCH') });
  await world.fcm.control('PUT', `/devices/${ada.device}`, { state: 'good' });
  expect(await world.settled(await world.notify(ada))).toMatchObject({ push_state: 'sent' });
});

test('a setting that is off, a block, a reader who was faster, a sender who is gone: nothing is pushed', async () => {
  const ada = await world.person({ push: JSON.stringify({ likes: false }) });
  const [bob, eve] = [await world.person(), await world.person()];
  expect(await world.settled(await world.notify(ada, { kind: 'like', sender_id: bob.id }))).toMatchObject({ push_state: 'not_needed', push_reason: expect.stringContaining('likes') });
  expect(await world.settled(await world.notify(ada, { kind: 'comment', sender_id: bob.id }))).toMatchObject({ push_state: 'sent' });

  // Held back for a moment, and meanwhile they change their mind.
  await world.fcm.fault({ times: 1_000, answer: { status: 503 } });
  const blocked = await world.notify(ada, { kind: 'comment', sender_id: bob.id });
  const read = await world.notify(ada, { kind: 'payout' });
  const orphan = await world.notify(ada, { kind: 'follow', sender_id: eve.id });
  await world.api.deps.db.insertInto('blocks').values({ user_id: ada.id, blocked_id: bob.id }).execute();
  await verb(world.api, 'readNotifications', { ids: [read] }, ada.token);
  await world.api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', eve.id).execute();
  await world.fcm.control('DELETE', '/faults');
  expect(await world.settled(blocked)).toMatchObject({ push_state: 'not_needed', push_reason: 'one has blocked the other' });
  expect(await world.settled(read)).toMatchObject({ push_state: 'not_needed', push_reason: 'it was read already' });
  expect(await world.settled(orphan)).toMatchObject({ push_state: 'not_needed', push_reason: 'the sender’s account is gone' });
  expect(await world.fcm.pushed(ada.device)).toHaveLength(1);
});

test('a phone that changed hands tells its new user, and the one before nothing more', async () => {
  const [ada, bob] = [await world.person(), await world.person()];
  await world.settled(await world.notify(ada, { text: 'for ada' }));
  await verb(world.api, 'addDeviceData', { device_token: ada.device, platform: 'android' }, bob.token);
  expect(await world.settled(await world.notify(ada, { text: 'for ada again' }))).toMatchObject({ push_state: 'not_needed', push_reason: 'no device' });
  await world.settled(await world.notify(bob, { text: 'for bob' }));
  expect((await world.fcm.pushed(ada.device)).map(({ message }) => message.notification.body)).toEqual(['for ada', 'for bob']);
  expect(await world.fcm.pushed(bob.device)).toHaveLength(1);
});

test('what is a day old is news no more', async () => {
  const ada = await world.person();
  await world.fcm.fault({ device_token: ada.device, times: 1_000, answer: { status: 429, message: 'Device message rate exceeded.', retry_after_s: 1 } });
  const id = await world.notify(ada);
  await eventually(async () => (await world.row(id)).push_attempts > 0);
  await world.api.deps.db.updateTable('app_notifications').set({ created_at: new Date(Date.now() - 25 * 3_600_000) }).where('id', '=', id).execute();
  expect(await world.settled(id)).toMatchObject({ push_state: 'failed', push_reason: expect.stringContaining('rate exceeded') });
});
