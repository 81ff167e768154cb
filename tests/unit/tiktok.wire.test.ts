import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeBatch, decodePush, MAX_UNPACKED_BYTES } from '../../tiktok/live/frame.ts';
import { decodeFetchResult, decodePushFrame } from '../../tiktok/live/wire/envelope.ts';
import { MESSAGE_DECODERS } from '../../tiktok/live/wire/messages.ts';
import { WireReader } from '../../tiktok/live/wire/reader.ts';
import { batchOf, commonOf, decodeWire, encodeWire, pushOf, userOf, wire } from '../helpers/webcast-bytes.ts';

const NOW = 1_750_000_001_000;
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const int32 = fc.integer();
// PostgreSQL stores no NUL, so ours leaves it out; lone surrogates have no UTF-8.
const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', ''));

const commons = fc
  .record({ msgId: int64, createTime: int64, key: text })
  .map(({ key, ...rest }) => commonOf({ ...rest, displayText: wire('MessageCommonText', { key, defaultPattern: 'x' }) }));
const users = fc
  .record({
    id: int64,
    nickname: text,
    displayId: text,
    urls: fc.array(text, { maxLength: 2 }),
    followStatus: fc.option(int64),
    isAdmin: fc.option(fc.boolean()),
    isSubscribe: fc.option(fc.boolean()),
  })
  .map(({ urls, followStatus, isAdmin, isSubscribe, ...rest }) =>
    userOf({
      ...rest,
      avatarThumb: wire('ImageModel', { urlList: urls }),
      followInfo: followStatus === null ? undefined : wire('FollowInfo', { followStatus, followerCount: '9' }),
      userAttr: isAdmin === null ? undefined : wire('UserAttr', { isAdmin, isMuted: true }),
      subscribeInfo: isSubscribe === null ? undefined : wire('SubscribeInfo', { isSubscribe, subscriberCount: 3 }),
    }),
  );
const identities = fc
  .option(fc.record({ isSubscriberOfAnchor: fc.boolean(), isFollowerOfAnchor: fc.boolean(), isModeratorOfAnchor: fc.boolean() }))
  .map((identity) => (identity ? wire('UserIdentity', { ...identity, isAnchor: true }) : undefined));
const gifts = fc
  .option(fc.record({ id: int64, type: int32, diamondCount: int32, name: text }))
  .map((gift) => (gift ? wire('Gift', { ...gift, describe: 'x' }) : undefined));

const user = fc.option(users).map((value) => value ?? undefined);
const MESSAGES = {
  WebcastChatMessage: fc.record({ common: commons, user, content: text, contentLanguage: text, userIdentity: identities, atUser: user }),
  WebcastGiftMessage: fc.record({
    common: commons,
    user,
    toUser: user,
    giftId: int64,
    repeatCount: int32,
    comboCount: int32,
    repeatEnd: int32,
    groupId: int64,
    gift: gifts,
    userIdentity: identities,
  }),
  WebcastLikeMessage: fc.record({ common: commons, user, count: int32, total: int64, color: int32 }),
  WebcastMemberMessage: fc.record({ common: commons, user, memberCount: int32, action: int32, operator: user }),
  WebcastSocialMessage: fc.record({ common: commons, user, shareTarget: text, followCount: int64, shareCount: int32, action: int64 }),
  WebcastRoomUserSeqMessage: fc.record({ common: commons, total: int64, totalUser: int64 }),
  WebcastControlMessage: fc.record({ common: commons, action: int32, tips: text }),
};

type Fields = Record<string, unknown>;
const part = (value: unknown): Fields | undefined => value as Fields | undefined;

