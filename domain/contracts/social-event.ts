import type { GiftFields } from './live-event.ts';

/** What happens in the social app: rules wait for it as they do for the same thing in a LIVE. */
export const SOCIAL_EVENT_TYPES = ['gift'] as const;
export type SocialEventType = (typeof SOCIAL_EVENT_TYPES)[number];

/** Whom a gift was for. */
export interface GiftReceiver {
  id: string;
  username: string;
  nickname: string;
}

/**
 * A gift of the app. The fields of a LIVE's gift are the same (diamonds are coins), so that one rule serves both. There is no
 * livestream: a rule that is bound to one does not fire.
 */
export interface SocialGiftEvent extends GiftFields {
  /** UUIDv7. */
  id: string;
  type: 'gift';
  workspace_id: string;
  livestream_id: null;
  /** ISO 8601 UTC. */
  occurred_at: string;
  received_at: string;
  is_history: false;
  /** Id of the gift transaction. */
  gift_transaction_id: string;
  /** The sender. */
  user_id: string;
  username: string;
  nickname: string;
  avatar_url: string | null;
  /** Whether the sender follows the receiver. */
  is_follower: boolean;
  receiver: GiftReceiver;
  /** One of both: where it was given. */
  stream_id: string | null;
  video_id: string | null;
  /** All of them together; as total_diamonds. */
  total: number;
}

export type SocialEvent = SocialGiftEvent;
