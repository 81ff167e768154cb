import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { deleteOldAppNotifications, notifyAppUser, type AppNotificationDraft } from '../../db/app-notification.repository.ts';
import { newId } from '../../db/ids.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

interface Shown {
  Notifications: { Notification: { id: string; type: string; string: string; read: string; sender_id: string }; Sender: { id: string; username: string; button: string } | null }[];
  unread_count: string;
  next: string;
}

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const notify = (user: TestAppUser, over: Partial<AppNotificationDraft> = {}): Promise<string | null> =>
  notifyAppUser(api.deps.db, { workspace_id: user.row.workspace_id, user_id: user.id, sender_id: null, kind: 'system', text: 'News', ...over });
const show = async (user: TestAppUser, fields: Record<string, unknown> = {}): Promise<Shown> => {
  const { code, msg } = await verb<Shown>(api, 'showNotifications', fields, user.token);
  expect(code).toBe(200);
  return msg;
};
const read = (user: TestAppUser, fields: Record<string, unknown> = {}) => verb<{ unread_count: string }>(api, 'readNotifications', fields, user.token);
const idsOf = ({ Notifications }: Shown): string[] => Notifications.map(({ Notification }) => Notification.id);

test('newest first, with who caused each, over pages that are exact while more come', async () => {
  const [ada, bob] = [await appUser(api), await appUser(api)];
  await api.deps.db.insertInto('follows').values({ follower_id: ada.id, followee_id: bob.id, state: 'accepted' }).execute();
  const told: string[] = [];
  for (let index = 0; index < 45; index += 1) told.unshift((await notify(ada, index % 2 ? { kind: 'like', sender_id: bob.id, text: `like ${index}` } : {}))!);
  const first = await show(ada);
  expect(first.unread_count).toBe('45');
  expect(first.Notifications[1]).toMatchObject({ Notification: { type: 'like', string: 'like 43', sender_id: bob.id, read: '0' }, Sender: { id: bob.id, username: bob.username, button: 'following' } });
  expect(first.Notifications[0]).toMatchObject({ Notification: { type: 'system', sender_id: '' }, Sender: null });
  await notify(ada, { text: 'meanwhile' });
  const second = await show(ada, { cursor: first.next });
  const third = await show(ada, { cursor: second.next });
  expect([first, second, third].flatMap(idsOf)).toEqual(told);
  expect(third.next).toBe('');
  expect((await show(ada, { starting_point: '2' })).Notifications).toHaveLength(6);
  expect((await show(bob)).Notifications).toEqual([]);
});

test('reading some, or all; nobody reads for another', async () => {
  const [ada, bob] = [await appUser(api), await appUser(api)];
  const ids = [await notify(ada), await notify(ada), await notify(ada)] as string[];
  expect(await read(bob, { ids })).toEqual({ code: 200, msg: { unread_count: '0' } });
  expect(await read(ada, { ids: [ids[0]] })).toEqual({ code: 200, msg: { unread_count: '2' } });
  expect(await read(ada, { ids: `${ids[0]}, ${ids[1]}` })).toEqual({ code: 200, msg: { unread_count: '1' } });
  expect((await show(ada)).Notifications.map(({ Notification }) => Notification.read)).toEqual(['0', '1', '1']);
  expect(await read(ada)).toEqual({ code: 200, msg: { unread_count: '0' } });
  expect((await read(ada, { ids: ['nonsense'] })).code).toBe(201);
  expect((await read(ada, { ids: 'nonsense' })).code).toBe(201);
});

test('the unread count is exact while many tell and many read', async () => {
  const ada = await appUser(api);
  await Promise.all([...Array.from({ length: 50 }, () => notify(ada)), ...Array.from({ length: 10 }, () => read(ada))]);
  const { rows } = await api.deps.pool.query<{ unread: number }>('select count(*) as unread from app_notifications where user_id = $1 and read_at is null', [ada.id]);
  expect((await show(ada)).unread_count).toBe(String(rows[0]!.unread));
  expect((await read(ada)).msg.unread_count).toBe('0');
});

