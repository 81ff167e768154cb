import { z } from '@hono/zod-openapi';
import type { PostRow } from '../../db/post.repository.ts';
import {
  POST_KINDS,
  POST_MODES,
  POST_SOURCES,
  POST_STATES,
  PRIVACY_LEVELS,
  TIMELINE_KINDS,
  type PostContent,
  type TimelineKind,
} from '../../domain/contracts/post.ts';
import { EXAMPLE_TIME, id, timestamp } from './common.ts';
import { mediaSchema, toMediaView } from './media.ts';
import { iso, isoOrNull } from './query.ts';

const privacyLevel = z.enum(PRIVACY_LEVELS).nullable();

/** What TikTok is told of a post; the names of PostContent, which it is stored as. */
const contentShape = {
  caption: z.string().max(2_200).openapi({ example: 'New drop on Friday #launch @friend', description: 'Video: at most 2,200 UTF-16 units. Photo: the title, at most 90.' }),
  description: z.string().max(4_000).openapi({ example: '', description: 'Photo only: at most 4,000 UTF-16 units.' }),
  privacy_level: privacyLevel.openapi({ example: 'SELF_ONLY', description: 'Needed for mode direct; one of those that creator-info offers.' }),
  disable_comment: z.boolean().openapi({ example: false }),
  disable_duet: z.boolean().openapi({ example: false }),
  disable_stitch: z.boolean().openapi({ example: false }),
  cover_timestamp_ms: z.int().min(0).max(2_147_483_647).nullable().openapi({ example: 1_500, description: 'Video: which frame is the cover, milliseconds.' }),
  photo_cover_index: z.int().min(0).max(34).openapi({ example: 0, description: 'Photo: which picture is the cover, from 0.' }),
  auto_add_music: z.boolean().openapi({ example: false, description: 'Photo only.' }),
  brand_content: z.boolean().openapi({ example: false, description: 'Paid partnership.' }),
  brand_organic: z.boolean().openapi({ example: false, description: 'The creator’s own business.' }),
  is_aigc: z.boolean().openapi({ example: false, description: 'Labels the post as made by AI.' }),
};

const time = z.string().max(40).openapi({
  example: '2026-12-01T18:30:00',
  description: 'With an offset or Z: that moment. Without: local time in `time_zone`. In the future, at most 90 days.',
});
const timeZone = z.string().max(64).openapi({ example: 'Europe/Berlin', description: 'IANA name.' });

const newPostShape = {
  social_account_ids: z.array(id).min(1).max(20).openapi({ description: 'One post for each of them.' }),
  mode: z.enum(POST_MODES).default('direct').openapi({ description: 'direct: posts. inbox: a draft that its owner finishes in the TikTok app.' }),
  caption: contentShape.caption.default(''),
  description: contentShape.description.default(''),
  privacy_level: contentShape.privacy_level.default(null),
  disable_comment: contentShape.disable_comment.default(false),
  disable_duet: contentShape.disable_duet.default(false),
  disable_stitch: contentShape.disable_stitch.default(false),
  cover_timestamp_ms: contentShape.cover_timestamp_ms.default(null),
  photo_cover_index: contentShape.photo_cover_index.default(0),
  auto_add_music: contentShape.auto_add_music.default(false),
  brand_content: contentShape.brand_content.default(false),
  brand_organic: contentShape.brand_organic.default(false),
  is_aigc: contentShape.is_aigc.default(false),
  publish_at: time.nullable().default(null),
  time_zone: timeZone.nullable().default(null),
};

/** Part `metadata` of a multipart request; the file is the part `file` behind it. */
export const postMetadata = z.strictObject(newPostShape).openapi('NewPostMetadata');
export type PostMetadata = z.infer<typeof postMetadata>;

const webUrl = z.url({ protocol: /^https$/, hostname: z.regexes.domain, error: 'must be an https URL whose host is a name' }).max(2_000);

/** The whole of a JSON request: the same, and where the pictures come from. Exactly one of the last three. */
export const newPost = z
  .strictObject({
    ...newPostShape,
    media_id: id.nullable().default(null).openapi({ description: 'A file that was uploaded before.' }),
    video_url: webUrl.nullable().default(null).openapi({ example: null, description: 'TikTok fetches the video itself; its host must be verified for the TikTok app.' }),
    photo_urls: z.array(webUrl).min(1).max(35).nullable().default(null).openapi({ description: 'TikTok fetches the pictures itself.' }),
  })
  .refine((body) => [body.media_id, body.video_url, body.photo_urls].filter((source) => source !== null).length === 1, {
    error: 'give exactly one of media_id, video_url and photo_urls, or send the file as multipart/form-data',
    path: ['media_id'],
  })
  .openapi('NewPost');
export type NewPost = z.infer<typeof newPost>;

/** Absent: unchanged. publish_at null: as soon as possible. */
export const postChange = z
  .strictObject({ ...contentShape, publish_at: time.nullable(), time_zone: timeZone.nullable() })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: 'names nothing to change' })
  .openapi('PostChange');
export type PostChange = z.infer<typeof postChange>;

export const postRetry = z
  .strictObject({
    confirm_not_published: z
      .boolean()
      .default(false)
      .openapi({ example: true, description: 'Needed where TikTok never said what became of the post: you looked, and it is not there.' }),
  })
  .openapi('PostRetry');

export const progressSchema = z
  .object({
    bytes_uploaded: z.int().openapi({ example: 41_943_040 }),
    bytes_total: z.int().nullable().openapi({ example: 73_400_320, description: 'null: TikTok fetches the bytes itself.' }),
    percent: z.int().min(0).max(100).nullable().openapi({ example: 57 }),
  })
  .openapi('PostProgress');

