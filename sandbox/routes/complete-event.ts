import { findGift, GIFTS } from '../catalogue/gifts.ts';
import { userNamed } from '../catalogue/people.ts';
import type { EventDraft, SandboxUser } from '../events.ts';
import type { EventInput, UserInput } from './control-schemas.ts';
import type { Publication, Room } from '../rooms/room.ts';

/** Fills what an event to push leaves open: with what is likely, and so that the room's figures hold. */
export function completeEvent(room: Room, input: EventInput): Publication {
  const publication: Publication = draftOf(room, input);
  if (input.msg_id !== undefined) publication.msg_id = input.msg_id;
  if (input.created_at_ms !== undefined) publication.created_at_ms = input.created_at_ms;
  return publication;
}

function draftOf(room: Room, input: EventInput): EventDraft {
  switch (input.type) {
    case 'comment':
      return { type: 'comment', user: userOf(room, input.user), comment: input.comment ?? 'hello', language: input.language ?? 'en' };
    case 'gift':
      return giftOf(room, input);
    case 'like': {
      const like_count = input.like_count ?? 1;
      room.figures.likes = input.total_likes ?? room.figures.likes + like_count;
      return { type: 'like', user: userOf(room, input.user), like_count, total_likes: room.figures.likes };
    }
    case 'join':
      room.figures.viewers = input.viewer_count ?? room.figures.viewers + 1;
      room.figures.total_viewers += 1;
      return { type: 'join', user: userOf(room, input.user), viewer_count: room.figures.viewers };
    case 'follow':
      room.figures.followers = input.follow_count ?? room.figures.followers + 1;
      return { type: 'follow', user: userOf(room, input.user), follow_count: room.figures.followers };
    case 'share':
      room.figures.shares = input.share_count ?? room.figures.shares + 1;
      return {
        type: 'share',
        user: userOf(room, input.user),
        share_target: input.share_target ?? 'copy_link',
        share_count: room.figures.shares,
      };
    case 'room_user':
      room.figures.viewers = input.viewer_count ?? room.figures.viewers;
      room.figures.total_viewers = input.total_viewers ?? room.figures.total_viewers;
      return { ...room.script.of('room_user'), user: null };
    case 'control':
      return { type: 'control', user: null, action: input.action, tips: input.tips ?? '' };
    case 'raw':
      return { type: 'raw', user: null, method: input.method, payload: Buffer.from(input.payload_base64, 'base64') };
  }
}

function giftOf(room: Room, input: Extract<EventInput, { type: 'gift' }>): EventDraft {
  const known = findGift(input.gift ?? input.gift_id ?? input.gift_name ?? 'Rose');
  const streakable = input.streakable ?? known?.streakable ?? true;
  const diamond_count = input.diamond_count ?? known?.diamond_count ?? 1;
  return {
    type: 'gift',
    user: userOf(room, input.user),
    gift_id: input.gift_id ?? known?.gift_id ?? GIFTS[0]?.gift_id ?? '5655',
    gift_name: input.gift_name ?? known?.gift_name ?? input.gift ?? 'Rose',
    diamond_count,
    streakable,
    repeat_count: input.repeat_count ?? 1,
    repeat_end: input.repeat_end ?? true,
    group_id: input.group_id === undefined ? String(room.ids.next()) : input.group_id,
  };
}

function userOf(room: Room, input: string | UserInput | undefined): SandboxUser {
  if (input === undefined) return room.script.someone();
  if (typeof input === 'string') return userNamed(input.replace(/^@/, ''));
  const { username, user_id, nickname, avatar_url, ...flags } = input;
  const user = userNamed(username, { nickname: nickname ?? username, ...flags });
  return { ...user, user_id: user_id ?? user.user_id, avatar_url: avatar_url === undefined ? user.avatar_url : avatar_url };
}
