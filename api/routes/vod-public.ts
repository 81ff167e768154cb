import { z } from '@hono/zod-openapi';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { toVodView, vodSchema } from '../schemas/vod.ts';
import { watchableVod } from '../vod-access.ts';

/** What a viewer's page shows; the rest is the workspace's. */
const publicVodSchema = vodSchema
  .pick({ id: true, stream_id: true, title: true, description: true, visibility: true, status: true, status_reason: true, duration_ms: true, width: true, height: true, gaps: true, play_url: true, poster_url: true, recorded_from: true })
  .openapi('PublicVod');

const show = apiRoute({
  method: 'get',
  path: '/vod/{id}/public',
  access: 'public',
  tags: ['VOD'],
  summary: 'Show a video to whoever may watch it',
  description: 'For public videos no token is needed; for private ones a play token or a member’s access token, in the header or as `?token=`.',
  request: { params: idParam, query: z.object({ token: z.string().max(4_000).optional().openapi({ description: 'A play token, or an access token, where no header can be sent.' }) }) },
  responses: { 200: jsonAnswer(publicVodSchema, 'The video.') },
});

/** What viewers see of videos, signed in or not. */
export const vodPublicRoutes = (deps: ApiDeps): Router =>
  createRouter().openapi(show, async (c) => c.json(publicVodSchema.parse(toVodView(await watchableVod(c, deps, c.req.valid('param').id))), 200));
