import { z } from 'zod';

const PRIVACY_LEVELS = ['PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'FOLLOWER_OF_CREATOR', 'SELF_ONLY'];
const MAX_PHOTOS = 35;

const int64 = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const flag = z.boolean().nullish();
/** TikTok counts UTF-16 units; zod's max() would count code points. */
const caption = (units: number) =>
  z
    .string()
    .refine((text) => text.length <= units, `must have at most ${units} UTF-16 units`)
    .nullish();
/** A value that is none of the four gets the same error as one that is not offered: checked by the rules. */
const privacy = z.string().nullish();
export const isPrivacyLevel = (value: string): boolean => PRIVACY_LEVELS.includes(value);

const videoSource = z.discriminatedUnion('source', [
  z.object({ source: z.literal('FILE_UPLOAD'), video_size: int64, chunk_size: int64, total_chunk_count: int64 }),
  z.object({ source: z.literal('PULL_FROM_URL'), video_url: z.string().min(1).max(2_048) }),
]);
export type VideoSource = z.infer<typeof videoSource>;

/** https://developers.tiktok.com/docs/en/content-posting-api-reference-direct-post; both brand toggles may be missing, as in its samples. */
export const directVideoSchema = z.object({
  post_info: z.object({
    privacy_level: privacy,
    title: caption(2_200),
    disable_duet: flag,
    disable_stitch: flag,
    disable_comment: flag,
    video_cover_timestamp_ms: z.number().int().nullish(),
    brand_content_toggle: flag,
    brand_organic_toggle: flag,
    is_aigc: flag,
  }),
  source_info: videoSource,
});

/** https://developers.tiktok.com/doc/content-posting-api-reference-upload-video; a post_info is ignored. */
export const inboxVideoSchema = z.object({ source_info: videoSource });

/** https://developers.tiktok.com/docs/en/content-posting-api-reference-photo-post */
export const photoSchema = z.object({
  media_type: z.literal('PHOTO'),
  post_mode: z.enum(['DIRECT_POST', 'MEDIA_UPLOAD']),
  is_aigc: flag,
  post_info: z
    .object({
      title: caption(90),
      description: caption(4_000),
      privacy_level: privacy,
      disable_comment: flag,
      auto_add_music: flag,
      brand_content_toggle: flag,
      brand_organic_toggle: flag,
    })
    .nullish(),
  source_info: z
    .object({
      source: z.literal('PULL_FROM_URL'),
      photo_images: z.array(z.string().min(1).max(2_048)).min(1).max(MAX_PHOTOS),
      photo_cover_index: z.number().int().min(0),
    })
    .refine(({ photo_images, photo_cover_index }) => photo_cover_index < photo_images.length, {
      path: ['photo_cover_index'],
      message: 'must name one of the photos',
    }),
});
export type PhotoRequest = z.infer<typeof photoSchema>;
export type DirectVideoRequest = z.infer<typeof directVideoSchema>;
