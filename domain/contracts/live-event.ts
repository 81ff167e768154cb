/** The nine things that can happen in a LIVE, as Showrunner tells them. */
export const EVENT_TYPES = [
  'connect',
  'disconnect',
  'live_end',
  'comment',
  'gift',
  'like',
  'join',
  'follow',
  'share',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

export const STREAK_STATUSES = ['started', 'running', 'ended', 'single'] as const;
export type StreakStatus = (typeof STREAK_STATUSES)[number];

/** Who did it. TikTok leaves out what it does not know: the flags are then absent. */
export interface EventUser {
  /** TikTok's numeric user id, as a string (it exceeds what JSON numbers carry). */
  user_id: string | null;
  /** The @handle, without the @. */
  username: string | null;
  nickname: string | null;
  avatar_url: string | null;
  is_follower?: boolean;
  is_moderator?: boolean;
  is_subscriber?: boolean;
}

export interface CommentFields {
  comment: string;
  language: string | null;
}

export interface GiftFields {
  gift_id: string;
  gift_name: string;
  /** Diamonds of one gift. */
  diamond_count: number;
  /** TikTok's running total of the streak (1 for a gift that does not streak). */
  repeat_count: number;
  /** diamond_count × repeat_count. */
  total_diamonds: number;
  streak_id: string | null;
  streak_status: StreakStatus;
  /** Gifts that this event adds to what was counted before; 0 for a late or repeated frame. */
  increment: number;
  /** diamond_count × increment. */
  increment_diamonds: number;
}

export interface LikeFields {
  /** Likes that this message carries. */
  like_count: number;
  /** TikTok's running total of the room. */
  total_likes: number;
}

export interface JoinFields {
  viewer_count: number;
}

export interface FollowFields {
  follow_count: number;
}

export interface ShareFields {
  share_target: string | null;
}

export interface ConnectFields {
  room_id: string;
  title?: string | null;
}

export interface DisconnectFields {
  /** A code of domain/errors.ts, or null where it was asked for. */
  code: string | null;
  reason: string;
}

export interface LiveEndFields {
  /** ended: by the streamer; suspended: by TikTok. */
  cause: 'ended' | 'suspended';
}

interface EventBase {
  /** UUIDv7. */
  id: string;
  livestream_id: string;
  /** TikTok's message id; made from the session for connect and disconnect. Unique in a livestream. */
  msg_id: string;
  /** Place in the livestream: rises with each event, may leave gaps. */
  position: number;
  /** ISO 8601 UTC; TikTok's own time. */
  occurred_at: string;
  /** ISO 8601 UTC; when our socket had it. */
  received_at: string;
  /** Replayed by TikTok on connecting; fires no rule. */
  is_history: boolean;
}

export type EventOf<T extends EventType, F> = EventBase & EventUser & { type: T } & F;

export type LiveEvent =
  | EventOf<'connect', ConnectFields>
  | EventOf<'disconnect', DisconnectFields>
  | EventOf<'live_end', LiveEndFields>
  | EventOf<'comment', CommentFields>
  | EventOf<'gift', GiftFields>
  | EventOf<'like', LikeFields>
  | EventOf<'join', JoinFields>
  | EventOf<'follow', FollowFields>
  | EventOf<'share', ShareFields>;

/**
 * What tiktok/live makes of one wire message, before the consumer has given it an id, a position and,
 * for gifts, its place in a streak. `gift` carries the wire's view of the streak.
 */
export interface WireEvent {
  type: Exclude<EventType, 'connect' | 'disconnect'>;
  msg_id: string;
  /** Epoch milliseconds. */
  occurred_at_ms: number;
  is_history: boolean;
  user: EventUser;
  fields: CommentFields | WireGiftFields | LikeFields | JoinFields | FollowFields | ShareFields | LiveEndFields;
}

/** A gift frame as TikTok sends it: the total of its streak so far, and whether it says that this is the last. */
export interface WireGiftFields {
  gift_id: string;
  gift_name: string;
  diamond_count: number;
  repeat_count: number;
  /** TikTok's group id; null where the frame carries none. */
  group_id: string | null;
  streakable: boolean;
  repeat_end: boolean;
}

/** Running totals that TikTok states; a gap's losses are estimated from them. */
export interface RoomTotals {
  likes?: number;
  viewers?: number;
  followers?: number;
  shares?: number;
}

/** The seven counters of a livestream. */
export interface LivestreamCounters {
  total_comments: number;
  total_gifts: number;
  total_likes: number;
  total_joins: number;
  total_follows: number;
  total_shares: number;
  total_events: number;
}
