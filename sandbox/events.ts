/** A viewer, as the sandbox invents or is told him. */
export interface SandboxUser {
  user_id: string;
  username: string;
  nickname: string;
  avatar_url: string | null;
  is_follower: boolean;
  is_moderator: boolean;
  is_subscriber: boolean;
}

export type SandboxFields =
  | { type: 'comment'; comment: string; language: string }
  | {
      type: 'gift';
      gift_id: string;
      gift_name: string;
      diamond_count: number;
      streakable: boolean;
      repeat_count: number;
      repeat_end: boolean;
      group_id: string | null;
    }
  | { type: 'like'; like_count: number; total_likes: number }
  | { type: 'join'; viewer_count: number }
  | { type: 'follow'; follow_count: number }
  | { type: 'share'; share_target: string; share_count: number }
  | { type: 'room_user'; viewer_count: number; total_viewers: number; top_viewers: { user: SandboxUser; score: number }[] }
  | { type: 'control'; action: ControlAction; tips: string }
  | { type: 'raw'; method: string; payload: Uint8Array };

export const EVENT_KINDS = ['comment', 'gift', 'like', 'join', 'follow', 'share', 'room_user', 'control', 'raw'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** 1 paused, 2 resumed, 3 ended, 4 suspended on the wire. */
export const CONTROL_ACTIONS = ['paused', 'resumed', 'ended', 'suspended'] as const;
export type ControlAction = (typeof CONTROL_ACTIONS)[number];

/** What happens in a room, before it has a message id and a time. `user` is null for control and raw. */
export type EventDraft = SandboxFields & { user: SandboxUser | null };

export type SandboxEvent = EventDraft & {
  msg_id: string;
  /** Epoch milliseconds. */
  created_at_ms: number;
};