export const postSchema = z
  .object({
    id,
    group_id: id.openapi({ description: 'Posts of one request have the same.' }),
    social_account: z.object({
      id,
      username: z.string().nullable().openapi({ example: 'showrunner_demo' }),
      display_name: z.string().nullable().openapi({ example: 'Showrunner Demo' }),
      avatar_url: z.string().nullable().openapi({ example: null }),
    }),
    kind: z.enum(POST_KINDS),
    mode: z.enum(POST_MODES),
    source: z.enum(POST_SOURCES).openapi({ description: 'file: we upload. url: TikTok fetches.' }),
    media: mediaSchema.nullable(),
    video_url: z.string().nullable(),
    photo_urls: z.array(z.string()).nullable(),
    ...contentShape,
    publish_at: timestamp.nullable().openapi({ description: 'null: as soon as possible.' }),
    time_zone: z.string().nullable().openapi({ example: 'Europe/Berlin' }),
    state: z.enum(POST_STATES),
    state_code: z.string().nullable().openapi({ example: null, description: 'A code of docs/errors.md, where the state has a reason.' }),
    state_reason: z.string().nullable().openapi({ example: null, description: 'The reason in words, TikTok’s own among them.' }),
    progress: progressSchema,
    run: z.int().openapi({ example: 1, description: 'How often a person had it tried.' }),
    publish_id: z.string().nullable().openapi({ example: 'v_pub_file~v2-1.7400000000000000001', description: 'TikTok’s id of the attempt.' }),
    tiktok_post_ids: z.array(z.string()).openapi({ example: ['7412345678901234567'], description: 'Public posts; text, for they exceed what JSON numbers carry.' }),
    permalink: z.string().nullable().openapi({ example: 'https://www.tiktok.com/@showrunner_demo/video/7412345678901234567' }),
    created_at: timestamp,
    updated_at: timestamp,
    started_at: timestamp.nullable(),
    published_at: timestamp.nullable(),
  })
  .openapi('Post');
export type PostView = z.infer<typeof postSchema>;

export const timelineEntrySchema = z
  .object({
    id: z.int().openapi({ example: 4_711, description: 'Grows; the place in the stream of events.' }),
    run: z.int().openapi({ example: 1 }),
    at: z.string().openapi({ format: 'date-time', example: EXAMPLE_TIME }),
    kind: z.enum(TIMELINE_KINDS),
    detail: z.string().nullable().openapi({ example: 'chunk 3 of 7' }),
  })
  .openapi('PostTimelineEntry');

export const postDetailSchema = postSchema
  .extend({ timeline: z.array(timelineEntrySchema).openapi({ description: 'What happened, oldest first; the last 1,000.' }) })
  .openapi('PostDetail');

/** Answer of POST /api/posts. */
export const createdPosts = z.object({ group_id: id, items: z.array(postSchema) }).openapi('CreatedPosts');

export const toPostView = (row: PostRow): PostView => ({
  id: row.id,
  group_id: row.group_id,
  social_account: {
    id: row.social_account_id,
    username: row.account_username,
    display_name: row.account_display_name,
    avatar_url: row.account_avatar_url,
  },
  kind: row.kind,
  mode: row.mode,
  source: row.source,
  media: mediaOf(row),
  video_url: row.video_url,
  photo_urls: row.photo_urls,
  ...row.content,
  publish_at: isoOrNull(row.publish_at),
  time_zone: row.time_zone,
  state: row.state,
  state_code: row.state_code,
  state_reason: row.state_reason,
  progress: toProgress(row),
  run: row.run,
  publish_id: row.publish_id,
  tiktok_post_ids: row.tiktok_post_ids,
  permalink: row.permalink,
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
  started_at: isoOrNull(row.started_at),
  published_at: isoOrNull(row.published_at),
});

export const toTimelineEntry = (row: { id: number; run: number; at: Date; kind: TimelineKind; detail: string | null }): z.infer<typeof timelineEntrySchema> => ({
  id: row.id,
  run: row.run,
  at: iso(row.at),
  kind: row.kind,
  detail: row.detail,
});

export function toProgress({ bytes_uploaded, bytes_total }: Pick<PostRow, 'bytes_uploaded' | 'bytes_total'>): z.infer<typeof progressSchema> {
  const percent = bytes_total === null || bytes_total === 0 ? null : Math.min(100, Math.floor((bytes_uploaded / bytes_total) * 100));
  return { bytes_uploaded, bytes_total, percent };
}

const CONTENT_FIELDS = Object.keys(contentShape) as (keyof PostContent)[];

/** The fields of PostContent among those of a request. */
export const contentOf = <T extends Partial<PostContent>>(body: T): Pick<T, keyof PostContent & keyof T> =>
  Object.fromEntries(CONTENT_FIELDS.filter((field) => body[field] !== undefined).map((field) => [field, body[field]])) as Pick<T, keyof PostContent & keyof T>;

function mediaOf(row: PostRow): PostView['media'] {
  const { media_id, media_file_name, media_content_type, media_size_bytes, media_sha256, media_probe, media_created_at } = row;
  if (media_id === null || media_file_name === null || media_content_type === null || media_size_bytes === null || media_sha256 === null || media_created_at === null)
    return null;
  return toMediaView({
    id: media_id,
    file_name: media_file_name,
    content_type: media_content_type,
    size_bytes: media_size_bytes,
    sha256: media_sha256,
    probe: media_probe,
    created_at: media_created_at,
  });
}
