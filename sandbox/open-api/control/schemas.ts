import { z } from 'zod';
import { scopeSchema } from '../state/settings-schema.ts';
import { usernameSchema } from '../state/accounts.ts';

const ms = z
  .number()
  .int()
  .min(0)
  .max(10 * 365 * 86_400_000);
const figure = z.number().int().min(0).max(1_000_000_000_000);

/** https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status */
export const failReasonSchema = z.enum([
  'file_format_check_failed',
  'duration_check_failed',
  'frame_rate_check_failed',
  'picture_size_check_failed',
  'internal',
  'video_pull_failed',
  'photo_pull_failed',
  'publish_cancelled',
  'auth_removed',
  'spam_risk_too_many_posts',
  'spam_risk_user_banned_from_posting',
  'spam_risk_text',
  'spam_risk',
]);
export const privacySchema = z.enum(['PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'FOLLOWER_OF_CREATOR', 'SELF_ONLY']);

export const grantSchema = z.strictObject({ scopes: z.array(scopeSchema).min(1).optional() });
export const expireSchema = z.strictObject({ which: z.enum(['access', 'refresh', 'both']).default('access') });
/** 0 unknown, 1 user disconnected, 2 account deleted, 3 age changed, 4 banned, 5 developer revoked. */
export const disconnectSchema = z.strictObject({ reason: z.number().int().min(0).max(5).default(1) });
export const nextPostSchema = z.strictObject({
  fail_reason: failReasonSchema.nullable().default(null),
  withhold_post_id: z.boolean().default(false),
  processing_ms: ms.nullable().default(null),
  /** null: stays in moderation for ever. */
  moderation_ms: ms.nullable().optional(),
  times: z.number().int().min(1).max(1_000).default(1),
});
export const clockSchema = z
  .strictObject({
    offset_ms: z
      .number()
      .int()
      .min(-315_360_000_000)
      .max(315_360_000_000)
      .optional(),
    advance_ms: ms.optional(),
  })
  .refine(({ offset_ms, advance_ms }) => (offset_ms === undefined) !== (advance_ms === undefined), { path: ['offset_ms'], message: 'give either offset_ms or advance_ms' });
export const failSchema = z.strictObject({ reason: failReasonSchema.default('internal') });
export const postDraftSchema = z.strictObject({ privacy_level: privacySchema.default('PUBLIC_TO_EVERYONE') });
export const statsSchema = z.strictObject({
  view_count: figure.optional(),
  like_count: figure.optional(),
  comment_count: figure.optional(),
  share_count: figure.optional(),
});
export const newVideoSchema = z.strictObject({
  username: usernameSchema,
  caption: z.string().max(4_000).default(''),
  privacy_level: privacySchema.default('PUBLIC_TO_EVERYONE'),
});
export const sendWebhookSchema = z.strictObject({
  event: z.string().min(1).max(200),
  username: usernameSchema,
  content: z.record(z.string(), z.unknown()).default({}),
});