/** The same selection out of what the published decoder yields. */
function selected(method: string, official: Fields): Fields {
  const common = part(official['common']);
  const seen: Fields = {
    method,
    common: { msgId: common?.['msgId'], createTime: common?.['createTime'], displayKey: part(common?.['displayText'])?.['key'] },
  };
  const user = part(official['user']);
  if (user) {
    const subscription = part(user['subscribeInfo']);
    seen['user'] = {
      id: user['id'],
      nickname: user['nickname'],
      displayId: user['displayId'],
      avatarUrl: (part(user['avatarThumb'])?.['urlList'] as string[]).find((url) => url !== '') ?? '',
      followStatus: part(user['followInfo'])?.['followStatus'],
      isAdmin: part(user['userAttr'])?.['isAdmin'],
      isSubscriber: subscription && (subscription['isSubscribe'] || subscription['isSubscribedToAnchor']),
    };
  }
  const identity = part(official['userIdentity']);
  if (identity) {
    seen['identity'] = {
      isSubscriber: identity['isSubscriberOfAnchor'],
      isFollower: identity['isFollowerOfAnchor'],
      isModerator: identity['isModeratorOfAnchor'],
    };
  }
  const gift = part(official['gift']);
  if (gift) seen['gift'] = { id: gift['id'], type: gift['type'], diamondCount: gift['diamondCount'], name: gift['name'] };
  for (const name of [
    'content',
    'contentLanguage',
    'giftId',
    'repeatCount',
    'repeatEnd',
    'groupId',
    'count',
    'total',
    'memberCount',
    'action',
    'shareTarget',
    'followCount',
    'shareCount',
  ]) {
    if (name in official && !(method === 'WebcastSocialMessage' && name === 'action')) seen[name] = official[name];
  }
  return seen;
}

describe('our decoder and the one of the published schema', () => {
  test.each(Object.entries(MESSAGES))('agree on every %s', (method, messages) => {
    fc.assert(
      fc.property(messages, (given) => {
        const bytes = encodeWire(method, given);
        expect(MESSAGE_DECODERS[method as keyof typeof MESSAGE_DECODERS](bytes)).toEqual(selected(method, decodeWire(method, bytes)));
      }),
      { numRuns: 150 },
    );
  });

  test('agree on frames and batches', () => {
    fc.assert(
      fc.property(int64, text, fc.uint8Array(), fc.boolean(), fc.dictionary(text, text), (id, words, payload, flag, routeParams) => {
        const frame = pushOf(payload, {
          logId: id,
          seqId: id,
          payloadType: words,
          headers: [wire('PushHeader', { key: words, value: words })],
        });
        const { logId, payloadEncoding, payloadType, payload: inner } = decodeWire('WebcastPushFrame', frame);
        expect(decodePushFrame(frame)).toEqual({ logId, payloadEncoding, payloadType, payload: inner });

        const batch = batchOf([{ method: words, payload, msgId: id, isHistory: flag }], {
          cursor: words,
          internalExt: words,
          needAck: flag,
          pushServer: words,
          routeParams,
          now: id,
        });
        const official = decodeWire('ProtoMessageFetchResult', batch);
        const entries = (official['messages'] as Fields[]).map(({ method, payload, msgId, isHistory }) => ({
          method,
          payload,
          msgId,
          isHistory,
        }));
        const { cursor, internalExt, needAck, pushServer } = official;
        expect(decodeFetchResult(batch)).toEqual({
          entries,
          cursor,
          internalExt,
          needAck,
          pushServer,
          routeParams: official['routeParams'],
        });
      }),
    );
  });
});

