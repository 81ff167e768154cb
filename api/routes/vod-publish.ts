import { findClip, insertClip, postsOfClip } from '../../db/vod-clip.repository.ts';
import { isAllowed } from '../../domain/permissions.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, type FieldFault } from '../errors.ts';
import { checkPosts } from '../post-create.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { EXAMPLE_ID, idParam } from '../schemas/common.ts';
import { clipSchema, toClipView, vodPublish, type VodPublish } from '../schemas/vod.ts';
import { requirePlayable, requireVod } from '../vod-access.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['VOD'];
/** Shorter ones TikTok does not take. */
const SHORTEST_CLIP_MS = 1_000;

const publish = apiRoute({
  method: 'post',
  path: '/vod/{id}/publish',
  access: 'vods.edit',
  tags,
  summary: 'Post a video, or a part of it, to TikTok',
  description: 'The posts are checked at once, as POST /api/posts does; the clip is then cut, cropped where wanted, and posted. Needs posts.edit, too.',
  request: { params: idParam, body: jsonBodyOf(vodPublish) },
  responses: { 202: jsonAnswer(clipSchema, 'It is being cut; GET tells of its posts.') },
});

const clip = apiRoute({
  method: 'get',
  path: '/vod/{id}/clips/{clip_id}',
  access: 'vods.view',
  tags,
  summary: 'How far a clip is, and its posts',
  request: { params: idParam.extend({ clip_id: uuid().openapi({ param: { name: 'clip_id', in: 'path' }, example: EXAMPLE_ID }) }) },
  responses: { 200: jsonAnswer(clipSchema, 'The clip.') },
});

/** Videos on their way to TikTok. */
export function vodPublishRoutes(deps: ApiDeps): Router {
  const { db, temporal } = deps;
  return createRouter()
    .openapi(publish, async (c) => {
      const { id: workspace_id, role } = c.get('workspace');
      if (!isAllowed(role, 'posts.edit')) throw new ApiError('forbidden', { detail: `posts.edit is needed; your role is ${role}` });
      const vod = requirePlayable(await requireVod(deps, workspace_id, c.req.valid('param').id));
      const body = c.req.valid('json');
      const { clip: asked, crop, crop_x, ...posts } = body;
      const user_id = c.get('userId');
      const checked = await checkPosts(deps, posts, { workspace_id, user_id }, clipFaults(body, vod.duration_ms ?? 0));
      const request = {
        social_account_ids: [...checked.social_account_ids],
        mode: checked.mode,
        content: checked.content,
        publish_at: checked.publish_at?.toISOString() ?? null,
        time_zone: checked.time_zone,
      };
      const { start_ms, end_ms } = asked ?? { start_ms: 0, end_ms: vod.duration_ms ?? 0 };
      const row = await insertClip(db, { workspace_id, vod_id: vod.id, start_ms, end_ms, crop_x: crop === null ? null : crop_x, created_by: user_id, request });
      await temporal.streaming
        .publishClip({ clip_id: row.id, vod_id: vod.id, workspace_id, request_id: c.get('requestId') })
        .catch((error: unknown) => c.get('log').warn({ err: error, clip_id: row.id }, 'the clip is kept; the sweep has it made'));
      return c.json(toClipView(row, []), 202);
    })
    .openapi(clip, async (c) => {
      const { id, clip_id } = c.req.valid('param');
      const row = await findClip(db, clip_id);
      if (row?.workspace_id !== c.get('workspace').id || row.vod_id !== id) throw new ApiError('not_found', { detail: 'no such clip' });
      return c.json(toClipView(row, await postsOfClip(db, row)), 200);
    });
}

function clipFaults({ clip }: VodPublish, durationMs: number): FieldFault[] {
  if (clip === null) return [];
  if (clip.end_ms > durationMs) return [{ field: 'clip.end_ms', message: `must be at most ${durationMs}, which is how long the video is` }];
  if (clip.end_ms - clip.start_ms < SHORTEST_CLIP_MS) return [{ field: 'clip.end_ms', message: `must be at least ${SHORTEST_CLIP_MS} behind start_ms` }];
  return [];
}
