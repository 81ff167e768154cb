import { z } from '@hono/zod-openapi';
import { findMembership } from '../../db/membership.repository.ts';
import { findPost, lateInTimeline, timelineAfter } from '../../db/post.repository.ts';
import { FINAL_POST_STATES } from '../../domain/contracts/post.ts';
import { isAllowed } from '../../domain/permissions.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldError } from '../errors.ts';
import { requirePost } from '../post-change.ts';
import { createPostStream } from '../post-stream.ts';
import { apiRoute } from '../route.ts';
import { idParam } from '../schemas/common.ts';

/** Proxies close what is silent for a minute or less. */
const HEARTBEAT_MS = 15_000;
const POLL_MS = 2_000;
const PAGE = 200;

const events = apiRoute({
  method: 'get',
  path: '/api/posts/{id}/events',
  access: 'posts.view',
  credentialsInQuery: true,
  tags: ['Posts'],
  summary: 'Follow a post until its end',
  description:
    'Server-sent events. `timeline`: what happened, under its id; sent back as Last-Event-ID (browsers do so by themselves) or last_event_id, the stream ' +
    'goes on behind it. `progress`: state, bytes and percent, whenever they change. `end`: the last of it; the stream ends, and the client should close. ' +
    'One that comes back after the end gets 204, which stops a browser’s EventSource.',
  request: {
    params: idParam,
    headers: z.object({ 'last-event-id': z.string().optional().openapi({ example: '4711' }) }),
    query: z.object({
      token: z.string().optional().openapi({ description: 'The access token, where headers can’t be set.' }),
      workspace_id: z.string().optional().openapi({ description: 'As X-Workspace-Id.' }),
      last_event_id: z.string().optional().openapi({ description: 'As Last-Event-ID; the header wins.' }),
    }),
  },
  responses: {
    200: {
      description: 'The stream.',
      content: {
        'text/event-stream': {
          schema: z.string().openapi({ example: 'id: 4711\nevent: progress\ndata: {"state":"uploading","bytes_uploaded":41943040,"bytes_total":73400320,"percent":57}\n\n' }),
        },
      },
    },
    204: { description: 'The post has ended, and the client knows all of it.' },
  },
});

export function postEventRoutes({ db, posts, shutdown, config }: ApiDeps, { heartbeatMs = HEARTBEAT_MS, pollMs = POLL_MS } = {}): Router {
  return createRouter().openapi(events, async (c) => {
    const { id: workspaceId } = c.get('workspace');
    const userId = c.get('userId');
    const post = await requirePost({ db }, workspaceId, c.req.valid('param').id);
    const given = c.req.valid('header')['last-event-id'] ?? c.req.valid('query').last_event_id;
    const after = placeOf(given);
    if (given !== undefined && FINAL_POST_STATES.includes(post.state) && (await timelineAfter(db, post.id, after, 1)).length === 0) return c.body(null, 204);
    const log = c.get('log');
    const endsAt = Date.now() + config.jwtTtlS * 1_000;
    const body = createPostStream({
      follower: posts.follow(post.id),
      after,
      readPost: () => findPost(db, workspaceId, post.id),
      readTimeline: async (cursor, start) => [
        ...(await lateInTimeline(db, post.id, start, cursor, PAGE)),
        ...(await timelineAfter(db, post.id, cursor, PAGE)),
      ],
      heartbeatMs,
      pollMs,
      stillAllowed: async () => {
        // The token was issued before the stream began: by then it has expired for certain.
        if (Date.now() >= endsAt) return false;
        const membership = await findMembership(db, workspaceId, userId);
        return membership !== undefined && isAllowed(membership.role, 'posts.view');
      },
      signals: [shutdown, c.req.raw.signal],
      onError: (error) => log.warn({ err: error }, 'a post could not be read; the stream waits'),
    });
    return c.body(body, 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      // nginx would gather events before it passes them on.
      'X-Accel-Buffering': 'no',
    });
  });
}

function placeOf(given: string | undefined): number {
  if (given === undefined || given === '') return 0;
  if (!/^\d{1,15}$/.test(given)) throw fieldError('Last-Event-ID', 'is not an id that this stream gave');
  return Number(given);
}