describe('malformed bytes', () => {
  test('any bytes decode or throw a RangeError, and end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const decode of [decodePushFrame, decodeFetchResult, ...Object.values(MESSAGE_DECODERS)]) {
          try {
            decode(Buffer.from(bytes));
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('a message that is cut inside a field is refused, wherever that is', () => {
    const user = encodeWire('User', { id: '6812345678901234567', nickname: 'Zoë', followInfo: wire('FollowInfo', { followStatus: '1' }) });
    const field = Buffer.concat([Buffer.from([18, user.length]), user]);
    expect(MESSAGE_DECODERS.WebcastChatMessage(field).user).toMatchObject({ nickname: 'Zoë', followStatus: '1' });
    for (let length = 1; length < field.length; length++) {
      expect(() => MESSAGE_DECODERS.WebcastChatMessage(field.subarray(0, length))).toThrow(RangeError);
    }
  });

  test('a nested message may not reach beyond its own length', () => {
    const field = Buffer.from([18, 3, 26, 2, 65, 66]);
    expect(() => MESSAGE_DECODERS.WebcastChatMessage(field)).toThrow(/longer than its length/);
  });

  test('a varint of 11 bytes is refused', () => {
    const long = Buffer.from([...Array<number>(10).fill(0xff), 0x01]);
    expect(() => new WireReader(long).uint32()).toThrow(RangeError);
    expect(() => new WireReader(long).int64()).toThrow(RangeError);
    expect(() => new WireReader(long).skip(8)).toThrow(RangeError);
  });

  test('NUL, which PostgreSQL can not store, is left out of text', () => {
    const bytes = encodeWire('WebcastChatMessage', { content: 'a\0b' });
    expect(MESSAGE_DECODERS.WebcastChatMessage(bytes).content).toBe('ab');
  });

  test('a map key "__proto__" changes no prototype', () => {
    const batch = Buffer.concat([batchOf([]), Buffer.from([58, 14, 10, 9]), Buffer.from('__proto__'), Buffer.from([18, 1, 120])]);
    expect(decodeFetchResult(batch).routeParams).toEqual({});
  });
});

describe('frames', () => {
  const chat = (content: string) => ({
    method: 'WebcastChatMessage',
    payload: encodeWire('WebcastChatMessage', { common: commonOf(), user: userOf(), content }),
  });

  test('a plain and a gzipped frame give the same batch, with its cursor and what its ack must say', () => {
    const batch = batchOf([chat('one'), chat('two')]);
    for (const payload of [batch, gzipSync(batch)]) {
      const push = decodePush(pushOf(payload), NOW);
      expect(push?.batch).toMatchObject({ cursor: 'cursor-1', decode_failures: 0, ignored: 0 });
      expect(push?.batch.events.map(({ fields }) => fields)).toEqual([
        { comment: 'one', language: null },
        { comment: 'two', language: null },
      ]);
      expect(push?.ack).toEqual({ logId: '42', internalExt: 'ext-1' });
    }
  });

  test('no ack where TikTok wants none, or where there is nothing to say in it', () => {
    expect(decodePush(pushOf(batchOf([], { needAck: false })), NOW)?.ack).toBeUndefined();
    expect(decodePush(pushOf(batchOf([], { internalExt: '' })), NOW)?.ack).toBeUndefined();
    expect(decodePush(pushOf(batchOf([]), { logId: '0' }), NOW)?.ack).toBeUndefined();
  });

  test('answers to heartbeats and to entering the room are no frames', () => {
    expect(decodePush(pushOf(Buffer.alloc(0), { payloadType: 'im_enter_room_resp' }), NOW)).toBeNull();
    expect(decodePush(pushOf(Buffer.from('x'), { payloadType: 'hb' }), NOW)).toBeNull();
    expect(decodePush(pushOf(Buffer.from('{}'), { payloadEncoding: 'json' }), NOW)).toBeNull();
  });

  test('a broken message inside is counted, an unknown one ignored, and the rest of the batch is good', () => {
    const batch = batchOf([
      { method: 'WebcastChatMessage', payload: Buffer.from([10, 200]) },
      { method: 'WebcastRankUpdateMessage', payload: Buffer.from([255]) },
      chat('good'),
    ]);
    const push = decodePush(pushOf(batch), NOW);
    expect(push?.batch).toMatchObject({ decode_failures: 1, ignored: 1 });
    expect(push?.batch.events).toHaveLength(1);
  });

  test('broken gzip and a gzip bomb are refused', () => {
    expect(() => decodePush(pushOf(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])), NOW)).toThrow();
    expect(() => decodePush(pushOf(gzipSync(Buffer.alloc(MAX_UNPACKED_BYTES + 1))), NOW)).toThrow(/larger than/);
  });

  test('history is what the message says, or the whole batch where the caller knows it', () => {
    const result = decodeFetchResult(batchOf([{ ...chat('old'), isHistory: true }, chat('new')]));
    expect(decodeBatch(result, NOW).events.map((event) => event.is_history)).toEqual([true, false]);
    expect(decodeBatch(result, NOW, true).events.map((event) => event.is_history)).toEqual([true, true]);
  });

  test('a message without an id takes the envelope’s, else one made of its bytes, the same each time', () => {
    const payload = encodeWire('WebcastChatMessage', { content: 'x' });
    const ids = (msgId: string, bytes: Uint8Array) =>
      decodeBatch(decodeFetchResult(batchOf([{ method: 'WebcastChatMessage', payload: bytes, msgId }])), NOW).events[0]?.msg_id;
    expect(ids('99', payload)).toBe('99');
    expect(ids('0', payload)).toMatch(/^sha1:[0-9a-f]{40}$/);
    expect(ids('0', payload)).toBe(ids('0', payload));
    expect(ids('0', payload)).not.toBe(ids('0', encodeWire('WebcastChatMessage', { content: 'y' })));
  });
});
