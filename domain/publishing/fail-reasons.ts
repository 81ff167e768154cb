import type { PostFault } from '../contracts/post.ts';
import type { ErrorCode } from '../errors.ts';

export interface FailReason {
  code: ErrorCode;
  /** What happened. */
  what: string;
  /** What a person can do about it. */
  advice: string;
  /** The fault lies with TikTok or the network, and no post came of it: a new init may succeed. */
  again: boolean;
}

/** TikTok's `fail_reason`: https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status. */
const FAIL_REASONS: Readonly<Record<string, FailReason>> = {
  file_format_check_failed: {
    code: 'media_type',
    what: 'TikTok can not read the format of the file',
    advice: 'Convert it to MP4 with H.264 video (pictures: JPEG or WebP) and upload it again.',
    again: false,
  },
  duration_check_failed: {
    code: 'media_too_long',
    what: 'TikTok does not take a video of this length from this account',
    advice: 'Cut it to what creator-info allows (drafts: 10 minutes) and upload it again.',
    again: false,
  },
  frame_rate_check_failed: {
    code: 'media_frame_rate',
    what: 'TikTok does not take the frame rate of the video',
    advice: 'Convert it to 23 to 60 frames a second and upload it again.',
    again: false,
  },
  picture_size_check_failed: {
    code: 'media_picture_size',
    what: 'TikTok does not take the picture size',
    advice: 'Scale videos to 360 to 4096 pixels a side, and each photo to at most 1080 pixels on its shorter side; TikTok does not say which photo it was.',
    again: false,
  },
  internal: { code: 'tiktok_internal', what: 'TikTok failed while it worked on the post', advice: 'Try again later.', again: true },
  video_pull_failed: {
    code: 'target_unreachable',
    what: 'TikTok could not fetch the video from its URL within an hour',
    advice: 'Check that the URL answers over https without a redirect, or upload the file instead.',
    again: true,
  },
  photo_pull_failed: {
    code: 'target_unreachable',
    what: 'TikTok could not fetch a photo from its URL',
    advice: 'Check that each URL answers over https without a redirect with a JPEG or WebP of at most 20 MB.',
    again: true,
  },
  publish_cancelled: { code: 'post_refused', what: 'The post was cancelled at TikTok', advice: 'Retry it if that was not meant.', again: false },
  auth_removed: { code: 'reconnect_needed', what: 'The account withdrew its consent while TikTok worked on the post', advice: 'Connect the account again, then retry.', again: false },
  spam_risk_too_many_posts: {
    code: 'tiktok_daily_cap',
    what: 'TikTok allows this account no more posts by apps within 24 hours',
    advice: 'Retry when the 24 hours are over, or post in the TikTok app.',
    again: false,
  },
  spam_risk_user_banned_from_posting: { code: 'tiktok_user_banned', what: 'TikTok has banned this account from posting', advice: 'See the notice in the TikTok app.', again: false },
  spam_risk_text: { code: 'post_refused', what: 'TikTok takes the caption for spam or against its rules', advice: 'Change the text, then retry.', again: false },
  spam_risk: { code: 'post_refused', what: 'TikTok takes the post for spam', advice: 'Change video and text, or post it in the TikTok app.', again: false },
};

const UNKNOWN: FailReason = { code: 'post_refused', what: 'TikTok refused the post', advice: 'Look into the TikTok app for a notice.', again: false };

/** What a `fail_reason` means; one that nobody has documented is passed on as it is. */
export const failReason = (reason: string | null): FailReason => (reason !== null && Object.hasOwn(FAIL_REASONS, reason) ? FAIL_REASONS[reason]! : UNKNOWN);

/** The fault that a person sees, with TikTok's own reason unchanged, and whether a new init is worth it. */
export function failureOfPost(reason: string | null): { fault: PostFault; again: boolean } {
  const { code, what, advice, again } = failReason(reason);
  return { fault: { code, reason: `${what}. ${advice} TikTok’s reason: ${reason || 'none given'}.` }, again };
}

/** Every reason that we know, for tests and documentation. */
export const KNOWN_FAIL_REASONS: readonly string[] = Object.keys(FAIL_REASONS);
