import type { AppUser } from '../../db/app-user.repository.ts';
import { AUDIENCES, PUSH_SETTINGS, type PrivacySettings, type PushSettings, type Relationship } from '../../domain/contracts/social.ts';
import type { ApiConfig } from '../deps.ts';

/** Such apps parse numbers and flags from text. */
export const textOf = (value: number | string | null | undefined): string => (value === null || value === undefined ? '' : String(value));
export const flagOf = (value: boolean): '0' | '1' => (value ? '1' : '0');
/** YYYY-MM-DD HH:MM:SS, UTC. */
export const timeOf = (time: Date | null): string => (time === null ? '' : time.toISOString().slice(0, 19).replace('T', ' '));

/** The label of the button beside a user. */
const BUTTONS: Record<Relationship, string> = { self: '', none: 'follow', following: 'following', requested: 'requested', follow_back: 'follow back', friends: 'friends' };

/** Where a stored file of ours is fetched; '' where there is none. */
export const fileUrl = (config: ApiConfig, path: string | null): string => (path === null ? '' : `${config.publicUrl}${path}`);

export const DEFAULT_PRIVACY: PrivacySettings = { direct_message: AUDIENCES[0], video_comment: AUDIENCES[0], duet: AUDIENCES[0], liked_videos: 'only_me', videos_download: true };
export const privacyOf = (user: Pick<AppUser, 'privacy'>): PrivacySettings => ({ ...DEFAULT_PRIVACY, ...user.privacy });
export const pushOf = (user: Pick<AppUser, 'push'>): PushSettings => Object.fromEntries(PUSH_SETTINGS.map((name) => [name, user.push[name] ?? true])) as PushSettings;

/** `User` of the contract: what everybody may see of them. */
export const userView = (user: AppUser, relationship: Relationship = 'none') => ({
  id: user.id,
  username: user.username,
  first_name: user.first_name,
  last_name: user.last_name,
  bio: user.bio,
  gender: user.gender,
  website: user.website,
  profile_pic: user.profile_pic,
  verified: flagOf(user.is_verified),
  private: flagOf(user.is_private),
  followers_count: textOf(user.followers),
  following_count: textOf(user.following),
  video_count: textOf(user.videos),
  likes_count: textOf(user.likes),
  button: BUTTONS[relationship],
  created: timeOf(user.created_at),
});

/** `User` for themselves. */
export const ownUserView = (user: AppUser, wallet: number) => ({ ...userView(user, 'self'), email: user.email ?? '', social: user.social, wallet: textOf(wallet) });

export const pushView = (user: AppUser) => ({ id: user.id, ...Object.fromEntries(Object.entries(pushOf(user)).map(([name, value]) => [name, flagOf(value)])) });

export function privacyView(user: AppUser) {
  const { videos_download, ...audiences } = privacyOf(user);
  return { id: user.id, ...audiences, videos_download: flagOf(videos_download) };
}
