import type { z } from '@hono/zod-openapi';
import { findLivestream, listLivestreams, type LivestreamDraft, type LivestreamRow } from '../../db/livestream.repository.ts';
import type { Db } from '../../db/client.ts';
import { LIVESTREAM_STATUSES } from '../../domain/contracts/livestream.ts';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { parseTikTokInput } from '../../domain/tiktok-input.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldError } from '../errors.ts';
import { connectLivestream, disconnectLivestream } from '../livestream-session.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { connectSchema, livestreamSchema, toLivestreamView } from '../schemas/livestream.ts';
import { idParam } from '../schemas/common.ts';
import { oneOrMore } from '../schemas/query.ts';

const tags = ['Livestreams'];

/** The livestream, or not_found where it is none of the workspace's. */
export async function requireLivestream(db: Db, workspaceId: string, id: string): Promise<LivestreamRow> {
  const livestream = await findLivestream(db, workspaceId, id);
  if (!livestream) throw new AppError('not_found');
  return livestream;
}

const connect = apiRoute({
  method: 'post',
  path: '/api/livestreams/connect',
  access: 'livestreams.control',
  tags,
  summary: 'Connect a LIVE',
  description:
    'Answers at once; the status tells how it goes. A room that the workspace listens to already gives that session (200), unchanged.',
  request: { body: jsonBodyOf(connectSchema) },
  responses: {
    202: jsonAnswer(livestreamSchema, 'The session is connecting.'),
    200: jsonAnswer(livestreamSchema, 'The session that runs for this room already.'),
  },
});

const disconnect = apiRoute({
  method: 'post',
  path: '/api/livestreams/{id}/disconnect',
  access: 'livestreams.control',
  tags,
  summary: 'Disconnect a LIVE',
  description: 'Doing it again changes nothing.',
  request: { params: idParam },
  responses: {
    202: jsonAnswer(livestreamSchema, 'The session has been told to end.'),
    200: jsonAnswer(livestreamSchema, 'The session is over.'),
  },
});

const list = apiRoute({
  method: 'get',
  path: '/api/livestreams',
  access: 'livestreams.view',
  tags,
  summary: 'List livestreams, newest first',
  request: { query: pageQuery.extend({ status: oneOrMore(LIVESTREAM_STATUSES, 'Only these statuses.').optional() }) },
  responses: { 200: jsonAnswer(pageSchema(livestreamSchema), 'One page.') },
});

const get = apiRoute({
  method: 'get',
  path: '/api/livestreams/{id}',
  access: 'livestreams.view',
  tags,
  summary: 'Show a livestream',
  request: { params: idParam },
  responses: { 200: jsonAnswer(livestreamSchema, 'The livestream.') },
});

export function livestreamRoutes(deps: ApiDeps): Router {
  const { db, secrets } = deps;
  return createRouter()
    .openapi(connect, async (c) => {
      const draft = draftOf(c.req.valid('json'), c.get('workspace').id, c.get('userId'), secrets.seal);
      const { kind, livestream } = await connectLivestream(deps, draft);
      return c.json(toLivestreamView(livestream), kind === 'created' ? 202 : 200);
    })
    .openapi(disconnect, async (c) => {
      const found = await requireLivestream(db, c.get('workspace').id, c.req.valid('param').id);
      const { livestream, pending } = await disconnectLivestream(deps, found);
      return c.json(toLivestreamView(livestream), pending ? 202 : 200);
    })
    .openapi(list, async (c) => {
      const { limit, cursor, status } = c.req.valid('query');
      const before = idBefore(cursor);
      const rows = await listLivestreams(db, {
        workspace_id: c.get('workspace').id,
        ...(status && { status }),
        ...(before && { before }),
        limit: limit + 1,
      });
      return c.json(toIdPage(rows, limit, toLivestreamView), 200);
    })
    .openapi(get, async (c) => c.json(toLivestreamView(await requireLivestream(db, c.get('workspace').id, c.req.valid('param').id)), 200));
}

function draftOf(
  body: z.infer<typeof connectSchema>,
  workspaceId: string,
  userId: string,
  seal: (text: string) => string,
): LivestreamDraft {
  const parsed = parseTikTokInput(body.tiktok_input);
  if (!parsed.ok) throw fieldError('tiktok_input', ERRORS[parsed.code].message, parsed.code);
  return {
    workspace_id: workspaceId,
    // Short links in one spelling, so that the same one twice is seen before it is resolved.
    tiktok_input: parsed.input.kind === 'short_link' ? parsed.input.url : body.tiktok_input.trim(),
    parsed: parsed.input,
    wait_for_live: body.wait_for_live,
    session_cookie: body.session_cookie ? seal(body.session_cookie) : null,
    created_by: userId,
  };
}
