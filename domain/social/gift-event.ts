import type { SocialGiftEvent } from '../contracts/social-event.ts';

/** What a gift transaction and its people say. */
export interface GiftTold {
  id: string;
  workspace_id: string;
  gift_id: string;
  gift_name: string;
  gift_count: number;
  /** All of them together. */
  coins: number;
  stream_id: string | null;
  video_id: string | null;
  created_at: Date;
  sender: Person;
  receiver: Person;
  /** The sender follows the receiver. */
  is_follower: boolean;
}

interface Person {
  id: string;
  username: string;
  first_name: string;
  last_name: string;
  /** '' where there is none. */
  profile_pic: string;
}

/** A gift as rules see it. @param eventId UUIDv7 @param receivedAt when it was taken to the rules */
export function giftEvent(gift: GiftTold, eventId: string, receivedAt: Date): SocialGiftEvent {
  const { sender, receiver, gift_count, coins } = gift;
  return {
    id: eventId,
    type: 'gift',
    workspace_id: gift.workspace_id,
    livestream_id: null,
    occurred_at: gift.created_at.toISOString(),
    received_at: receivedAt.toISOString(),
    is_history: false,
    gift_transaction_id: gift.id,
    user_id: sender.id,
    username: sender.username,
    nickname: nameOf(sender),
    avatar_url: sender.profile_pic === '' ? null : sender.profile_pic,
    is_follower: gift.is_follower,
    receiver: { id: receiver.id, username: receiver.username, nickname: nameOf(receiver) },
    stream_id: gift.stream_id,
    video_id: gift.video_id,
    gift_id: gift.gift_id,
    gift_name: gift.gift_name,
    diamond_count: coins / gift_count,
    repeat_count: gift_count,
    total_diamonds: coins,
    total: coins,
    // The app sends its gifts in one piece: each is the whole of its streak.
    streak_id: null,
    streak_status: 'single',
    increment: gift_count,
    increment_diamonds: coins,
  };
}

const nameOf = ({ username, first_name, last_name }: Person): string => `${first_name} ${last_name}`.trim() || username;
