import type { PostState, PrivacyLevel } from '../contracts/post.ts';
import { FEATURE_OF_SCOPE, type SocialAccountState, type TikTokScope } from '../contracts/social-account.ts';
import { SAMPLED_FOR_MS } from './sampling.ts';

/** Why no new numbers come, in words; null: they come. */
export function whyAccountIsNotSampled(account: { state: SocialAccountState; scopes: readonly string[] }, scope: TikTokScope): string | null {
  if (account.state === 'disconnected') return 'The account is disconnected: connect it again.';
  if (account.state === 'reconnect_needed') return 'TikTok has ended the consent of this account: connect it again.';
  if (!account.scopes.includes(scope)) return `The account was connected without ${scope} (${FEATURE_OF_SCOPE[scope]}): connect it again and allow it.`;
  return null;
}

export interface MeasuredPost {
  state: PostState;
  privacy_level: PrivacyLevel | null;
  account: { state: SocialAccountState; scopes: readonly string[] };
  videos: readonly { published_at: Date; gone_at: Date | null }[];
}

/** The same of a post. */
export function whyPostIsNotSampled({ state, privacy_level, account, videos }: MeasuredPost, now: Date): string | null {
  const reason = whyAccountIsNotSampled(account, 'video.list');
  if (reason) return reason;
  if (videos.length === 0) {
    if (state !== 'published') return 'The post is not published yet.';
    if (privacy_level !== null && privacy_level !== 'PUBLIC_TO_EVERYONE') return 'TikTok has numbers of public posts only; this one is not public.';
    return 'TikTok has not told the id of the public post yet.';
  }
  if (videos.every(({ gone_at }) => gone_at !== null)) return 'TikTok no longer returns this video: it was deleted or made private.';
  if (videos.every(({ gone_at, published_at }) => gone_at !== null || now.getTime() - published_at.getTime() > SAMPLED_FOR_MS))
    return 'The post was published over a year ago: it is sampled no longer.';
  return null;
}
