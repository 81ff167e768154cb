import { z } from '@hono/zod-openapi';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { thumbnailKey } from '../../domain/contracts/recording.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { requireWatcher } from '../play-token.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { publicStreamSchema } from '../schemas/stream.ts';
import { readPublicStream } from '../stream-read.ts';

const tags = ['Streams'];
const token = z.object({ token: z.string().max(2_000).optional().openapi({ description: 'A play token, or an access token: for private streams, where no header can be sent.' }) });
/** A picture a minute is taken; a page that is open sees the next one soon. */
const PICTURE_AGE_S = 30;

const show = apiRoute({
  method: 'get',
  path: '/streams/{id}/public',
  access: 'public',
  tags,
  summary: 'Show a stream to whoever may watch it',
  description: 'For public streams no token is needed; for private ones a play token in the query, or a member’s access token.',
  request: { params: idParam, query: token },
  responses: { 200: jsonAnswer(publicStreamSchema, 'The stream.') },
});

const thumbnail = apiRoute({
  method: 'get',
  path: '/streams/{id}/thumbnail',
  access: 'public',
  tags,
  summary: 'A picture of a stream',
  description: 'Leads to the creator’s own where there is one; else the last one that was taken from the video.',
  request: { params: idParam, query: token },
  responses: { 200: { description: 'The picture.', content: { 'image/jpeg': { schema: { type: 'string' as const, format: 'binary', example: 'the bytes of a JPEG' } } } }, 302: { description: 'The creator’s own is there.' } },
});

/** What viewers see of streams, signed in or not. */
export function streamWatchingRoutes(deps: ApiDeps): Router {
  const { media } = deps;
  async function watched(c: Context<AppEnv>, id: string) {
    const { workspace_id, face } = await readPublicStream(deps, id);
    await requireWatcher(c, { id, workspace_id, permission: 'streams.view', visibility: face.visibility });
    return face;
  }

  return createRouter()
    .openapi(show, async (c) => c.json(await watched(c, c.req.valid('param').id), 200))
    .openapi(thumbnail, async (c) => {
      const stream = await watched(c, c.req.valid('param').id);
      const scope = stream.visibility === 'public' ? 'public' : 'private';
      c.header('Cache-Control', `${scope}, max-age=${PICTURE_AGE_S}`);
      if (stream.thumbnail !== null) return c.redirect(stream.thumbnail, 302);
      const stored = await media.stat(thumbnailKey(stream.id));
      if (!stored) throw new ApiError('not_found', { detail: 'no picture has been taken yet' });
      const picture = await media.read(thumbnailKey(stream.id), 0, stored.size_bytes - 1);
      return c.body(Readable.toWeb(picture) as ReadableStream, 200, { 'Content-Type': 'image/jpeg', 'Content-Length': String(stored.size_bytes), 'Cross-Origin-Resource-Policy': 'cross-origin' });
    });
}
