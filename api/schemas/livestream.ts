import { z } from '@hono/zod-openapi';
import type { LivestreamRow } from '../../db/livestream.repository.ts';
import { LIVESTREAM_STATUSES } from '../../domain/contracts/livestream.ts';
import { iso, isoOrNull } from './query.ts';

export const connectSchema = z
  .strictObject({
    tiktok_input: z
      .string()
      .openapi({
        example: '@demo_gifts',
        description: '@name, name, a 19-digit room id, or the address of a LIVE on tiktok.com, vm.tiktok.com or vt.tiktok.com.',
      }),
    wait_for_live: z
      .boolean()
      .default(false)
      .openapi({ description: 'true: wait for a LIVE that has not begun; false: end where there is none.' }),
    session_cookie: z
      .string()
      .min(1)
      .max(4_096)
      .regex(/^[\x20-\x7e]+$/, 'must be one line of printable ASCII, as the browser shows it')
      .nullish()
      .openapi({ description: 'For age-restricted rooms. Kept encrypted, forgotten at the end; the sign service sees it.' }),
  })
  .openapi('ConnectLivestream');

const counter = (what: string) => z.int().min(0).openapi({ description: what, example: 0 });

export const livestreamSchema = z
  .object({
    id: z.uuid(),
    tiktok_input: z.string().openapi({ example: '@demo_gifts' }),
    tiktok_username: z.string().nullable().openapi({ example: 'demo_gifts', description: 'Lower case, without the @; null until known.' }),
    room_id: z.string().nullable().openapi({ example: '7412345678901234567' }),
    title: z.string().nullable(),
    status: z.enum(LIVESTREAM_STATUSES).openapi({ example: 'connecting' }),
    status_code: z.string().nullable().openapi({ description: 'A code of docs/errors.md, where the status has a reason.' }),
    status_reason: z.string().nullable().openapi({ description: 'The reason in words.' }),
    wait_for_live: z.boolean(),
    total_comments: counter('Comments.'),
    total_gifts: counter('Gifts; a combo of five is five.'),
    total_likes: counter('Likes, as TikTok states them.'),
    total_joins: counter('Viewers who came in.'),
    total_follows: counter('New followers.'),
    total_shares: counter('Shares.'),
    total_events: counter('Events of all types.'),
    viewer_count: counter('Viewers now.'),
    created_at: z.iso.datetime(),
    connected_at: z.iso.datetime().nullable().openapi({ description: 'When the socket first stood.' }),
    ended_at: z.iso.datetime().nullable(),
    last_event_at: z.iso.datetime().nullable(),
    updated_at: z.iso.datetime(),
  })
  .openapi('Livestream');

export const toLivestreamView = (row: LivestreamRow): z.infer<typeof livestreamSchema> => ({
  id: row.id,
  tiktok_input: row.tiktok_input,
  tiktok_username: row.tiktok_username,
  room_id: row.room_id,
  title: row.title,
  status: row.status,
  status_code: row.status_code,
  status_reason: row.status_reason,
  wait_for_live: row.wait_for_live,
  total_comments: row.total_comments,
  total_gifts: row.total_gifts,
  total_likes: row.total_likes,
  total_joins: row.total_joins,
  total_follows: row.total_follows,
  total_shares: row.total_shares,
  total_events: row.total_events,
  viewer_count: row.viewer_count,
  created_at: iso(row.created_at),
  connected_at: isoOrNull(row.connected_at),
  ended_at: isoOrNull(row.ended_at),
  last_event_at: isoOrNull(row.last_event_at),
  updated_at: iso(row.updated_at),
});
