import { z } from '@hono/zod-openapi';
import type { VodRow } from '../../db/vod.repository.ts';
import type { ClipRow } from '../../db/vod-clip.repository.ts';
import type { ReplayedMessage } from '../../db/vod-chat.repository.ts';
import { STREAM_VISIBILITIES } from '../../domain/contracts/stream.ts';
import { CLIP_STATES, PLAYABLE_VODS, VOD_SOURCES, VOD_STATUSES } from '../../domain/contracts/vod.ts';
import { EXAMPLE_ID, EXAMPLE_TIME, id, timestamp } from './common.ts';
import { postMetadata } from './post.ts';
import { iso, isoOrNull } from './query.ts';

export const WATCHERS = 'A public video needs no token; a private one a member’s access token or a play token, in the header or as `?token=`.';
export const watchToken = z.string().max(4_000).optional().openapi({ description: 'Access token or play token, where no header can be sent.' });

const title = z.string().trim().min(1).max(200).openapi({ example: 'Friday live' });
const description = z.string().max(5_000).nullable().openapi({ example: null });
const visibility = z.enum(STREAM_VISIBILITIES).openapi({ description: 'public: whoever has the link may play it. private: members, and holders of a play URL.' });
const recordedFrom = z.iso.datetime({ offset: true }).openapi({ example: EXAMPLE_TIME, description: 'When its first picture was taken, for the chat beside it; absent: the stream’s start.' });

const shared = {
  description: description.optional(),
  stream_id: id.nullable().optional().openapi({ description: 'A stream of this workspace, whose chat is then played beside it.' }),
  visibility: visibility.default('private'),
  recorded_from: recordedFrom.nullable().optional(),
};

/** Fields of the form, and of the tus metadata; all are text. title absent: the file's name. */
export const vodFields = z.strictObject({ title: title.optional(), ...shared }).openapi('VodFields');
export type VodFields = z.infer<typeof vodFields>;

export const vodFetch = z
  .strictObject({
    path_or_url: z.string().min(1).max(2_000).openapi({ example: 'https://media.example.com/recordings/friday.mp4', description: 'http or https; or a path below VOD_IMPORT_DIR.' }),
    title: title.optional(),
    ...shared,
  })
  .openapi('VodFetch');
export type VodFetch = z.infer<typeof vodFetch>;

export const vodChange = z
  .strictObject({ title, description, visibility })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: 'names nothing to change' })
  .openapi('VodChange');

const place = z.int().openapi({ example: 125_000, description: 'Place in the video, milliseconds.' });

