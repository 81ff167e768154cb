/** A user of the social app. */
export const SOCIAL_PROVIDERS = ['google', 'facebook', 'apple'] as const;
export type SocialProvider = (typeof SOCIAL_PROVIDERS)[number];

export const PLATFORMS = ['android', 'ios'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** requested: a private account has not let them in yet. */
export type FollowState = 'accepted' | 'requested';

/** How two users stand, seen from the first. follow_back: the other follows, and is not followed. */
export type Relationship = 'self' | 'none' | 'following' | 'requested' | 'follow_back' | 'friends';

export const PUSH_SETTINGS = ['likes', 'comments', 'new_followers', 'mentions', 'direct_messages', 'video_updates', 'gifts'] as const;
/** What a user wants to be told by push; absent: yes. */
export type PushSettings = Record<(typeof PUSH_SETTINGS)[number], boolean>;

export const AUDIENCES = ['everyone', 'friends', 'no_one'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** Who may do what with a user's things; absent: everyone (videos_download: true, liked_videos: only they). */
export interface PrivacySettings {
  direct_message: Audience;
  video_comment: Audience;
  duet: Audience;
  liked_videos: 'everyone' | 'only_me';
  videos_download: boolean;
}

/** What follows from a report that is upheld. */
export const REPORT_MEASURES = ['none', 'remove_video', 'suspend_user'] as const;
export type ReportMeasure = (typeof REPORT_MEASURES)[number];

export const APP_NOTIFICATION_KINDS = ['like', 'comment', 'comment_like', 'mention', 'follow', 'follow_request', 'gift', 'message', 'live', 'video', 'purchase', 'payout', 'system'] as const;
export type AppNotificationKind = (typeof APP_NOTIFICATION_KINDS)[number];
