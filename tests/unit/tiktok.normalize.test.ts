import { describe, expect, test } from '@jest/globals';
import { normalize, type MessageContext } from '../../tiktok/live/normalize.ts';
import { MESSAGE_DECODERS, type WireMessage } from '../../tiktok/live/wire/messages.ts';
import { commonOf, encodeWire, userOf, wire } from '../helpers/webcast-bytes.ts';

const NOW = 1_750_000_001_000;
const context: MessageContext = { fallbackId: () => 'fallback', isHistory: false, receivedAtMs: NOW };
const told = (method: WireMessage['method'], fields: object, given: Partial<MessageContext> = {}) =>
  normalize(MESSAGE_DECODERS[method](encodeWire(method, { common: commonOf(), ...fields })), { ...context, ...given });
const zoe = { user_id: '6812345678901234567', username: 'zoe.live', nickname: 'Zoë ✨', avatar_url: 'https://p16.example/1.webp' };

describe('what Showrunner tells of a wire message', () => {
  test('a chat message is a comment', () => {
    expect(told('WebcastChatMessage', { user: userOf(), content: 'hi', contentLanguage: 'en' }, { isHistory: true })).toEqual({
      event: {
        type: 'comment',
        msg_id: '7312345678901234567',
        occurred_at_ms: 1_750_000_000_123,
        is_history: true,
        user: zoe,
        fields: { comment: 'hi', language: 'en' },
      },
      totals: {},
    });
  });

  test('a gift keeps the wire’s view of its streak', () => {
    const gift = wire('Gift', { id: '5655', type: 1, diamondCount: 1, name: 'Rose' });
    expect(told('WebcastGiftMessage', { user: userOf(), giftId: '5655', repeatCount: 3, groupId: '777', gift }).event?.fields).toEqual({
      gift_id: '5655',
      gift_name: 'Rose',
      diamond_count: 1,
      repeat_count: 3,
      group_id: '777',
      streakable: true,
      repeat_end: false,
    });
    expect(told('WebcastGiftMessage', { repeatEnd: 1, gift: { ...gift, type: 2 } }).event?.fields).toMatchObject({
      gift_id: '5655',
      repeat_count: 1,
      group_id: null,
      streakable: false,
      repeat_end: true,
    });
    expect(told('WebcastGiftMessage', { giftId: '5' }).event?.fields).toMatchObject({
      gift_id: '5',
      gift_name: '',
      diamond_count: 0,
      streakable: false,
    });
  });

  test('likes carry their number and the room’s total, beyond 32 bits', () => {
    expect(told('WebcastLikeMessage', { user: userOf(), count: 15, total: '12345678901' })).toMatchObject({
      event: { type: 'like', fields: { like_count: 15, total_likes: 12_345_678_901 } },
      totals: { likes: 12_345_678_901 },
    });
    expect(told('WebcastLikeMessage', { count: -1, total: '-5' })).toMatchObject({
      event: { fields: { like_count: 0, total_likes: 0 } },
      totals: {},
    });
  });

  test('a member is a join only where it joins', () => {
    expect(told('WebcastMemberMessage', { user: userOf(), memberCount: 12, action: 1 }).event).toMatchObject({
      type: 'join',
      user: zoe,
      fields: { viewer_count: 12 },
    });
    expect(told('WebcastMemberMessage', { user: userOf(), action: 3 }).event).toBeNull();
  });

  test('the key of its text makes a social message a follow or a share', () => {
    const social = (key: string) =>
      told('WebcastSocialMessage', {
        common: commonOf({ displayText: wire('MessageCommonText', { key }) }),
        user: userOf(),
        followCount: '345',
        shareCount: 6,
        shareTarget: 'copy',
      });
    expect(social('pm_main_follow_message_viewer_2')).toMatchObject({
      event: { type: 'follow', fields: { follow_count: 345 } },
      totals: { followers: 345 },
    });
    expect(social('pm_mt_guidance_share')).toMatchObject({
      event: { type: 'share', fields: { share_target: 'copy' } },
      totals: { shares: 6 },
    });
    expect(social('pm_other')).toEqual({ event: null, totals: {} });
  });

  test('the number of viewers is a total, no event', () => {
    expect(told('WebcastRoomUserSeqMessage', { total: '1234' })).toEqual({ event: null, totals: { viewers: 1234 } });
  });

  test('control 3 and 4 end the LIVE, 1 and 2 do not', () => {
    expect(told('WebcastControlMessage', { action: 3 }).event).toMatchObject({
      type: 'live_end',
      msg_id: '7312345678901234567',
      fields: { cause: 'ended' },
    });
    expect(told('WebcastControlMessage', { action: 4 }).event).toMatchObject({ type: 'live_end', fields: { cause: 'suspended' } });
    expect([1, 2].map((action) => told('WebcastControlMessage', { action }).event)).toEqual([null, null]);
  });

  test('a time that is absent or impossible is replaced by ours', () => {
    for (const createTime of ['0', '-1', '99', '9223372036854775807']) {
      expect(told('WebcastChatMessage', { common: commonOf({ createTime }) }).event?.occurred_at_ms).toBe(NOW);
    }
  });

  test('a message without user and id is told all the same', () => {
    const nobody = { user_id: null, username: null, nickname: null, avatar_url: null };
    expect(told('WebcastChatMessage', { common: undefined }).event).toMatchObject({ msg_id: 'fallback', user: nobody });
  });
});

describe('what a viewer is to the streamer', () => {
  const flags = (user: object, fields: object = {}) => told('WebcastChatMessage', { user: userOf(user), ...fields }).event?.user;

  test('is left out where the wire does not say', () => {
    expect(flags({})).toEqual(zoe);
  });

  test('comes from the user', () => {
    const user = {
      followInfo: wire('FollowInfo', { followStatus: '1' }),
      userAttr: wire('UserAttr', { isAdmin: true }),
      subscribeInfo: wire('SubscribeInfo', { isSubscribedToAnchor: true }),
    };
    expect(flags(user)).toEqual({ ...zoe, is_follower: true, is_moderator: true, is_subscriber: true });
    expect(flags({ followInfo: wire('FollowInfo', { followerCount: '9' }) })).toEqual({ ...zoe, is_follower: false });
  });

  test('comes from the identity where there is one', () => {
    const userIdentity = wire('UserIdentity', { isModeratorOfAnchor: true });
    expect(flags({ followInfo: wire('FollowInfo', { followStatus: '2' }) }, { userIdentity })).toEqual({
      ...zoe,
      is_follower: false,
      is_moderator: true,
      is_subscriber: false,
    });
  });
});