export const vodSchema = z
  .object({
    id,
    stream_id: id.nullable(),
    user_id: id.nullable(),
    title,
    description,
    visibility,
    source: z.enum(VOD_SOURCES),
    status: z.enum(VOD_STATUSES).openapi({ description: 'incomplete: it plays, and segments of the recording are known to be missing.' }),
    status_code: z.string().nullable().openapi({ example: null, description: 'A code of docs/errors.md, where the status has a reason.' }),
    status_reason: z.string().nullable().openapi({ example: null }),
    content_type: z.string().nullable().openapi({ example: 'video/mp4' }),
    size_bytes: z.int().nullable().openapi({ example: 73_400_320 }),
    sha256: z.string().nullable().openapi({ example: null }),
    duration_ms: z.int().nullable().openapi({ example: 3_600_000 }),
    width: z.int().nullable().openapi({ example: 1_280 }),
    height: z.int().nullable().openapi({ example: 720 }),
    segments_total: z.int().openapi({ example: 1_800 }),
    segments_lost: z.int().openapi({ example: 0 }),
    gaps: z.array(z.object({ at_ms: place, from: timestamp, to: timestamp, reason: z.string() })).openapi({ description: 'Stretches of time that the video shows nothing of.' }),
    play_url: z.string().nullable().openapi({ example: `/vod/${EXAMPLE_ID}/play`, description: 'null: it can not be played (yet).' }),
    poster_url: z.string().nullable().openapi({ example: `/vod/${EXAMPLE_ID}/poster` }),
    recorded_from: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi('Vod');
export type VodView = z.infer<typeof vodSchema>;

export const toVodView = (row: VodRow): VodView => {
  const plays = PLAYABLE_VODS.includes(row.status);
  return {
    id: row.id,
    stream_id: row.stream_id,
    user_id: row.user_id,
    title: row.title,
    description: row.description,
    visibility: row.visibility,
    source: row.source,
    status: row.status,
    status_code: row.status_code,
    status_reason: row.status_reason,
    content_type: row.content_type,
    size_bytes: row.size_bytes,
    sha256: row.sha256,
    duration_ms: row.duration_ms,
    width: row.width,
    height: row.height,
    segments_total: row.segments_total,
    segments_lost: row.segments_lost,
    gaps: row.gaps,
    play_url: plays ? `/vod/${row.id}/play` : null,
    poster_url: plays && row.poster_key !== null ? `/vod/${row.id}/poster` : null,
    recorded_from: isoOrNull(row.recorded_from),
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
  };
};

export const playUrlSchema = z
  .object({
    url: z.string().openapi({ example: `https://api.example.com/vod/${EXAMPLE_ID}/play?token=eyJ…` }),
    token: z.string().openapi({ example: 'eyJ…', description: 'Also good for its poster and its chat.' }),
    expires_at: timestamp,
  })
  .openapi('VodPlayUrl');

export const replaySchema = z
  .object({
    id,
    at_ms: place,
    user_id: id,
    user_name: z.string().openapi({ example: 'Ada' }),
    message: z.string().openapi({ example: 'Hello!' }),
    reply_to: id.nullable(),
    timestamp,
  })
  .openapi('VodChatMessage');

export const toReplayView = (row: ReplayedMessage, at_ms: number): z.infer<typeof replaySchema> => ({
  id: row.id,
  at_ms,
  user_id: row.user_id,
  user_name: row.user_name,
  message: row.message,
  reply_to: row.reply_to,
  timestamp: iso(row.sent_at),
});

/** The posts as POST /api/posts takes them, and which part of the video they are made of. */
export const vodPublish = z
  .strictObject({
    ...postMetadata.shape,
    clip: z
      .strictObject({ start_ms: z.int().min(0).openapi({ example: 60_000 }), end_ms: z.int().min(1).openapi({ example: 75_000 }) })
      .nullable()
      .default(null)
      .openapi({ description: 'null: the whole video.' }),
    crop: z.enum(['9:16']).nullable().default(null).openapi({ example: '9:16', description: 'null: the whole picture.' }),
    crop_x: z.number().min(0).max(1).default(0.5).openapi({ example: 0.5, description: 'Where the upright part is cut out: 0 left, 0.5 middle, 1 right.' }),
  })
  .openapi('VodPublish');
export type VodPublish = z.infer<typeof vodPublish>;

export const clipSchema = z
  .object({
    id,
    vod_id: id,
    start_ms: z.int().openapi({ example: 60_000 }),
    end_ms: z.int().openapi({ example: 75_000 }),
    crop: z.enum(['9:16']).nullable(),
    state: z.enum(CLIP_STATES).openapi({ description: 'making: it is cut. published: its posts are there, and go their own way.' }),
    state_code: z.string().nullable().openapi({ example: null }),
    state_reason: z.string().nullable().openapi({ example: null }),
    media_id: id.nullable().openapi({ description: 'The clip as a file: GET /api/media/{id}.' }),
    group_id: id.nullable(),
    post_ids: z.array(id).openapi({ description: 'GET /api/posts/{id} tells how far each is.' }),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi('VodClip');

export const toClipView = (row: ClipRow, post_ids: string[]): z.infer<typeof clipSchema> => ({
  id: row.id,
  vod_id: row.vod_id,
  start_ms: row.start_ms,
  end_ms: row.end_ms,
  crop: row.crop_x === null ? null : '9:16',
  state: row.state,
  state_code: row.state_code,
  state_reason: row.state_reason,
  media_id: row.media_id,
  group_id: row.group_id,
  post_ids,
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
});
