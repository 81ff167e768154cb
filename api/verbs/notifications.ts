import { z } from 'zod';
import { readAppUsers } from '../../db/app-user.repository.ts';
import { removeAppDevice, saveAppDevice, type AppDevice } from '../../db/app-device.repository.ts';
import { countUnreadAppNotifications, listAppNotifications, readAppNotifications, type AppNotification } from '../../db/app-notification.repository.ts';
import { relationshipsOf } from '../../db/relation.repository.ts';
import { PLATFORMS } from '../../domain/contracts/social.ts';
import { fieldError } from '../errors.ts';
import { encodeCursor, idBefore } from '../paging.ts';
import { id, neededText, PAGE_SIZE, pageCursor, startingPoint, text } from './fields.ts';
import { EXAMPLE_PARTNER } from './message-examples.ts';
import { flagOf, textOf, timeOf, userView } from './views.ts';
import { defineVerb, type Verb } from './verb.ts';

/** `Notification` of the contract. */
const notificationView = (row: AppNotification) => ({
  id: row.id,
  type: row.kind,
  string: row.text,
  sender_id: row.sender_id ?? '',
  receiver_id: row.user_id,
  video_id: row.video_id ?? '',
  subject_id: row.subject_id ?? '',
  read: flagOf(row.read_at !== null),
  created: timeOf(row.created_at),
});

const showNotifications = defineVerb({
  name: 'showNotifications',
  summary: 'What the user was told, newest first',
  description: 'Each with its `Sender`, null where it is from us. What blocked or deleted users caused, or what is about a deleted video, is left out. `type` says what `subject_id` is; see [notifications](app-notifications.md).',
  access: 'user',
  input: z.object({ starting_point: startingPoint, cursor: pageCursor }),
  turns_per_minute: 120,
  example: {
    request: { starting_point: '0' },
    msg: {
      Notifications: [
        {
          Notification: {
            id: '0190a1b2-0000-7000-8000-0000000000e1',
            type: 'like',
            string: 'bob liked your video',
            sender_id: EXAMPLE_PARTNER.id,
            receiver_id: '0190a1b2-0000-7000-8000-000000000001',
            video_id: '0190a1b2-0000-7000-8000-0000000000f1',
            subject_id: '',
            read: '0',
            created: '2026-03-14 18:00:00',
          },
          Sender: EXAMPLE_PARTNER,
        },
      ],
      unread_count: '1',
      next: '',
    },
  },
  async run({ deps: { db }, workspace_id, user }, { starting_point, cursor }) {
    const place = { before: idBefore(cursor ?? undefined) ?? null, page: starting_point, limit: PAGE_SIZE + 1 };
    const [rows, unread] = await Promise.all([listAppNotifications(db, workspace_id, user.id, place), countUnreadAppNotifications(db, workspace_id, user.id)]);
    const shown = rows.slice(0, PAGE_SIZE);
    const senders = [...new Set(shown.flatMap(({ sender_id }) => sender_id ?? []))];
    const [users, relationships] = await Promise.all([readAppUsers(db, workspace_id, senders), relationshipsOf(db, user.id, senders)]);
    const last = shown.at(-1);
    return {
      Notifications: shown.map((row) => {
        const sender = row.sender_id === null ? undefined : users.get(row.sender_id);
        return { Notification: notificationView(row), Sender: sender ? userView(sender, relationships.get(sender.id)) : null };
      }),
      unread_count: textOf(unread),
      next: rows.length > PAGE_SIZE && last ? encodeCursor([last.id]) : '',
    };
  },
});

/** Forms have no lists. */
const ids = z.union([z.array(id).max(500, 'at most 500'), z.string().max(20_000)], 'must be a list of ids').transform((value, context) => {
  const given = typeof value === 'string' ? value.split(',').map((each) => each.trim()).filter(Boolean) : value;
  const parsed = z.array(id).max(500).safeParse(given);
  if (parsed.success) return parsed.data;
  context.addIssue('must be ids, parted by commas, at most 500');
  return z.NEVER;
});

const readNotifications = defineVerb({
  name: 'readNotifications',
  summary: 'Marks notifications as read, and says how many are left',
  description: '`ids` is a list, or text parted by commas; absent or empty: all that there are now.',
  access: 'user',
  input: z.object({ ids: ids.optional() }),
  turns_per_minute: 120,
  example: { request: { ids: ['0190a1b2-0000-7000-8000-0000000000e1'] }, msg: { unread_count: '0' } },
  async run({ deps: { db }, workspace_id, user }, input) {
    await readAppNotifications(db, workspace_id, user.id, input.ids && input.ids.length > 0 ? input.ids : null);
    return { unread_count: textOf(await countUnreadAppNotifications(db, workspace_id, user.id)) };
  },
});

const deviceView = ({ id: deviceId, platform, app_version, seen_at }: AppDevice) => ({ id: deviceId, device: platform, version: app_version, updated: timeOf(seen_at) });

const platform = z.preprocess((value) => (typeof value === 'string' ? value.trim().toLowerCase() : value), z.enum(PLATFORMS, 'must be android or ios'));

const addDeviceData = defineVerb({
  name: 'addDeviceData',
  summary: 'Says where the user’s pushes go',
  description: 'Call it at every start of the app and whenever FCM gives a new token. A token belongs to the user whose app says it last. `platform` and `device` are the same. A user has at most 20 devices; those that spoke last stay.',
  access: 'user',
  input: z.object({ device_token: neededText(4_096), platform: platform.optional(), device: platform.optional(), version: text(50).optional() }),
  turns_per_minute: 30,
  example: {
    request: { device_token: 'fGq1:APA91bH-an-example', device: 'android', version: '4.2.0' },
    msg: { Device: { id: '0190a1b2-0000-7000-8000-0000000000a1', device: 'android', version: '4.2.0', updated: '2026-03-14 18:00:00' } },
  },
  async run({ deps: { db }, user }, { device_token, version = '', ...input }) {
    const named = input.platform ?? input.device;
    if (named === undefined) throw fieldError('device', 'is needed: android or ios');
    return { Device: deviceView(await saveAppDevice(db, { user_id: user.id, device_token, platform: named, app_version: version })) };
  },
});

const removeDeviceData = defineVerb({
  name: 'removeDeviceData',
  summary: 'No pushes to this device any more, at sign-out',
  access: 'user',
  input: z.object({ device_token: neededText(4_096) }),
  turns_per_minute: 30,
  example: { request: { device_token: 'fGq1:APA91bH-an-example' }, msg: { removed: '1' } },
  run: async ({ deps: { db }, user }, { device_token }) => ({ removed: flagOf(await removeAppDevice(db, user.id, device_token)) }),
});

export const notificationVerbs: readonly Verb[] = [showNotifications, readNotifications, addDeviceData, removeDeviceData];
