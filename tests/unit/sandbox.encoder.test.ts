import { describe, expect, test } from '@jest/globals';
import * as official from 'tiktok-live-proto/v3';
import { userNamed } from '../../sandbox/catalogue/people.ts';
import type { EventDraft, SandboxEvent } from '../../sandbox/events.ts';
import {
  asHistory,
  decodeClientFrame,
  decodeRoomId,
  encodeBaseMessage,
  encodeFetchResult,
  encodePushFrame,
} from '../../sandbox/wire/frames.ts';
import { encodeEvent } from '../../sandbox/wire/messages.ts';

const ROOM_ID = '7411387158236512000';
const MSG_ID = '7411387158236599999';
const CREATED_AT = 1_760_000_000_123;
const anna = userNamed('anna', { nickname: 'Anna 🌸 ليلى', is_follower: true, is_moderator: true, is_subscriber: true });

const eventOf = (draft: EventDraft): SandboxEvent => ({ ...draft, msg_id: MSG_ID, created_at_ms: CREATED_AT });

/** Encodes with the sandbox's encoder, decodes with TikTok's schema. */
function decoded(draft: EventDraft): { method: string; data: Record<string, unknown> } {
  const { method, payload } = encodeEvent(eventOf(draft), ROOM_ID);
  const schema = (official as unknown as Record<string, { decode(bytes: Uint8Array): Record<string, unknown> }>)[method];
  if (!schema) throw new Error(`The official schema has no ${method}.`);
  return { method, data: schema.decode(payload) };
}

const common = (method: string) => ({ method, msgId: MSG_ID, roomId: ROOM_ID, createTime: String(CREATED_AT), isShowMsg: true });

const ANNA = {
  id: anna.user_id,
  displayId: 'anna',
  nickname: 'Anna 🌸 ليلى',
  avatarThumb: { urlList: [anna.avatar_url] },
  followInfo: { followStatus: '1' },
  userAttr: { isAdmin: true },
  subscribeInfo: { isSubscribe: true, isSubscribedToAnchor: true },
  secUid: `MS4wLjABAAAA${anna.user_id}`,
};
const IDENTITY = {
  isSubscriberOfAnchor: true,
  isFollowerOfAnchor: true,
  isModeratorOfAnchor: true,
  isAnchor: false,
  isGiftGiverOfAnchor: false,
};

describe('the sandbox encodes messages that the official schema reads', () => {
  test('A comment keeps its text in any script, its language and its writer.', () => {
    const { method, data } = decoded({ type: 'comment', user: anna, comment: 'こんばんは 👋\n"<&', language: 'ja' });
    expect(method).toBe('WebcastChatMessage');
    expect(data).toMatchObject({
      common: common(method),
      user: ANNA,
      content: 'こんばんは 👋\n"<&',
      contentLanguage: 'ja',
      userIdentity: IDENTITY,
    });
  });

  test.each([
    [true, 1],
    [false, 2],
  ])('A gift that streaks (%s) has the type %i and keeps its counts.', (streakable, type) => {
    const { method, data } = decoded({
      type: 'gift',
      user: anna,
      gift_id: '5655',
      gift_name: 'Rose',
      diamond_count: 44_999,
      streakable,
      repeat_count: 2_147_483_647,
      repeat_end: true,
      group_id: '7411387158236511111',
    });
    expect(data).toMatchObject({
      common: common(method),
      giftId: '5655',
      repeatCount: 2_147_483_647,
      comboCount: 2_147_483_647,
      repeatEnd: 1,
      groupId: '7411387158236511111',
      gift: { id: '5655', name: 'Rose', diamondCount: 44_999, type, combo: streakable },
      user: ANNA,
      userIdentity: IDENTITY,
    });
  });

  test('A like keeps a total that exceeds 32 bits.', () => {
    const { method, data } = decoded({ type: 'like', user: anna, like_count: 15, total_likes: 12_345_678_901 });
    expect(data).toMatchObject({ common: common(method), count: 15, total: '12345678901', user: ANNA });
  });

  test('A join says how many are there.', () => {
    const { method, data } = decoded({ type: 'join', user: anna, viewer_count: 77 });
    expect(data).toMatchObject({ common: common(method), user: ANNA, memberCount: 77, action: 1 });
  });

  test('Follow and share are one message, told apart by the key of its text.', () => {
    const follow = decoded({ type: 'follow', user: anna, follow_count: 18_001 });
    const share = decoded({ type: 'share', user: anna, share_target: 'whatsapp', share_count: 9 });
    expect([follow.method, share.method]).toEqual(['WebcastSocialMessage', 'WebcastSocialMessage']);
    expect(follow.data).toMatchObject({
      common: { displayText: { key: expect.stringContaining('follow') } },
      user: ANNA,
      followCount: '18001',
    });
    expect(share.data).toMatchObject({
      common: { displayText: { key: expect.stringContaining('share') } },
      shareTarget: 'whatsapp',
      shareCount: 9,
    });
  });

  test('The viewer count names the top viewers in their order.', () => {
    const top_viewers = [
      { user: anna, score: 900 },
      { user: userNamed('bo'), score: 650 },
    ];
    const { method, data } = decoded({ type: 'room_user', user: null, viewer_count: 321, total_viewers: 4_000, top_viewers });
    expect(data).toMatchObject({
      common: common(method),
      total: '321',
      totalUser: '4000',
      ranks: [
        { score: '900', rank: '1', user: { displayId: 'anna' } },
        { score: '650', rank: '2', user: { displayId: 'bo' } },
      ],
    });
  });

  test.each([
    ['paused', 1],
    ['resumed', 2],
    ['ended', 3],
    ['suspended', 4],
  ] as const)('The control action %s is %i.', (action, number) => {
    expect(decoded({ type: 'control', user: null, action, tips: 'bye' }).data).toMatchObject({ action: number, tips: 'bye' });
  });

  test('What is not known of a user is absent, and raw bytes stay as they are.', () => {
    const { data } = decoded({ type: 'comment', user: { ...userNamed('cy'), avatar_url: null }, comment: '', language: '' });
    expect(data).toMatchObject({
      content: '',
      user: { displayId: 'cy', avatarThumb: undefined, userAttr: undefined, subscribeInfo: undefined },
    });
    const payload = Uint8Array.of(1, 2, 3);
    expect(encodeEvent(eventOf({ type: 'raw', user: null, method: 'WebcastAnything', payload }), ROOM_ID)).toEqual({
      method: 'WebcastAnything',
      payload,
    });
  });
});

