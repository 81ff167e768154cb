import { z } from '@hono/zod-openapi';
import type { Row } from '../../db/schema.ts';
import type { StreamRow } from '../../db/stream.repository.ts';
import { PUBLISH_KINDS, SESSION_END_REASONS, STREAM_LATENCIES, STREAM_STATUSES, STREAM_VISIBILITIES } from '../../domain/contracts/stream.ts';
import type { ApiConfig } from '../deps.ts';
import { streamUrls, type StreamUrls } from '../stream-urls.ts';
import { EXAMPLE_ID, id, timestamp } from './common.ts';
import { iso, isoOrNull } from './query.ts';

const title = z.string().trim().min(1).max(200).openapi({ example: 'Friday drop' });
const description = z.string().max(5_000).nullable().openapi({ example: 'New colours, live from the studio.' });
const thumbnail = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .max(2_000)
  .nullable()
  .openapi({ example: null, description: 'A picture of yours; else one is taken from the video every minute.' });
const moment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .nullable()
  .openapi({ type: 'string', format: 'date-time', example: '2026-12-01T18:30:00Z', description: 'When it is to begin; for people, nothing happens then by itself.' });
const visibility = z.enum(STREAM_VISIBILITIES).openapi({ description: 'private: members, and holders of a signed play URL.' });
const latency = z.enum(STREAM_LATENCIES).openapi({ description: 'low: HLS with parts. normal: whole segments only, which every player and CDN takes.' });

export const newStream = z
  .strictObject({
    title,
    description: description.default(null),
    thumbnail: thumbnail.default(null),
    scheduled_for: moment.default(null),
    record: z.boolean().default(true),
    latency: latency.default('low'),
    visibility: visibility.default('public'),
  })
  .openapi('NewStream');

/** Absent: unchanged. */
export const streamChange = z
  .strictObject({
    title,
    description,
    thumbnail,
    scheduled_for: moment,
    visibility,
    featured: z.boolean().openapi({ description: 'Set by owners and admins of the workspace.' }),
    status: z.enum(STREAM_STATUSES).openapi({ example: 'ended', description: 'ended: ends it. Everything else becomes so by itself.' }),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: 'names nothing to change' })
  .openapi('StreamChange');
export type StreamChange = z.infer<typeof streamChange>;

const urlsSchema = z
  .object({
    rtmp: z.string().openapi({ example: 'rtmp://127.0.0.1:1935/live', description: 'Append the key: rtmp://…/live/sk_…' }),
    whip: z.string().openapi({ example: 'http://127.0.0.1:8090/whip', description: 'The key is the bearer token.' }),
    whep: z.string().openapi({ example: `http://127.0.0.1:8090/whep/${EXAMPLE_ID}` }),
    hls: z.string().openapi({ example: `http://127.0.0.1:8090/hls/${EXAMPLE_ID}/index.m3u8` }),
    watch: z.string().openapi({ example: `http://127.0.0.1:8080/watch/${EXAMPLE_ID}` }),
    studio: z.string().openapi({ example: `http://127.0.0.1:8080/studio/${EXAMPLE_ID}` }),
  })
  .openapi('StreamUrls');

const viewers = (what: string) => z.int().min(0).openapi({ example: 0, description: what });

/** What everybody who may watch sees. */
const publicShape = {
  id,
  title: z.string(),
  description: z.string().nullable(),
  status: z.enum(STREAM_STATUSES),
  status_reason: z.string().nullable().openapi({ example: null, description: 'Why it is so, in words.' }),
  visibility,
  latency,
  scheduled_for: timestamp.nullable(),
  start_time: timestamp.nullable().openapi({ description: 'When it first went live.' }),
  end_time: timestamp.nullable(),
  viewer_count: viewers('Watching now, counted every few seconds.'),
  thumbnail: z.string().nullable().openapi({ description: 'The creator’s own picture.' }),
  thumbnail_url: z.string().nullable().openapi({ description: 'Where a picture is: the creator’s, or the last one of the video. null: there is none yet.' }),
  vod_id: id.nullable().openapi({ description: 'The video of its recording.' }),
};

export const publicStreamSchema = z.object({ ...publicShape, urls: urlsSchema.pick({ whep: true, hls: true, watch: true }) }).openapi('PublicStream');

