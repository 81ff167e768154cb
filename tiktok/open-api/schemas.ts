import { z } from 'zod';
import { PRIVACY_LEVELS, type PrivacyLevel } from '../../domain/contracts/post.ts';
import { parseScopes } from '../../domain/publishing/oauth.ts';

/** Ids come as strings or as numbers; long numbers are strings already (parseLossless). */
const id = z.union([z.string().min(1), z.number().int().nonnegative()]).transform(String);
const text = z
  .string()
  .nullish()
  .transform((value) => value || null);
const count = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
const countOrZero = count.transform((value) => value ?? 0);

/** https://developers.tiktok.com/doc/oauth-user-access-token-management */
export const tokenGrantSchema = z
  .object({
    open_id: z.string().min(1),
    scope: z.string().default(''),
    access_token: z.string().min(1),
    expires_in: z.coerce.number().positive(),
    refresh_token: z.string().min(1),
    refresh_expires_in: z.coerce.number().positive(),
  })
  .transform(({ scope, expires_in, refresh_expires_in, ...grant }) => ({
    ...grant,
    scopes: parseScopes(scope),
    access_expires_in_s: expires_in,
    refresh_expires_in_s: refresh_expires_in,
  }));

export const nothingSchema = z.unknown().transform(() => null);

/** https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info */
export const userSchema = z
  .object({
    user: z.object({
      open_id: z.string().min(1),
      union_id: text,
      display_name: text,
      avatar_url: text,
      username: text,
      profile_deep_link: text,
      is_verified: z
        .boolean()
        .nullish()
        .transform((value) => value ?? null),
      follower_count: count,
      following_count: count,
      likes_count: count,
      video_count: count,
    }),
  })
  .transform(({ user }) => user);

/** https://developers.tiktok.com/doc/content-posting-api-reference-query-creator-info */
export const creatorInfoSchema = z
  .object({
    creator_nickname: z.string().default(''),
    creator_username: z.string().default(''),
    creator_avatar_url: z.string().default(''),
    // A level that came after this list can't be chosen here anyway.
    privacy_level_options: z.array(z.string()).transform((levels) => levels.filter((level): level is PrivacyLevel => PRIVACY_LEVELS.some((known) => known === level))),
    comment_disabled: z.boolean().default(false),
    duet_disabled: z.boolean().default(false),
    stitch_disabled: z.boolean().default(false),
    max_video_post_duration_sec: z.number().positive(),
  })
  .transform(({ creator_nickname, creator_username, creator_avatar_url, max_video_post_duration_sec, ...info }) => ({
    nickname: creator_nickname,
    username: creator_username,
    avatar_url: creator_avatar_url,
    ...info,
    max_video_post_duration_s: max_video_post_duration_sec,
  }));

export const initSchema = z.object({ publish_id: id, upload_url: text });

const postIds = z
  .union([z.array(id), id.transform((value) => [value])])
  .nullish()
  .transform((value) => value ?? []);

/** https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status; “publicaly” is TikTok's spelling, for now. */
export const statusSchema = z
  .object({
    status: z.string().min(1),
    fail_reason: text,
    publicaly_available_post_id: postIds,
    publicly_available_post_id: postIds,
    uploaded_bytes: count,
    downloaded_bytes: count,
  })
  .transform(({ publicaly_available_post_id, publicly_available_post_id, ...status }) => ({
    ...status,
    post_ids: [...new Set([...publicaly_available_post_id, ...publicly_available_post_id])].filter((postId) => postId !== '0'),
  }));

/** https://developers.tiktok.com/docs/en/tiktok-api-v2-video-object */
const videoSchema = z.object({
  id,
  create_time: countOrZero,
  title: z.string().nullish().transform((value) => value ?? ''),
  video_description: z.string().nullish().transform((value) => value ?? ''),
  share_url: text,
  cover_image_url: text,
  view_count: countOrZero,
  like_count: countOrZero,
  comment_count: countOrZero,
  share_count: countOrZero,
});
export const VIDEO_FIELDS = Object.keys(videoSchema.shape).join(',');

const videos = z.array(videoSchema).nullish().transform((list) => list ?? []);
export const videoPageSchema = z.object({ videos, cursor: count, has_more: z.boolean().default(false) });
export const videoListSchema = z.object({ videos }).transform((page) => page.videos);
