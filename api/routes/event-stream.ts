import { z } from '@hono/zod-openapi';
import { feedBounds, type FeedCursor } from '../../db/feed.repository.ts';
import type { Db } from '../../db/client.ts';
import { findMembership } from '../../db/membership.repository.ts';
import { RULE_EVENT_TYPES } from '../../domain/contracts/rule.ts';
import { isAllowed } from '../../domain/permissions.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { maySee } from '../event-access.ts';
import { fieldError } from '../errors.ts';
import { createEventStream, STREAM_TYPES_EXTRA } from '../event-stream.ts';
import { apiRoute } from '../route.ts';
import { requireLivestream } from './livestreams.ts';
import { oneOrMore } from '../schemas/query.ts';
import { uuid } from '../schemas/uuid.ts';

/** Proxies close what is silent for a minute or less. */
const HEARTBEAT_MS = 15_000;

const stream = apiRoute({
  method: 'get',
  path: '/api/events/stream',
  access: 'livestreams.view',
  credentialsInQuery: true,
  tags: ['Events'],
  summary: 'Follow the workspace’s events as they happen',
  description:
    'Server-sent events. `event` is the type (comment, gift, …, order, inventory, notification), `data` a LiveEvent, an event of a shop (orders and stock, where the role may see them) or a notification as JSON, `id` the place: sent back as ' +
    'Last-Event-ID (browsers do so by themselves) or last_event_id, the stream goes on right behind it, nothing lost and nothing twice, from any API process. ' +
    'Without it, it begins with what happens next. A place that is kept no longer gives an event `reset` first.',
  request: {
    headers: z.object({ 'last-event-id': z.string().optional().openapi({ example: '812-40321' }) }),
    query: z.object({
      token: z.string().optional().openapi({ description: 'The access token, where headers can’t be set.' }),
      workspace_id: z.string().optional().openapi({ description: 'As X-Workspace-Id.' }),
      livestream_id: uuid().optional().openapi({ description: 'Only this livestream.' }),
      types: oneOrMore([...RULE_EVENT_TYPES, STREAM_TYPES_EXTRA], 'Only these types.').optional(),
      last_event_id: z.string().optional().openapi({ description: 'As Last-Event-ID; the header wins.' }),
    }),
  },
  responses: {
    200: {
      description: 'The stream; it does not end by itself.',
      content: {
        'text/event-stream': {
          schema: z.string().openapi({ example: 'id: 812-40321\nevent: gift\ndata: {"type":"gift","gift_name":"Rose"}\n\n' }),
        },
      },
    },
  },
});

export function eventStreamRoutes({ db, feed, shutdown, config }: ApiDeps, { heartbeatMs = HEARTBEAT_MS } = {}): Router {
  return createRouter().openapi(stream, async (c) => {
    const { livestream_id, types, last_event_id } = c.req.valid('query');
    const { id: workspaceId, role } = c.get('workspace');
    const userId = c.get('userId');
    if (livestream_id !== undefined) await requireLivestream(db, workspaceId, livestream_id);
    const { start, lost } = await startOf(db, workspaceId, c.req.valid('header')['last-event-id'] ?? last_event_id);
    const log = c.get('log');
    const endsAt = Date.now() + config.jwtTtlS * 1_000;
    const body = createEventStream({
      follower: feed.follow(workspaceId),
      start,
      startLost: lost,
      filter: { livestream_id, types: types && new Set(types), hidden: new Set(RULE_EVENT_TYPES.filter((type) => !maySee(c.get('workspace'), { type }))) },
      heartbeatMs,
      stillAllowed: async () => {
        // The token was issued before the stream began: by then it has expired for certain.
        if (Date.now() >= endsAt) return false;
        const membership = await findMembership(db, workspaceId, userId);
        // With another role other events are to be seen: the client comes back for those.
        return membership !== undefined && membership.role === role && isAllowed(role, 'livestreams.view');
      },
      signals: [shutdown, c.req.raw.signal],
      onError: (error) => log.warn({ err: error }, 'the feed could not be read; the stream waits'),
    });
    return c.body(body, 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      // nginx would gather events before it passes them on.
      'X-Accel-Buffering': 'no',
    });
  });
}

const PLACE = /^(\d{1,15})(?:-(\d{1,15}))?$/;

async function startOf(db: Db, workspaceId: string, lastEventId: string | undefined): Promise<{ start: FeedCursor; lost: boolean }> {
  const { oldest, head } = await feedBounds(db, workspaceId);
  const newest: FeedCursor = { seq: head, position: null };
  if (lastEventId === undefined || lastEventId === '') return { start: newest, lost: false };
  const place = PLACE.exec(lastEventId);
  if (!place) throw fieldError('Last-Event-ID', 'must be an id that this stream gave');
  const start: FeedCursor = { seq: Number(place[1]), position: place[2] === undefined ? null : Number(place[2]) };
  // Beyond the head: of another database. Behind the head with nothing left to read: all of it has expired.
  const lost = start.seq > head || (start.seq < head && oldest === null);
  return { start: lost ? newest : start, lost };
}