export const streamSchema = z
  .object({
    ...publicShape,
    workspace_id: id,
    user_id: id.openapi({ description: 'Who made it, and edits it.' }),
    status_code: z.string().nullable().openapi({ example: null, description: 'A code of docs/errors.md, where the status has one.' }),
    featured: z.boolean(),
    record: z.boolean(),
    peak_viewers: viewers('Most at once.'),
    stream_key_hint: z.string().openapi({ example: 'x7Qa', description: 'Last characters of the present key.' }),
    urls: urlsSchema,
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi('Stream');
export type StreamView = z.infer<typeof streamSchema>;

const keyShape = {
  stream_key: z.string().openapi({ example: 'sk_p1mTqU0p2dT0m0kJ4yQe5l1Yx7Q', description: 'Shown once: only its hash is kept.' }),
  rtmp_with_key: z.string().openapi({ example: 'rtmp://127.0.0.1:1935/live/sk_p1mTqU0p2dT0m0kJ4yQe5l1Yx7Q' }),
};
export const madeStreamSchema = streamSchema.extend(keyShape).openapi('MadeStream');
export const rotatedKeySchema = z.object({ id, stream_key_hint: z.string(), ...keyShape }).openapi('RotatedStreamKey');

export const playUrlSchema = z
  .object({ token: z.string(), expires_at: timestamp, urls: urlsSchema.pick({ whep: true, hls: true, watch: true }) })
  .openapi('StreamPlayUrl');

export const encoderSessionSchema = z
  .object({
    id,
    epoch: z.int().openapi({ example: 3, description: 'Rises with each session of the stream.' }),
    kind: z.enum(PUBLISH_KINDS),
    media_host: z.string(),
    remote_address: z.string().nullable(),
    user_agent: z.string().nullable().openapi({ example: 'OBS-Studio/31.0.0' }),
    started_at: timestamp,
    last_media_at: timestamp,
    ended_at: timestamp.nullable(),
    end_reason: z.enum(SESSION_END_REASONS).nullable().openapi({ example: 'connection_lost', description: 'Why it dropped.' }),
    end_detail: z.string().nullable(),
  })
  .openapi('EncoderSession');

export const viewerSampleSchema = z.object({ at: timestamp, viewers: z.int() }).openapi('ViewerSample');

type Config = Pick<ApiConfig, 'publicUrl' | 'streaming'>;

const toPublicFields = (row: StreamRow, { publicUrl }: Config) => ({
  id: row.id,
  title: row.title,
  description: row.description,
  status: row.status,
  status_reason: row.status_reason,
  visibility: row.visibility,
  latency: row.latency,
  scheduled_for: isoOrNull(row.scheduled_for),
  start_time: isoOrNull(row.start_time),
  end_time: isoOrNull(row.end_time),
  viewer_count: row.viewer_count,
  thumbnail: row.thumbnail,
  thumbnail_url: row.thumbnail !== null || row.thumbnail_taken_at !== null ? `${publicUrl}/streams/${row.id}/thumbnail` : null,
  vod_id: row.vod_id,
});

export function toPublicView(row: StreamRow, config: Config): z.infer<typeof publicStreamSchema> {
  const { whep, hls, watch } = streamUrls(row.id, row.host_url, config);
  return { ...toPublicFields(row, config), urls: { whep, hls, watch } };
}

export const toStreamView = (row: StreamRow, config: Config): StreamView => ({
  ...toPublicFields(row, config),
  workspace_id: row.workspace_id,
  user_id: row.user_id,
  status_code: row.status_code,
  featured: row.featured,
  record: row.record,
  peak_viewers: row.peak_viewers,
  stream_key_hint: row.stream_key_hint,
  urls: streamUrls(row.id, row.host_url, config) satisfies StreamUrls,
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
});

export const toEncoderSession = (row: Row<'stream_sessions'>): z.infer<typeof encoderSessionSchema> => ({
  id: row.id,
  epoch: row.epoch,
  kind: row.kind,
  media_host: row.host_id,
  remote_address: row.remote_address,
  user_agent: row.user_agent,
  started_at: iso(row.started_at),
  last_media_at: iso(row.last_media_at),
  ended_at: isoOrNull(row.ended_at),
  end_reason: row.end_reason,
  end_detail: row.end_detail,
});
