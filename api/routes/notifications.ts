import { z } from '@hono/zod-openapi';
import { listInbox, markAllRead, markRead, type InboxItem } from '../../db/notification-inbox.repository.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { EXAMPLE_TIME, id, idParam, timestamp } from '../schemas/common.ts';
import { yesOrNo } from '../schemas/query.ts';

const tags = ['Notifications'];
const access = 'notifications.view';

const notificationSchema = z
  .object({
    id,
    message: z.string().openapi({ example: 'ada sent Rose' }),
    action_id: id.nullable().openapi({ description: 'The action that made it.' }),
    created_at: timestamp,
    read_at: z
      .string()
      .nullable()
      .openapi({
        format: 'date-time',
        example: EXAMPLE_TIME,
        description: 'When you read it; null: not yet. Each member has marks of their own.',
      }),
  })
  .openapi('Notification');

const list = apiRoute({
  method: 'get',
  path: '/api/notifications',
  access,
  tags,
  summary: 'List notifications',
  request: { query: pageQuery.extend({ unread: yesOrNo('true: only those that you have not read.').optional() }) },
  responses: { 200: jsonAnswer(pageSchema(notificationSchema), 'Notifications, newest first.') },
});

const read = apiRoute({
  method: 'post',
  path: '/api/notifications/{id}/read',
  access,
  tags,
  summary: 'Mark a notification as read',
  request: { params: idParam },
  responses: { 200: jsonAnswer(notificationSchema, 'The notification.') },
});

const readAll = apiRoute({
  method: 'post',
  path: '/api/notifications/read-all',
  access,
  tags,
  summary: 'Mark all notifications as read',
  responses: {
    200: jsonAnswer(z.object({ marked: z.int().openapi({ example: 3 }) }).openapi('NotificationsRead'), 'How many were unread.'),
  },
});

export function notificationRoutes({ db }: ApiDeps): Router {
  const routes = createRouter();

  routes.openapi(list, async (c) => {
    const { limit, cursor, unread = false } = c.req.valid('query');
    const rows = await listInbox(db, {
      workspaceId: c.get('workspace').id,
      userId: c.get('userId'),
      unreadOnly: unread,
      limit,
      before: idBefore(cursor),
    });
    return c.json(toIdPage(rows, limit, toNotification), 200);
  });

  routes.openapi(readAll, async (c) => c.json({ marked: await markAllRead(db, c.get('workspace').id, c.get('userId')) }, 200));

  routes.openapi(read, async (c) => {
    const notification = await markRead(db, c.get('workspace').id, c.get('userId'), c.req.valid('param').id);
    if (!notification) throw new ApiError('not_found', { detail: 'no such notification' });
    return c.json(toNotification(notification), 200);
  });

  return routes;
}

const toNotification = ({ created_at, read_at, ...notification }: InboxItem): z.infer<typeof notificationSchema> => ({
  ...notification,
  created_at: created_at.toISOString(),
  read_at: read_at?.toISOString() ?? null,
});
