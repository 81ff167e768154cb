import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { SandboxEvent, SandboxUser } from '../events.ts';
import { CONTROL_ACTIONS } from '../events.ts';
import { message, putBool, putBytes, putInt, putString } from './fields.ts';

/** A webcast message: the name of its type, and its protobuf. */
export interface WireMessage {
  method: string;
  payload: Uint8Array;
}

const METHODS = {
  comment: 'WebcastChatMessage',
  gift: 'WebcastGiftMessage',
  like: 'WebcastLikeMessage',
  join: 'WebcastMemberMessage',
  follow: 'WebcastSocialMessage',
  share: 'WebcastSocialMessage',
  room_user: 'WebcastRoomUserSeqMessage',
  control: 'WebcastControlMessage',
} as const;

/** The connector tells follow from share by this key alone. */
const DISPLAY_TEXTS = {
  follow: { key: 'pm_main_follow_message_viewer_2', pattern: '{0:user} followed the LIVE creator' },
  share: { key: 'pm_mt_guidance_share', pattern: '{0:user} shared the LIVE' },
} as const;

/** Encodes an event as TikTok would. @param roomId decimal int64 */
export function encodeEvent(event: SandboxEvent, roomId: string): WireMessage {
  if (event.type === 'raw') return { method: event.method, payload: event.payload };
  const method = METHODS[event.type];
  const payload = message((writer) => {
    putBytes(writer, 1, encodeCommon(event, method, roomId));
    putFields(writer, event);
  });
  return { method, payload };
}

function encodeCommon(event: SandboxEvent, method: string, roomId: string): Uint8Array {
  return message((writer) => {
    putString(writer, 1, method);
    putInt(writer, 2, event.msg_id);
    putInt(writer, 3, roomId);
    putInt(writer, 4, event.created_at_ms);
    putBool(writer, 6, true);
    if (event.type === 'follow' || event.type === 'share') {
      const text = DISPLAY_TEXTS[event.type];
      putBytes(
        writer,
        8,
        message((inner) => (putString(inner, 1, text.key), putString(inner, 2, text.pattern))),
      );
    }
  });
}

function putFields(writer: BinaryWriter, event: SandboxEvent): void {
  const user = event.user ? encodeUser(event.user) : null;
  switch (event.type) {
    case 'comment':
      putBytes(writer, 2, user);
      putString(writer, 3, event.comment);
      putString(writer, 14, event.language);
      putIdentity(writer, 18, event.user);
      return;
    case 'gift':
      return putGift(writer, event, user);
    case 'like':
      putInt(writer, 2, event.like_count);
      putInt(writer, 3, event.total_likes);
      return putBytes(writer, 5, user);
    case 'join':
      putBytes(writer, 2, user);
      putInt(writer, 3, event.viewer_count);
      return putInt(writer, 10, 1);
    case 'follow':
      putBytes(writer, 2, user);
      putInt(writer, 4, 1);
      return putInt(writer, 6, event.follow_count);
    case 'share':
      putBytes(writer, 2, user);
      putInt(writer, 4, 3);
      putString(writer, 5, event.share_target);
      return putInt(writer, 8, event.share_count);
    case 'room_user':
      return putRoomUser(writer, event);
    case 'control':
      putInt(writer, 2, CONTROL_ACTIONS.indexOf(event.action) + 1);
      return putString(writer, 3, event.tips);
    case 'raw':
      return;
  }
}

function putGift(writer: BinaryWriter, gift: Extract<SandboxEvent, { type: 'gift' }>, user: Uint8Array | null): void {
  putInt(writer, 2, gift.gift_id);
  putInt(writer, 5, gift.repeat_count);
  putInt(writer, 6, gift.repeat_count);
  putBytes(writer, 7, user);
  putInt(writer, 9, gift.repeat_end ? 1 : 0);
  putInt(writer, 11, gift.group_id);
  putBytes(
    writer,
    15,
    message((inner) => {
      putInt(inner, 5, gift.gift_id);
      putBool(inner, 10, gift.streakable);
      putInt(inner, 11, gift.streakable ? 1 : 2);
      putInt(inner, 12, gift.diamond_count);
      putString(inner, 16, gift.gift_name);
    }),
  );
  putIdentity(writer, 32, gift.user);
}

function putRoomUser(writer: BinaryWriter, event: Extract<SandboxEvent, { type: 'room_user' }>): void {
  event.top_viewers.forEach(({ user, score }, index) =>
    putBytes(
      writer,
      2,
      message((inner) => {
        putInt(inner, 1, score);
        putBytes(inner, 2, encodeUser(user));
        putInt(inner, 3, index + 1);
      }),
    ),
  );
  putInt(writer, 3, event.viewer_count);
  putInt(writer, 7, event.total_viewers);
}

function putIdentity(writer: BinaryWriter, field: number, user: SandboxUser | null): void {
  if (!user) return;
  putBytes(
    writer,
    field,
    message((inner) => {
      putBool(inner, 2, user.is_subscriber);
      putBool(inner, 4, user.is_follower);
      putBool(inner, 5, user.is_moderator);
    }),
  );
}

/** Users come again and again, and are most of a message's bytes. */
const encodedUsers = new WeakMap<SandboxUser, Uint8Array>();

function encodeUser(user: SandboxUser): Uint8Array {
  const known = encodedUsers.get(user);
  if (known) return known;
  const encoded = message((writer) => {
    putInt(writer, 1, user.user_id);
    putString(writer, 3, user.nickname);
    if (user.avatar_url)
      putBytes(
        writer,
        9,
        message((inner) => putString(inner, 1, user.avatar_url)),
      );
    putBytes(
      writer,
      22,
      message((inner) => putInt(inner, 3, user.is_follower ? 1 : 0)),
    );
    if (user.is_moderator)
      putBytes(
        writer,
        32,
        message((inner) => putBool(inner, 2, true)),
      );
    putString(writer, 38, user.username);
    putString(writer, 46, `MS4wLjABAAAA${user.user_id}`);
    if (user.is_subscriber)
      putBytes(
        writer,
        63,
        message((inner) => (putBool(inner, 2, true), putBool(inner, 7, true))),
      );
  });
  encodedUsers.set(user, encoded);
  return encoded;
}
