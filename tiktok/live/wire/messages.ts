import { WireReader } from './reader.ts';
import { NO_COMMON, readCommon, readIdentity, readUser, type WireCommon, type WireIdentity, type WireUser } from './user.ts';

interface Base {
  common: WireCommon;
}

/** The messages that Showrunner needs, with the fields that it needs. */
export type WireMessage = Base &
  (
    | { method: 'WebcastChatMessage'; user?: WireUser; content: string; contentLanguage: string; identity?: WireIdentity }
    | {
        method: 'WebcastGiftMessage';
        user?: WireUser;
        giftId: string;
        repeatCount: number;
        repeatEnd: number;
        groupId: string;
        gift?: WireGift;
        identity?: WireIdentity;
      }
    | { method: 'WebcastLikeMessage'; user?: WireUser; count: number; total: string }
    | { method: 'WebcastMemberMessage'; user?: WireUser; memberCount: number; action: number }
    | { method: 'WebcastSocialMessage'; user?: WireUser; shareTarget: string; followCount: string; shareCount: number }
    | { method: 'WebcastRoomUserSeqMessage'; total: string }
    | { method: 'WebcastControlMessage'; action: number }
  );

export interface WireGift {
  id: string;
  /** 1: several in a row make a streak. */
  type: number;
  diamondCount: number;
  name: string;
}

export type MessageOf<M extends WireMessage['method']> = Extract<WireMessage, { method: M }>;

type Field<T> = (message: T, reader: WireReader) => void;

/** Decoder of one message type: an empty message, and what to do with each tag that matters. */
function decoder<M extends WireMessage['method']>(empty: () => MessageOf<M>, fields: Record<number, Field<MessageOf<M>>>) {
  const byTag: (Field<MessageOf<M>> | undefined)[] = [];
  for (const [tag, field] of Object.entries(fields)) byTag[Number(tag)] = field;
  return (payload: Buffer): MessageOf<M> => {
    const reader = new WireReader(payload);
    const message = empty();
    while (reader.pos < payload.length) {
      const tag = reader.uint32();
      const field = tag < byTag.length ? byTag[tag] : undefined;
      if (field) field(message, reader);
      else reader.skip(tag);
    }
    return message;
  };
}

const common = { 10: (message: Base, reader: WireReader): void => void (message.common = readCommon(reader)) };
const userIn = (tag: number): Record<number, Field<{ user?: WireUser }>> => ({
  [tag]: (message, reader) => (message.user = readUser(reader)),
});

/** Decoders by TikTok's method name; a method that is not here is none of our business. @throws RangeError on malformed bytes */
export const MESSAGE_DECODERS = {
  WebcastChatMessage: decoder<'WebcastChatMessage'>(
    () => ({ method: 'WebcastChatMessage', common: NO_COMMON, content: '', contentLanguage: '' }),
    {
      ...common,
      ...userIn(18), // 2
      26: (message, reader) => (message.content = reader.string()), // 3
      114: (message, reader) => (message.contentLanguage = reader.string()), // 14
      146: (message, reader) => (message.identity = readIdentity(reader)), // 18
    },
  ),
  WebcastGiftMessage: decoder<'WebcastGiftMessage'>(
    () => ({ method: 'WebcastGiftMessage', common: NO_COMMON, giftId: '0', repeatCount: 0, repeatEnd: 0, groupId: '0' }),
    {
      ...common,
      16: (message, reader) => (message.giftId = reader.int64()), // 2
      40: (message, reader) => (message.repeatCount = reader.int32()), // 5
      ...userIn(58), // 7
      72: (message, reader) => (message.repeatEnd = reader.int32()), // 9
      88: (message, reader) => (message.groupId = reader.int64()), // 11
      122: (message, reader) => (message.gift = readGift(reader)), // 15
      258: (message, reader) => (message.identity = readIdentity(reader)), // 32
    },
  ),
  WebcastLikeMessage: decoder<'WebcastLikeMessage'>(() => ({ method: 'WebcastLikeMessage', common: NO_COMMON, count: 0, total: '0' }), {
    ...common,
    16: (message, reader) => (message.count = reader.int32()), // 2
    24: (message, reader) => (message.total = reader.int64()), // 3
    ...userIn(42), // 5
  }),
  WebcastMemberMessage: decoder<'WebcastMemberMessage'>(
    () => ({ method: 'WebcastMemberMessage', common: NO_COMMON, memberCount: 0, action: 0 }),
    {
      ...common,
      ...userIn(18), // 2
      24: (message, reader) => (message.memberCount = reader.int32()), // 3
      80: (message, reader) => (message.action = reader.int32()), // 10
    },
  ),
  WebcastSocialMessage: decoder<'WebcastSocialMessage'>(
    () => ({ method: 'WebcastSocialMessage', common: NO_COMMON, shareTarget: '', followCount: '0', shareCount: 0 }),
    {
      ...common,
      ...userIn(18), // 2
      42: (message, reader) => (message.shareTarget = reader.string()), // 5
      48: (message, reader) => (message.followCount = reader.int64()), // 6
      64: (message, reader) => (message.shareCount = reader.int32()), // 8
    },
  ),
  WebcastRoomUserSeqMessage: decoder<'WebcastRoomUserSeqMessage'>(
    () => ({ method: 'WebcastRoomUserSeqMessage', common: NO_COMMON, total: '0' }),
    { ...common, 24: (message, reader) => (message.total = reader.int64()) }, // 3
  ),
  WebcastControlMessage: decoder<'WebcastControlMessage'>(
    () => ({ method: 'WebcastControlMessage', common: NO_COMMON, action: 0 }),
    { ...common, 16: (message, reader) => (message.action = reader.int32()) }, // 2
  ),
} satisfies { [M in WireMessage['method']]: (payload: Buffer) => MessageOf<M> };

const byMethod = new Map<string, (payload: Buffer) => WireMessage>(Object.entries(MESSAGE_DECODERS));

/** The decoder for a method, undefined where nobody needs its messages. */
export const messageDecoder = (method: string): ((payload: Buffer) => WireMessage) | undefined => byMethod.get(method);

function readGift(reader: WireReader): WireGift {
  const end = reader.end();
  const gift: WireGift = { id: '0', type: 0, diamondCount: 0, name: '' };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 40)
      gift.id = reader.int64(); // 5
    else if (tag === 88)
      gift.type = reader.int32(); // 11
    else if (tag === 96)
      gift.diamondCount = reader.int32(); // 12
    else if (tag === 130)
      gift.name = reader.string(); // 16
    else reader.skip(tag);
  }
  reader.finish(end);
  return gift;
}
