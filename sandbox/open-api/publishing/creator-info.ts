import { z } from 'zod';
import type { Account } from '../state/accounts.ts';
import { ApiFault } from '../wire/answers.ts';
import type { World } from '../world.ts';
import { directPosts, isActiveUserCapReached, isAudited } from './caps.ts';

/** The body is empty. */
export const creatorInfoSchema = z.object({});

export function privacyOptions(world: World, account: Account): string[] {
  if (!isAudited(world, account) && world.settings.current.behaviour.unaudited_self_only) return ['SELF_ONLY'];
  return [account.is_private ? 'FOLLOWER_OF_CREATOR' : 'PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'SELF_ONLY'];
}

/**
 * Whether the creator may post directly now. @param status TikTok sends these with 403 from init, and with 200, on purpose, from
 * creator_info. @throws ApiFault
 */
export function demandMayPost(world: World, account: Account, status: 200 | 403): void {
  const refuse = (code: string, message: string): never => {
    throw new ApiFault(status, code, message, { data: status === 200 ? 'empty' : 'absent' });
  };
  if (account.is_banned) refuse('spam_risk_user_banned_from_posting', 'The user is banned from making new posts.');
  if (directPosts(world, account) >= world.settings.current.limits.direct_posts) {
    refuse('spam_risk_too_many_posts', 'The daily post cap from the API is reached for the current user.');
  }
  if (isActiveUserCapReached(world, account)) {
    refuse('reached_active_user_cap', 'The daily quota for active publishing users from your client is reached.');
  }
}

export function creatorInfo(world: World, account: Account, origin: string) {
  demandMayPost(world, account, 200);
  return {
    creator_avatar_url: `${origin}/open-api-assets/avatar/${encodeURIComponent(account.username)}.svg`,
    creator_username: account.username,
    creator_nickname: account.display_name,
    privacy_level_options: privacyOptions(world, account),
    comment_disabled: account.comment_disabled,
    duet_disabled: account.duet_disabled || account.is_private,
    stitch_disabled: account.stitch_disabled || account.is_private,
    max_video_post_duration_sec: account.max_video_post_duration_sec,
  };
}
