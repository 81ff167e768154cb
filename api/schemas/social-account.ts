import { z } from '@hono/zod-openapi';
import type { SocialAccountRow } from '../../db/social-account.repository.ts';
import { PRIVACY_LEVELS } from '../../domain/contracts/post.ts';
import { FEATURE_OF_SCOPE, SOCIAL_ACCOUNT_STATES, TIKTOK_SCOPES } from '../../domain/contracts/social-account.ts';
import { disabledFeatures } from '../../domain/publishing/oauth.ts';
import { id, timestamp } from './common.ts';
import { iso, isoOrNull } from './query.ts';

const missingFeature = z.object({
  scope: z.enum(TIKTOK_SCOPES).openapi({ example: 'video.list' }),
  feature: z.string().openapi({ example: FEATURE_OF_SCOPE['video.list'], description: 'What does not work without it.' }),
});

/** A connected TikTok account as people see it: never its tokens. */
export const socialAccountSchema = z
  .object({
    id,
    platform: z.literal('tiktok'),
    open_id: z.string().openapi({ description: 'TikTok’s id of the account for our app.' }),
    username: z.string().nullable().openapi({ example: 'ada', description: 'null where the scope user.info.profile was not granted.' }),
    display_name: z.string().nullable(),
    avatar_url: z.string().nullable(),
    profile_url: z.string().nullable(),
    is_verified: z.boolean().nullable(),
    state: z.enum(SOCIAL_ACCOUNT_STATES).openapi({
      description: 'expiring: usable, but TikTok’s consent ends soon. reconnect_needed: connect it again; disconnected: a person ended it.',
    }),
    state_code: z.string().nullable().openapi({ example: null, description: 'A code of docs/errors.md, where the state has a reason.' }),
    state_reason: z.string().nullable().openapi({ example: null, description: 'The reason in words, TikTok’s own among them.' }),
    scopes: z.array(z.string()).openapi({ description: 'Granted, which may be fewer than asked for.' }),
    missing_features: z.array(missingFeature).openapi({ description: 'What is disabled, because its scope was not granted.' }),
    access_expires_at: timestamp.nullable().openapi({ description: 'It is refreshed before.' }),
    refresh_expires_at: timestamp.nullable().openapi({ description: 'Until then TikTok lets us refresh.' }),
    last_refreshed_at: timestamp.nullable(),
    last_refresh_error: z.string().nullable().openapi({ description: 'Why the last refresh failed, where it did; it is tried again.' }),
    connected_at: timestamp,
    disconnected_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi('SocialAccount');

export const toSocialAccount = (row: SocialAccountRow): z.infer<typeof socialAccountSchema> => ({
  id: row.id,
  platform: 'tiktok',
  open_id: row.open_id,
  username: row.username,
  display_name: row.display_name,
  avatar_url: row.avatar_url,
  profile_url: row.profile_deep_link,
  is_verified: row.is_verified,
  state: row.state,
  state_code: row.state_code,
  state_reason: row.state_reason,
  scopes: row.scopes,
  missing_features: disabledFeatures(row.scopes),
  access_expires_at: isoOrNull(row.access_expires_at),
  refresh_expires_at: isoOrNull(row.refresh_expires_at),
  last_refreshed_at: isoOrNull(row.last_refreshed_at),
  last_refresh_error: row.last_refresh_error,
  connected_at: iso(row.connected_at),
  disconnected_at: isoOrNull(row.disconnected_at),
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
});

export const refreshBody = z.object({ social_account_id: id }).openapi('RefreshRequest');

export const disconnectedSchema = z
  .object({
    revoked_at_tiktok: z.boolean().openapi({ description: 'false: TikTok did not confirm; our tokens are removed all the same.' }),
    reason: z.string().nullable().openapi({ description: 'What TikTok said, where it did not confirm.' }),
    cancelled_posts: z.int().openapi({ example: 2, description: 'Posts that were waiting or on their way, and are cancelled now.' }),
  })
  .openapi('Disconnected');

export const connectedSchema = z
  .object({ social_account_id: id, missing_features: z.array(missingFeature) })
  .openapi('Connected');

export const authorizeSchema = z
  .object({
    authorize_url: z.string().openapi({
      description: 'TikTok’s consent page: send the browser there.',
      example: 'https://www.tiktok.com/v2/auth/authorize/?client_key=aw0example&response_type=code&scope=user.info.basic&state=…',
    }),
  })
  .openapi('AuthorizeUrl');

export const creatorInfoSchema = z
  .object({
    nickname: z.string(),
    username: z.string(),
    avatar_url: z.string().openapi({ description: 'Good for two hours.' }),
    privacy_level_options: z.array(z.enum(PRIVACY_LEVELS)).openapi({ description: 'Let the person choose one of these, with none chosen before.' }),
    comment_disabled: z.boolean(),
    duet_disabled: z.boolean(),
    stitch_disabled: z.boolean(),
    max_video_post_duration_s: z.int().openapi({ example: 300 }),
  })
  .openapi('CreatorInfo');
