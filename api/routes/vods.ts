import { z } from '@hono/zod-openapi';
import { changeVod, deleteVod, listVods, reopenVod } from '../../db/vod.repository.ts';
import { posterKey, vodKey, vodSourceKey } from '../../domain/contracts/vod.ts';
import { vodsTag, vodTag } from '../cache-tags.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { EXAMPLE_ID, idParam } from '../schemas/common.ts';
import { instant } from '../schemas/query.ts';
import { toVodView, vodChange, vodSchema } from '../schemas/vod.ts';
import { noSuchVod, requireVod } from '../vod-access.ts';
import { startIngest } from '../vod-intake.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['VOD'];

const list = apiRoute({
  method: 'get',
  path: '/vod',
  access: 'vods.view',
  tags,
  summary: 'List videos, newest first',
  request: {
    query: pageQuery.extend({
      stream_id: uuid().optional().openapi({ example: EXAMPLE_ID, description: 'Only of this stream.' }),
      from: instant('Recorded (made, where that is not known) then or later.').optional(),
      to: instant('Recorded before.').optional(),
      q: z.string().trim().min(1).max(200).optional().openapi({ example: 'friday', description: 'In title or description.' }),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(vodSchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/vod/{id}',
  access: 'vods.view',
  tags,
  summary: 'Show a video: what is known of it, and what is missing in it',
  request: { params: idParam },
  responses: { 200: jsonAnswer(vodSchema, 'The video.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/vod/{id}',
  access: 'vods.edit',
  tags,
  summary: 'Change a video’s title, description or visibility',
  request: { params: idParam, body: jsonBodyOf(vodChange) },
  responses: { 200: jsonAnswer(vodSchema, 'The video.') },
});

const retry = apiRoute({
  method: 'post',
  path: '/vod/{id}/retry',
  access: 'vods.edit',
  tags,
  summary: 'Have a video made again that failed',
  description: 'Segments of recordings, and files as they came, are kept until then.',
  request: { params: idParam },
  responses: { 202: jsonAnswer(vodSchema, 'It is made anew.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/vod/{id}',
  access: 'vods.edit',
  tags,
  summary: 'Delete a video with its file',
  description: 'What was posted of it stays. A stream’s chat stays with the stream.',
  request: { params: idParam },
  responses: { 204: { description: 'Deleted.' } },
});

/** Recordings of streams, and uploads. */
export function vodRoutes(deps: ApiDeps): Router {
  const { db, cache, media, config } = deps;
  const changed = (workspaceId: string, id: string): Promise<void> => cache.invalidate([vodsTag(workspaceId), vodTag(id)]);

  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query');
      const workspace_id = c.get('workspace').id;
      const key = `vods:${workspace_id}:${JSON.stringify([limit, cursor, filter])}`;
      const page = await cache.through(key, [vodsTag(workspace_id)], config.streaming.cacheTtlS, async () =>
        toIdPage(await listVods(db, { ...filter, workspace_id, before: idBefore(cursor), limit: limit + 1 }), limit, toVodView),
      );
      return c.json(page, 200);
    })
    .openapi(read, async (c) => {
      const { id } = c.req.valid('param');
      const workspaceId = c.get('workspace').id;
      const view = await cache.through(`vod:${workspaceId}:${id}`, [vodTag(id)], config.streaming.cacheTtlS, async () => toVodView(await requireVod(deps, workspaceId, id)));
      return c.json(view, 200);
    })
    .openapi(change, async (c) => {
      const { id } = c.req.valid('param');
      const workspaceId = c.get('workspace').id;
      const row = await changeVod(db, workspaceId, id, c.req.valid('json'));
      if (!row) throw noSuchVod();
      await changed(workspaceId, id);
      return c.json(toVodView(row), 200);
    })
    .openapi(retry, async (c) => {
      const { id } = c.req.valid('param');
      const workspace_id = c.get('workspace').id;
      const { status } = await requireVod(deps, workspace_id, id);
      const row = await reopenVod(db, workspace_id, id);
      if (!row) throw new ApiError('conflict', { detail: `only a video that failed is made again; its status is ${status}` });
      await startIngest(deps, { vod_id: id, workspace_id, source: row.source, stream_id: row.stream_id, request_id: c.get('requestId') }, c.get('log'));
      await changed(workspace_id, id);
      return c.json(toVodView(row), 202);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid('param');
      const workspaceId = c.get('workspace').id;
      await requireVod(deps, workspaceId, id);
      // Files first: a crash in between leaves a row that can be deleted again, and never a file that nobody knows of.
      await Promise.all([vodKey(id), vodSourceKey(id), posterKey(id)].map((key) => media.delete(key)));
      await deleteVod(db, workspaceId, id);
      await changed(workspaceId, id);
      return c.body(null, 204);
    });
}
