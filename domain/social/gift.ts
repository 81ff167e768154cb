import type { Coins } from '../contracts/coin.ts';
import type { StreamStatus } from '../contracts/stream.ts';
import type { ErrorCode } from '../errors.ts';

/** Where a gift is given. */
export type GiftPlace = { stream_id: string; video_id: null } | { stream_id: null; video_id: string };

/** Of the catalogue. */
export interface CatalogueGift {
  id: string;
  name: string;
  coins: Coins;
  image: string;
}

export interface GiftFacts {
  /** null: it is not on offer. */
  gift: CatalogueGift | null;
  /** Of the place; null: there is no such stream or video. */
  target: GiftTarget | null;
  /** One has blocked the other. */
  is_blocked: boolean;
  /** Wallets; null: not made yet. */
  sender_account: string | null;
  receiver_account: string | null;
}

export interface GiftTarget {
  /** Whose it is; null: of nobody in the app. */
  receiver_id: string | null;
  /** Deleted or suspended. */
  is_gone: boolean;
  /** Whether the sender may see it. */
  is_visible: boolean;
  /** null: it is a video. */
  stream_status: StreamStatus | null;
}

const ON_AIR: readonly StreamStatus[] = ['live', 'reconnecting'];

/** Why a gift may not be given; null: it may. Who is not to know of a stream or video is told that it is not there. */
export function whyNoGift({ gift, target, is_blocked }: GiftFacts, senderId: string, place: GiftPlace): ErrorCode | null {
  const gone = place.stream_id === null ? 'video_gone' : 'stream_not_live';
  if (!target || target.receiver_id === null) return gone;
  if (target.receiver_id === senderId) return 'gift_to_self';
  if (target.is_gone) return 'user_gone';
  if (is_blocked) return 'user_blocked';
  if (!target.is_visible) return gone;
  if (target.stream_status !== null && !ON_AIR.includes(target.stream_status)) return gone;
  return gift === null ? 'gift_unknown' : null;
}
