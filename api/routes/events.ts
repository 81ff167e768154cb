import { z } from '@hono/zod-openapi';
import { listEvents, toLiveEvent, type EventRow } from '../../db/event.repository.ts';
import { findRuleEvent } from '../../db/rule-event.repository.ts';
import { EVENT_TYPES } from '../../domain/contracts/live-event.ts';
import { AppError } from '../../domain/errors.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { maySee } from '../event-access.ts';
import { decodeCursor, pageQuery, pageSchema, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { eventSchema, ruleEventSchema, type EventView, type RuleEventView } from '../schemas/event.ts';
import { requireLivestream } from './livestreams.ts';
import { idParam } from '../schemas/common.ts';
import { oneOrMore } from '../schemas/query.ts';

const tags = ['Events'];

const list = apiRoute({
  method: 'get',
  path: '/api/livestreams/{id}/events',
  access: 'livestreams.view',
  tags,
  summary: 'List a livestream’s events by position',
  description: 'Newest first, or from the beginning with order=asc. A cursor goes on in the order that it was made with.',
  request: {
    params: idParam,
    query: pageQuery.extend({
      type: oneOrMore(EVENT_TYPES, 'Only these types.').optional(),
      order: z.enum(['asc', 'desc']).optional().openapi({ description: 'desc: newest first, where absent.' }),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(eventSchema), 'One page.') },
});

const get = apiRoute({
  method: 'get',
  path: '/api/events/{id}',
  access: 'livestreams.view',
  tags,
  summary: 'Show an event',
  request: { params: idParam },
  responses: { 200: jsonAnswer(ruleEventSchema, 'The event.') },
});

/** The order travels in the cursor, so that a page can't be continued the wrong way round. */
const positionCursor = z.tuple([z.enum(['asc', 'desc']), z.int()]);

export function eventRoutes({ db }: ApiDeps): Router {
  return createRouter()
    .openapi(list, async (c) => {
      const livestream = await requireLivestream(db, c.get('workspace').id, c.req.valid('param').id);
      const { limit, cursor, type, order: asked } = c.req.valid('query');
      const [order, beyond] = cursor === undefined ? ([asked ?? 'desc', undefined] as const) : decodeCursor(cursor, positionCursor);
      const rows = await listEvents(db, {
        livestream_id: livestream.id,
        ...(type && { types: type }),
        ...(beyond !== undefined && { beyond }),
        order,
        limit: limit + 1,
      });
      return c.json(
        toPage(rows, limit, toEventView, (row) => [order, row.position]),
        200,
      );
    })
    .openapi(get, async (c) => {
      const event = await findRuleEvent(db, c.get('workspace').id, c.req.valid('param').id);
      if (!event || !maySee(c.get('workspace'), event)) throw new AppError('not_found');
      return c.json({ ...event } as RuleEventView, 200);
    });
}

const toEventView = (row: EventRow): EventView => ({ ...toLiveEvent(row) });
