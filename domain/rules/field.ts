import type { RuleEvent } from '../contracts/rule.ts';

/** An event as rules see it: real ones, and made-up ones that a person tests a rule with. */
export type EventFields = Readonly<Record<string, unknown>>;

/** Reads one field of an event; undefined where the event has no such field. */
export type FieldReader = (event: EventFields) => unknown;

export const FIELD_MAX_LENGTH = 200;
export const FIELD_MAX_DEPTH = 8;

/** They lead out of the event's data into JavaScript's own objects: refused when a rule is written, never followed. */
export const FORBIDDEN_SEGMENTS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What a template's syntax needs for itself, and white space. */
const UNFIT_IN_FIELD = [' ', '\t', '\n', '\r', '{', '}', '|', '"', "'", '`', '\\'];

type FieldOf<E> = E extends unknown ? keyof E : never;
type KnownField = FieldOf<RuleEvent> | 'item_names';

/**
 * One function for each field that our events have. Each has an inline cache of its own in V8, where a single
 * `event[field]` that serves all fields is looked up by name each time.
 */
const KNOWN: Record<KnownField, FieldReader> = {
  id: (e) => e.id,
  type: (e) => e.type,
  livestream_id: (e) => e.livestream_id,
  msg_id: (e) => e.msg_id,
  position: (e) => e.position,
  occurred_at: (e) => e.occurred_at,
  received_at: (e) => e.received_at,
  is_history: (e) => e.is_history,
  user_id: (e) => e.user_id,
  username: (e) => e.username,
  nickname: (e) => e.nickname,
  avatar_url: (e) => e.avatar_url,
  is_follower: (e) => e.is_follower,
  is_moderator: (e) => e.is_moderator,
  is_subscriber: (e) => e.is_subscriber,
  room_id: (e) => e.room_id,
  title: (e) => e.title,
  code: (e) => e.code,
  reason: (e) => e.reason,
  cause: (e) => e.cause,
  comment: (e) => e.comment,
  language: (e) => e.language,
  gift_id: (e) => e.gift_id,
  gift_name: (e) => e.gift_name,
  diamond_count: (e) => e.diamond_count,
  repeat_count: (e) => e.repeat_count,
  total_diamonds: (e) => e.total_diamonds,
  streak_id: (e) => e.streak_id,
  streak_status: (e) => e.streak_status,
  increment: (e) => e.increment,
  increment_diamonds: (e) => e.increment_diamonds,
  like_count: (e) => e.like_count,
  total_likes: (e) => e.total_likes,
  viewer_count: (e) => e.viewer_count,
  follow_count: (e) => e.follow_count,
  share_target: (e) => e.share_target,
  workspace_id: (e) => e.workspace_id,
  channel_id: (e) => e.channel_id,
  shop_name: (e) => e.shop_name,
  change: (e) => e.change,
  order_id: (e) => e.order_id,
  status: (e) => e.status,
  previous_status: (e) => e.previous_status,
  total: (e) => e.total,
  currency: (e) => e.currency,
  item_count: (e) => e.item_count,
  items: (e) => e.items,
  /** As one text, so that a condition may ask for a part of a name. */
  item_names: (e) => (Array.isArray(e.items) ? e.items.join(', ') : undefined),
  seller_skus: (e) => e.seller_skus,
  buyer_nickname: (e) => e.buyer_nickname,
  buyer_note: (e) => e.buyer_note,
  product_id: (e) => e.product_id,
  product_name: (e) => e.product_name,
  sku_id: (e) => e.sku_id,
  seller_sku: (e) => e.seller_sku,
  available: (e) => e.available,
  previous_available: (e) => e.previous_available,
  gift_transaction_id: (e) => e.gift_transaction_id,
  receiver: (e) => e.receiver,
  stream_id: (e) => e.stream_id,
  video_id: (e) => e.video_id,
};

/** `user.…` names the flat fields of who did it, under the names that people expect there. */
const USER_ALIASES: Readonly<Record<string, KnownField>> = {
  'user.id': 'user_id',
  'user.user_id': 'user_id',
  'user.username': 'username',
  'user.nickname': 'nickname',
  'user.avatar_url': 'avatar_url',
  'user.is_follower': 'is_follower',
  'user.is_moderator': 'is_moderator',
  'user.is_subscriber': 'is_subscriber',
};

/**
 * What is wrong with a field's path, in words for people; null: nothing.
 */
export function fieldFault(field: string): string | null {
  if (field.length > FIELD_MAX_LENGTH) return `is longer than ${FIELD_MAX_LENGTH} characters`;
  if (UNFIT_IN_FIELD.some((character) => field.includes(character))) return 'may not hold white space, quotes, braces, bars or backslashes';
  const segments = field.split('.');
  if (segments.includes('')) return 'is empty, or has a dot too many';
  if (segments.length > FIELD_MAX_DEPTH) return `is nested deeper than ${FIELD_MAX_DEPTH}`;
  const forbidden = segments.find((segment) => FORBIDDEN_SEGMENTS.has(segment));
  return forbidden === undefined ? null : `may not name ${forbidden}`;
}

/** Compiles a field's path to its reader. Own properties only; a path with a fault reads nothing. */
export function fieldReader(field: string): FieldReader {
  if (Object.hasOwn(KNOWN, field)) return KNOWN[field as KnownField];
  if (fieldFault(field) !== null) return () => undefined;
  const segments = field.split('.');
  const nested: FieldReader = (event) => readPath(event, segments);
  if (!Object.hasOwn(USER_ALIASES, field)) return nested;
  const flat = KNOWN[USER_ALIASES[field]!];
  return (event) => flat(event) ?? nested(event);
}

/** A field without a value is the same to rules as one that does not exist. */
export const isMissing = (actual: unknown): actual is null | undefined => actual === undefined || actual === null;

function readPath(event: EventFields, segments: readonly string[]): unknown {
  let current: unknown = event;
  for (const segment of segments) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, segment)) return undefined;
    current = (current as EventFields)[segment];
  }
  return current;
}
