import { z } from '@hono/zod-openapi';
import { listOutbox, OUTBOX_STATES } from '../../db/outbox-list.repository.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { decodeCursor, pageQuery, pageSchema, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { messageSchema, toMessageView } from '../schemas/message.ts';
import { uuid } from '../schemas/uuid.ts';

const seqCursor = z.tuple([z.int().positive()]);

const list = apiRoute({
  method: 'get',
  path: '/messages',
  access: 'channels.view',
  tags: ['Messages'],
  summary: 'List messages to other systems, newest first',
  description: 'What RabbitMQ and the order service were told of orders and products, and what still waits; sent ones are kept for seven days. docs/messages describes them.',
  request: {
    query: pageQuery.extend({
      state: z.enum(OUTBOX_STATES).optional().openapi({ example: 'failing', description: 'Only these.' }),
      channel_uid: uuid().optional().openapi({ description: 'Only those of this channel.' }),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(messageSchema), 'One page.') },
});

export function messageRoutes({ db }: ApiDeps): Router {
  return createRouter().openapi(list, async (c) => {
    const { limit, cursor, state, channel_uid } = c.req.valid('query');
    const before = cursor === undefined ? undefined : decodeCursor(cursor, seqCursor)[0];
    const rows = await listOutbox(db, { workspace_id: c.get('workspace').id, channel_id: channel_uid, state, before, limit: limit + 1 });
    return c.json(toPage(rows, limit, toMessageView, ({ seq }) => [seq]), 200);
  });
}
