import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { signToken } from '../../db/signed-token.ts';
import { replayMessages } from '../../db/vod-chat.repository.ts';
import { rangeOf } from '../../domain/streaming/byte-range.ts';
import { momentOf, placeOf } from '../../domain/streaming/vod-timeline.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { decodeCursor, pageQuery, pageSchema, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { yesOrNo } from '../schemas/query.ts';
import { playUrlSchema, replaySchema, toReplayView, WATCHERS, watchToken } from '../schemas/vod.ts';
import { requirePlayable, requireVod, watchableVod } from '../vod-access.ts';

const tags = ['VOD'];
const token = watchToken;
const bytes = (type: string) => ({ [type]: { schema: { type: 'string' as const, example: '(bytes)' } } });

const play = apiRoute({
  method: 'get',
  path: '/vod/{id}/play',
  access: 'public',
  tags,
  summary: 'Play a video, by ranges',
  description: `Range, If-Range, If-None-Match and HEAD as players and CDNs use them. ${WATCHERS}`,
  request: { params: idParam, query: z.object({ token, redirect: yesOrNo('true: 302 to a signed URL of the object storage, where videos lie in one.').optional() }) },
  responses: {
    200: { description: 'All of it.', content: bytes('video/mp4') },
    206: { description: 'The range.' },
    302: { description: 'Where it lies.' },
    304: { description: 'As it was.' },
    416: { description: 'There is no such range; Content-Range says how long it is.' },
  },
});

const playUrl = apiRoute({
  method: 'post',
  path: '/vod/{id}/play-url',
  access: 'vods.view',
  tags,
  summary: 'Make a link that plays a video for a while, to whoever has it',
  request: { params: idParam },
  responses: { 200: jsonAnswer(playUrlSchema, 'The link.') },
});

const poster = apiRoute({
  method: 'get',
  path: '/vod/{id}/poster',
  access: 'public',
  tags,
  summary: 'A picture of the video',
  description: WATCHERS,
  request: { params: idParam, query: z.object({ token }) },
  responses: { 200: { description: 'JPEG.', content: bytes('image/jpeg') } },
});

const chat = apiRoute({
  method: 'get',
  path: '/vod/{id}/chat',
  access: 'public',
  tags,
  summary: 'The stream’s chat, in step with the video',
  description: `at_ms says when in the video each message is shown: what was said in a gap is shown at the gap. Deleted messages are left out. ${WATCHERS}`,
  request: {
    params: idParam,
    query: pageQuery.extend({
      token,
      from_ms: z.coerce.number().int().min(0).default(0).openapi({ example: 0, description: 'Place in the video from which on.' }),
      to_ms: z.coerce.number().int().min(1).optional().openapi({ example: 60_000, description: 'Place in the video before which.' }),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(replaySchema), 'One page, in order.') },
});

const MAX_AGE_S = 3_600;
const chatCursor = z.tuple([z.int()]);

/** What viewers of videos use. */
export function vodPlayRoutes(deps: ApiDeps): Router {
  const { db, config, media } = deps;
  const caching = (visibility: string): string => `${visibility === 'public' ? 'public' : 'private'}, max-age=${MAX_AGE_S}`;

  return createRouter()
    .openapi(play, async (c) => {
      const vod = requirePlayable(await watchableVod(c, deps, c.req.valid('param').id));
      const stored = await media.stat(vod.storage_key);
      if (!stored) throw new ApiError('media_missing');
      if (c.req.valid('query').redirect && media.presign) return c.redirect(await media.presign(vod.storage_key, config.streaming.playUrlTtlS), 302);
      const etag = `"${vod.sha256 ?? stored.version}"`;
      const headers = { ETag: etag, 'Accept-Ranges': 'bytes', 'Cache-Control': caching(vod.visibility), 'Last-Modified': vod.created_at.toUTCString() };
      if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
      const range = isStill(c.req.header('if-range'), etag) ? rangeOf(c.req.header('range'), stored.size_bytes) : null;
      if (range === 'unsatisfiable') return c.body(null, 416, { ...headers, 'Content-Range': `bytes */${stored.size_bytes}` });
      const { first, last } = range ?? { first: 0, last: stored.size_bytes - 1 };
      const facts = { ...headers, 'Content-Type': vod.content_type ?? 'video/mp4', 'Content-Length': String(last - first + 1) };
      const whole = range === null ? facts : { ...facts, 'Content-Range': `bytes ${first}-${last}/${stored.size_bytes}` };
      return sendFile(c, vod.storage_key, first, last, range === null ? 200 : 206, whole) as never;
    })
    .openapi(playUrl, async (c) => {
      const vod = requirePlayable(await requireVod(deps, c.get('workspace').id, c.req.valid('param').id));
      const { playUrlTtlS } = config.streaming;
      const nowS = Math.floor(Date.now() / 1_000);
      const signed = await signToken('play', vod.id, config.jwtSecret, playUrlTtlS, nowS);
      return c.json({ url: `${config.publicUrl}/vod/${vod.id}/play?token=${signed}`, token: signed, expires_at: new Date((nowS + playUrlTtlS) * 1_000).toISOString() }, 200);
    })
    .openapi(poster, async (c) => {
      const vod = await watchableVod(c, deps, c.req.valid('param').id);
      const stored = vod.poster_key === null ? null : await media.stat(vod.poster_key);
      if (vod.poster_key === null || !stored) throw new ApiError('not_found', { detail: 'the video has no picture' });
      return sendFile(c, vod.poster_key, 0, stored.size_bytes - 1, 200, { 'Content-Type': 'image/jpeg', 'Content-Length': String(stored.size_bytes), 'Cache-Control': caching(vod.visibility) }) as never;
    })
    .openapi(chat, async (c) => {
      const { from_ms, to_ms, limit, cursor } = c.req.valid('query');
      const { stream_id, stretches } = await watchableVod(c, deps, c.req.valid('param').id);
      const first = momentOf(stretches, from_ms);
      const end = momentOf(stretches, to_ms ?? Infinity);
      if (stream_id === null || stretches.length === 0 || first === 'none') return c.json({ items: [], next_cursor: null }, 200);
      const after = cursor === undefined ? null : decodeCursor(cursor, chatCursor)[0];
      const rows = await replayMessages(db, { stream_id, from_ms: first === 'all' ? null : first, to_ms: typeof end === 'number' ? end : null, after, limit: limit + 1 });
      return c.json(toPage(rows, limit, (row) => toReplayView(row, Math.round(placeOf(stretches, row.sent_at.getTime()))), (row) => [row.position]), 200);
    });

  async function sendFile(c: Context<AppEnv>, key: string, first: number, last: number, status: 200 | 206, headers: Record<string, string>): Promise<Response> {
    if (c.req.raw.method === 'HEAD') return c.body(null, status, headers);
    return c.body(Readable.toWeb(await media.read(key, first, last)) as ReadableStream as globalThis.ReadableStream, status, headers);
  }
}

/** If-Range: the range counts only where the file is still the one that the player has. Dates are never exact enough. */
const isStill = (ifRange: string | undefined, etag: string): boolean => ifRange === undefined || ifRange.trim() === etag;