describe('the sandbox encodes frames that the official schema reads', () => {
  const base = encodeBaseMessage({ method: 'WebcastChatMessage', payload: Uint8Array.of(1) }, MSG_ID);

  test('A fetch result holds messages, cursor, push server and route parameters.', () => {
    const bytes = encodeFetchResult({
      messages: [base, asHistory(base)],
      cursor: 'c-1',
      now: CREATED_AT,
      internalExt: 'ext',
      fetchInterval: 1_000,
      routeParams: { imprp: 'a', wrss: 'b' },
      heartbeatDuration: 10_000,
      needAck: true,
      pushServer: 'ws://x',
      isFirst: true,
    });
    expect(official.ProtoMessageFetchResult.decode(bytes)).toMatchObject({
      messages: [
        { method: 'WebcastChatMessage', msgId: MSG_ID, isHistory: false },
        { method: 'WebcastChatMessage', msgId: MSG_ID, isHistory: true },
      ],
      cursor: 'c-1',
      now: String(CREATED_AT),
      internalExt: 'ext',
      fetchInterval: '1000',
      routeParams: { imprp: 'a', wrss: 'b' },
      heartbeatDuration: '10000',
      needAck: true,
      pushServer: 'ws://x',
      isFirst: true,
    });
  });

  test('A push frame holds its ids, headers, encoding, type and payload.', () => {
    const bytes = encodePushFrame({
      seqId: 5,
      logId: MSG_ID,
      headers: { compress_type: 'gzip' },
      payloadType: 'msg',
      payload: Uint8Array.of(9, 8),
    });
    const frame = official.WebcastPushFrame.decode(bytes);
    expect(frame).toMatchObject({
      seqId: '5',
      logId: MSG_ID,
      headers: [{ key: 'compress_type', value: 'gzip' }],
      payloadEncoding: 'pb',
      payloadType: 'msg',
    });
    expect([...frame.payload]).toEqual([9, 8]);
  });

  test('Frames that a client encodes with the official schema are read.', () => {
    const payload = Buffer.from(official.HeartBeatMessage.encode({ roomId: ROOM_ID, sendPacketSeqId: '1' }).finish());
    const frame = { seqId: '0', logId: MSG_ID, payloadEncoding: 'pb', payloadType: 'hb', payload, service: '0', method: '0', headers: [] };
    const read = decodeClientFrame(official.WebcastPushFrame.encode(frame).finish());
    expect(read).toMatchObject({ logId: MSG_ID, payloadType: 'hb' });
    expect(decodeRoomId(read.payload)).toBe(ROOM_ID);
  });

  test('A client frame that is broken throws, and no room id reads as "0".', () => {
    expect(() => decodeClientFrame(Uint8Array.of(0x3a, 0xff))).toThrow();
    expect(decodeRoomId(new Uint8Array(0))).toBe('0');
  });
});
