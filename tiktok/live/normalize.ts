import type { EventUser, RoomTotals, WireEvent } from '../../domain/contracts/live-event.ts';
import type { MessageOf, WireMessage } from './wire/messages.ts';
import type { WireCommon, WireIdentity, WireUser } from './wire/user.ts';

/** What the envelope says of a message. */
export interface MessageContext {
  /** Key for de-duplication where the message itself carries no id. */
  fallbackId: () => string;
  isHistory: boolean;
  /** Epoch milliseconds; stands in for a time that TikTok left out. */
  receivedAtMs: number;
}

export interface Normalized {
  /** null: nothing that Showrunner tells (a pause, a member's other actions). */
  event: WireEvent | null;
  /** The room's running totals that the message states. */
  totals: RoomTotals;
}

const NOBODY: EventUser = Object.freeze({ user_id: null, username: null, nickname: null, avatar_url: null });
const NOTHING: RoomTotals = Object.freeze({});
const STREAKABLE_GIFT = 1;
const MEMBER_JOINED = 1;
const STREAM_ENDED = 3;
const STREAM_SUSPENDED = 4;

/** Makes Showrunner's event of a wire message. Pure. */
export function normalize(message: WireMessage, context: MessageContext): Normalized {
  switch (message.method) {
    case 'WebcastChatMessage':
      return event(message, context, 'comment', userOf(message.user, message.identity), {
        comment: message.content,
        language: message.contentLanguage || null,
      });
    case 'WebcastGiftMessage':
      return gift(message, context);
    case 'WebcastLikeMessage': {
      const total = count(message.total);
      const fields = { like_count: count(message.count), total_likes: total };
      return event(message, context, 'like', userOf(message.user), fields, total > 0 ? { likes: total } : NOTHING);
    }
    case 'WebcastMemberMessage':
      if (message.action !== MEMBER_JOINED) return { event: null, totals: NOTHING };
      return event(message, context, 'join', userOf(message.user), { viewer_count: count(message.memberCount) });
    case 'WebcastSocialMessage':
      return social(message, context);
    case 'WebcastRoomUserSeqMessage':
      return { event: null, totals: { viewers: count(message.total) } };
    case 'WebcastControlMessage':
      if (message.action !== STREAM_ENDED && message.action !== STREAM_SUSPENDED) return { event: null, totals: NOTHING };
      return event(message, context, 'live_end', NOBODY, { cause: message.action === STREAM_ENDED ? 'ended' : 'suspended' });
  }
}

function gift(message: MessageOf<'WebcastGiftMessage'>, context: MessageContext): Normalized {
  const details = message.gift;
  return event(message, context, 'gift', userOf(message.user, message.identity), {
    gift_id: message.giftId !== '0' ? message.giftId : (details?.id ?? '0'),
    gift_name: details?.name ?? '',
    diamond_count: count(details?.diamondCount ?? 0),
    repeat_count: Math.max(1, count(message.repeatCount)),
    group_id: message.groupId === '0' ? null : message.groupId,
    streakable: details?.type === STREAKABLE_GIFT,
    repeat_end: message.repeatEnd === 1,
  });
}

/** Only the key of the text that TikTok would show tells a follow from a share. */
function social(message: MessageOf<'WebcastSocialMessage'>, context: MessageContext): Normalized {
  if (message.common.displayKey.includes('follow')) {
    const followers = count(message.followCount);
    return event(message, context, 'follow', userOf(message.user), { follow_count: followers }, followers > 0 ? { followers } : NOTHING);
  }
  if (message.common.displayKey.includes('share')) {
    const shares = count(message.shareCount);
    return event(
      message,
      context,
      'share',
      userOf(message.user),
      { share_target: message.shareTarget || null },
      shares > 0 ? { shares } : NOTHING,
    );
  }
  return { event: null, totals: NOTHING };
}

function event(
  { common }: WireMessage,
  { fallbackId, isHistory, receivedAtMs }: MessageContext,
  type: WireEvent['type'],
  user: EventUser,
  fields: WireEvent['fields'],
  totals: RoomTotals = NOTHING,
): Normalized {
  return {
    event: {
      type,
      msg_id: common.msgId === '0' ? fallbackId() : common.msgId,
      occurred_at_ms: timeOf(common, receivedAtMs),
      is_history: isHistory,
      user,
      fields,
    },
    totals,
  };
}

const EARLIEST_MS = Date.UTC(2016, 0);
const CLOCK_SKEW_MS = 86_400_000;

/** TikTok's own time, unless it is absent or no time at all. */
function timeOf(common: WireCommon, receivedAtMs: number): number {
  const at = Number(common.createTime);
  return at >= EARLIEST_MS && at <= receivedAtMs + CLOCK_SKEW_MS ? at : receivedAtMs;
}

function userOf(user: WireUser | undefined, identity?: WireIdentity): EventUser {
  if (!user) return NOBODY;
  const known: EventUser = {
    user_id: user.id === '0' ? null : user.id,
    username: user.displayId || null,
    nickname: user.nickname || null,
    avatar_url: user.avatarUrl || null,
  };
  // What TikTok says of the viewer towards this streamer (identity) wins over what it says of the viewer.
  const isFollower = identity?.isFollower ?? (user.followStatus === undefined ? undefined : user.followStatus !== '0');
  const isModerator = identity?.isModerator ?? user.isAdmin;
  const isSubscriber = identity?.isSubscriber ?? user.isSubscriber;
  if (isFollower !== undefined) known.is_follower = isFollower;
  if (isModerator !== undefined) known.is_moderator = isModerator;
  if (isSubscriber !== undefined) known.is_subscriber = isSubscriber;
  return known;
}

/** A wire count as a number that is never negative and always exact or the largest exact one. */
function count(value: string | number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Number(value)));
}
