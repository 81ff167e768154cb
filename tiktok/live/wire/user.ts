import type { WireReader } from './reader.ts';

/** common (field 1 of every message). */
export interface WireCommon {
  msgId: string;
  /** Milliseconds, decimal text; '0' where absent. */
  createTime: string;
  /** Key of displayText: tells a follow from a share. */
  displayKey: string;
}

/** The fields of TikTok's User that events carry; undefined: the wire does not say. */
export interface WireUser {
  id: string;
  nickname: string;
  displayId: string;
  avatarUrl: string;
  followStatus: string | undefined;
  isAdmin: boolean | undefined;
  isSubscriber: boolean | undefined;
}

/** Who the viewer is to the streamer (chat and gift only). */
export interface WireIdentity {
  isSubscriber: boolean;
  isFollower: boolean;
  isModerator: boolean;
}

export const NO_COMMON: Readonly<WireCommon> = Object.freeze({ msgId: '0', createTime: '0', displayKey: '' });

// Tags are (field number << 3 | wire type); numbers from the Webcast schema, beside each case.

export function readCommon(reader: WireReader): WireCommon {
  const end = reader.end();
  const common: WireCommon = { ...NO_COMMON };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 16)
      common.msgId = reader.int64(); // 2
    else if (tag === 32)
      common.createTime = reader.int64(); // 4
    else if (tag === 66)
      common.displayKey = readFirstString(reader); // 8 Text
    else reader.skip(tag);
  }
  reader.finish(end);
  return common;
}

export function readUser(reader: WireReader): WireUser {
  const end = reader.end();
  const user: WireUser = {
    id: '0',
    nickname: '',
    displayId: '',
    avatarUrl: '',
    followStatus: undefined,
    isAdmin: undefined,
    isSubscriber: undefined,
  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 8)
      user.id = reader.int64(); // 1
    else if (tag === 26)
      user.nickname = reader.string(); // 3
    else if (tag === 74)
      user.avatarUrl = readFirstString(reader); // 9 ImageModel
    else if (tag === 178)
      user.followStatus = readFollowStatus(reader); // 22
    else if (tag === 258)
      user.isAdmin = readFlags(reader, 16); // 32 UserAttr: 2 isAdmin
    else if (tag === 306)
      user.displayId = reader.string(); // 38
    else if (tag === 506)
      user.isSubscriber = readFlags(reader, 16, 56); // 63 SubscribeInfo: 2 isSubscribe, 7 isSubscribedToAnchor
    else reader.skip(tag);
  }
  reader.finish(end);
  return user;
}

export function readIdentity(reader: WireReader): WireIdentity {
  const end = reader.end();
  const identity: WireIdentity = { isSubscriber: false, isFollower: false, isModerator: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 16)
      identity.isSubscriber = reader.bool(); // 2
    else if (tag === 32)
      identity.isFollower = reader.bool(); // 4
    else if (tag === 40)
      identity.isModerator = reader.bool(); // 5
    else reader.skip(tag);
  }
  reader.finish(end);
  return identity;
}

/** The first value of field 1: the key of a Text, the first address of an ImageModel. */
function readFirstString(reader: WireReader): string {
  const end = reader.end();
  let text = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10 && text === '') text = reader.string();
    else reader.skip(tag);
  }
  reader.finish(end);
  return text;
}

function readFollowStatus(reader: WireReader): string {
  const end = reader.end();
  let status = '0';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 24) status = reader.int64();
    else reader.skip(tag);
  }
  reader.finish(end);
  return status;
}

/** Is one of these boolean fields (by tag) set? */
function readFlags(reader: WireReader, first: number, second = first): boolean {
  const end = reader.end();
  let set = false;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === first || tag === second) set = reader.bool() || set;
    else reader.skip(tag);
  }
  reader.finish(end);
  return set;
}