test('blocked senders, deleted senders and deleted videos are left out, of the count too', async () => {
  const [ada, bob, eve, gone] = [await appUser(api), await appUser(api), await appUser(api), await appUser(api)];
  const video_id = newId();
  await api.deps.db.insertInto('videos').values({ id: video_id, workspace_id: ada.row.workspace_id, user_id: ada.id, status: 'ready', privacy: 'public', status_code: null, status_reason: null, sound_id: null, source_key: null, playlist_key: null, thumbnail_key: null, duration_ms: null, width: null, height: null, published_at: null, deleted_at: null }).execute();
  for (const { id } of [bob, eve, gone]) await notify(ada, { kind: 'like', sender_id: id });
  await notify(ada, { kind: 'video', video_id });
  expect(await show(ada)).toMatchObject({ unread_count: '4' });
  await api.deps.db.insertInto('blocks').values([{ user_id: ada.id, blocked_id: bob.id }, { user_id: eve.id, blocked_id: ada.id }]).execute();
  await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', gone.id).execute();
  await api.deps.db.updateTable('videos').set({ deleted_at: new Date() }).where('id', '=', video_id).execute();
  expect(await show(ada)).toMatchObject({ unread_count: '0', Notifications: [] });
  expect(await notify(ada, { kind: 'like', sender_id: bob.id })).toBeNull();
});

test('the same cause tells once, and nobody is told of themselves', async () => {
  const [ada, bob] = [await appUser(api), await appUser(api)];
  const told = await Promise.all(Array.from({ length: 10 }, () => notify(ada, { sender_id: bob.id, kind: 'like', dedupe_key: 'like:v:b' })));
  expect(told.filter((id) => id !== null)).toHaveLength(1);
  expect(await notify(ada, { sender_id: ada.id })).toBeNull();
});

test('a device is whose app says its token last, once, however many say it at once', async () => {
  const [ada, bob] = [await appUser(api), await appUser(api)];
  const device_token = `t-${randomUUID()}`;
  const say = (user: TestAppUser, fields: Record<string, unknown>) => verb<{ Device: { id: string; device: string; version: string } }>(api, 'addDeviceData', { device_token, ...fields }, user.token);
  expect(await say(ada, { device: 'Android', version: '1.0' })).toMatchObject({ code: 200, msg: { Device: { device: 'android', version: '1.0' } } });
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => say(index % 2 ? ada : bob, { platform: 'ios' })));
  expect(new Set(answers.map(({ msg }) => msg.Device.id)).size).toBe(1);
  await say(bob, { device: 'ios' });
  expect(await api.deps.db.selectFrom('app_devices').select(['user_id', 'platform']).where('device_token', '=', device_token).execute()).toEqual([{ user_id: bob.id, platform: 'ios' }]);
  expect((await verb(api, 'removeDeviceData', { device_token }, ada.token)).msg).toEqual({ removed: '0' });
  expect((await verb(api, 'removeDeviceData', { device_token }, bob.token)).msg).toEqual({ removed: '1' });
  expect(await say(ada, {})).toEqual({ code: 201, msg: 'device: is needed: android or ios' });
  expect((await say(ada, { device: 'windows' })).code).toBe(201);
  expect((await verb(api, 'addDeviceData', { device_token, device: 'ios' })).code).toBe(401);
});

test('a user has at most 20 devices; those that spoke last stay', async () => {
  const ada = await appUser(api);
  for (let index = 0; index < 22; index += 1) await verb(api, 'addDeviceData', { device_token: `many-${ada.id}-${index}`, device: 'ios' }, ada.token);
  const rows = await api.deps.db.selectFrom('app_devices').select('device_token').where('user_id', '=', ada.id).orderBy('seen_at').execute();
  expect(rows.map(({ device_token }) => Number(device_token.split('-').at(-1)))).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
});

test('what is older than 90 days is deleted, and nothing else', async () => {
  const ada = await appUser(api);
  const [old, young] = [(await notify(ada))!, (await notify(ada))!];
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  await api.deps.db.updateTable('app_notifications').set({ created_at: daysAgo(91) }).where('id', '=', old).execute();
  await api.deps.db.updateTable('app_notifications').set({ created_at: daysAgo(89) }).where('id', '=', young).execute();
  for (const [days, device_token] of [
    [91, 'old'],
    [89, 'young'],
  ] as const)
    await api.deps.db.insertInto('app_devices').values({ id: newId(), user_id: ada.id, platform: 'ios', device_token: `${ada.id}-${device_token}`, gone_at: daysAgo(days) }).execute();
  let beats = 0;
  await deleteOldAppNotifications(api.deps.db, () => (beats += 1));
  expect(beats).toBeGreaterThan(0);
  expect(idsOf(await show(ada))).toEqual([young]);
  expect(await api.deps.db.selectFrom('app_devices').select('device_token').where('user_id', '=', ada.id).execute()).toEqual([{ device_token: `${ada.id}-young` }]);
});
