import type { AppNotificationKind, PushSettings } from '../contracts/social.ts';

/** Which setting of its receiver a kind goes by; null: it concerns their money or their account, and is always pushed. */
export const PUSH_SETTING_OF: Record<AppNotificationKind, keyof PushSettings | null> = {
  like: 'likes',
  comment_like: 'likes',
  comment: 'comments',
  mention: 'mentions',
  follow: 'new_followers',
  follow_request: 'new_followers',
  gift: 'gifts',
  message: 'direct_messages',
  live: 'video_updates',
  video: 'video_updates',
  purchase: null,
  payout: null,
  system: null,
};

const TITLES: Record<AppNotificationKind, string> = {
  like: 'New like',
  comment_like: 'New like',
  comment: 'New comment',
  mention: 'You were mentioned',
  follow: 'New follower',
  follow_request: 'Follow request',
  gift: 'You got a gift',
  message: 'New message',
  live: 'Live now',
  video: 'New video',
  purchase: 'Your coins',
  payout: 'Your payout',
  system: 'Notice',
};

/** What a screen shows of it; well below the 4,096 bytes that FCM takes for everything. */
const BODY_MAX = 240;

export function pushWords({ kind, text }: { kind: AppNotificationKind; text: string }): { title: string; body: string } {
  const characters = Array.from(text);
  return { title: TITLES[kind], body: characters.length <= BODY_MAX ? text : `${characters.slice(0, BODY_MAX - 1).join('')}…` };
}

/** How a notification and its receiver stand when it is to be pushed. */
export interface PushStanding {
  kind: AppNotificationKind;
  is_read: boolean;
  receiver_is_gone: boolean;
  sender_is_gone: boolean;
  is_blocked: boolean;
  push: Partial<PushSettings>;
  devices: number;
}

/** Why nothing is pushed; null: it is. Everything is looked at when it is pushed, not when it was told: people change their mind in between. */
export function pushNotNeeded({ kind, is_read, receiver_is_gone, sender_is_gone, is_blocked, push, devices }: PushStanding): string | null {
  const setting = PUSH_SETTING_OF[kind];
  if (receiver_is_gone) return 'the account is gone';
  if (sender_is_gone) return 'the sender’s account is gone';
  if (is_blocked) return 'one has blocked the other';
  if (is_read) return 'it was read already';
  if (setting !== null && push[setting] === false) return `the receiver wants no push of ${setting}`;
  if (devices === 0) return 'no device';
  return null;
}

/** Several messages of one conversation within this, unread, are told of once. */
const MESSAGE_BURST_MS = 5 * 60_000;

/**
 * What makes two messages of a conversation tell their receiver once: nothing was read in between, and they came within the same five minutes.
 * @param readPosition up to where the receiver has read
 */
export const messageNotificationKey = (conversationId: string, readPosition: number, sentAt: Date): string =>
  `message:${conversationId}:${readPosition}:${Math.floor(sentAt.getTime() / MESSAGE_BURST_MS)}`;
