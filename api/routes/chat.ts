import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { messagesAfter, messagesBefore, toChatMessage } from '../../db/chat-message.repository.ts';
import { findChatStream, type ChatStream } from '../../db/chat-room.repository.ts';
import { EXPORT_FORMATS, exportChat } from '../chat/export.ts';
import { createChatModeration } from '../chat/moderation.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, fieldError } from '../errors.ts';
import { decodeCursor, pageQuery, pageSchema, toPage } from '../paging.ts';
import { requireWatcher } from '../play-token.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { chatMessageSchema } from '../schemas/chat.ts';
import { idParam } from '../schemas/common.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Chat'];
const CURSOR = z.tuple([z.int().min(0)]);
const POSITION = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const list = apiRoute({
  method: 'get',
  path: '/streams/{id}/chat',
  access: 'public',
  tags,
  summary: 'List a stream’s chat',
  description: 'For public streams no token is needed; for private ones a play token in the query, or a member’s access token. Live it comes over Socket.IO: docs/chat.md.',
  request: {
    params: idParam,
    query: pageQuery.extend({
      order: z.enum(['asc', 'desc']).default('asc').openapi({ description: 'asc: oldest first. desc: latest first.' }),
      after: POSITION.optional().openapi({ description: 'Only messages after this position; with order=asc.', example: 17 }),
      token: z.string().max(4_096).optional().openapi({ description: 'A play token.' }),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(chatMessageSchema), 'Messages; deleted ones keep their place, without text.') },
});

const download = apiRoute({
  method: 'get',
  path: '/streams/{id}/chat/export',
  access: 'streams.moderate',
  workspaceInQuery: true,
  tags,
  summary: 'Download a stream’s whole chat',
  request: { params: idParam, query: z.object({ format: z.enum(EXPORT_FORMATS).default('ndjson') }) },
  responses: { 200: { description: 'One line for each message, oldest first.', content: { 'application/x-ndjson': { schema: z.string().openapi({ example: '{"position":1,"user_name":"Ada","message":"Hello!"}\n' }) }, 'text/csv': { schema: z.string().openapi({ example: 'position,timestamp,user_id,user_name,message,reply_to,deleted,id\r\n' }) } } } },
});

const remove = apiRoute({
  method: 'delete',
  path: '/streams/{id}/chat/{message_id}',
  access: 'signed_in',
  tags,
  summary: 'Delete a chat message',
  description: 'Your own; moderators delete any. Its text is gone for everybody, its place stays.',
  request: { params: idParam.extend({ message_id: uuid() }) },
  responses: { 204: { description: 'It is empty now.' } },
});

const TYPES = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present' } as const;

export function chatRoutes({ db, temporal, logger }: ApiDeps): Router {
  const moderation = createChatModeration({ db, temporal, logger });

  const streamOf = async (id: string): Promise<ChatStream> => {
    const stream = await findChatStream(db, id);
    if (!stream) throw new ApiError('not_found');
    return stream;
  };
  const watched = async (c: Context<AppEnv>, id: string): Promise<ChatStream> => {
    const stream = await streamOf(id);
    await requireWatcher(c, { id, workspace_id: stream.workspace_id, permission: 'streams.view', visibility: stream.visibility });
    return stream;
  };

  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor, order, after } = c.req.valid('query');
      const { id } = await watched(c, c.req.valid('param').id);
      if (after !== undefined && order === 'desc') throw fieldError('after', 'goes with order=asc');
      const place = cursor === undefined ? after : decodeCursor(cursor, CURSOR)[0];
      const rows = order === 'asc' ? await messagesAfter(db, id, limit + 1, place ?? 0) : await messagesBefore(db, id, limit + 1, place);
      return c.json(toPage(rows, limit, toChatMessage, ({ position }) => [position]), 200, { 'Cache-Control': 'no-store' });
    })
    .openapi(download, async (c) => {
      const { format } = c.req.valid('query');
      const { id, workspace_id } = await streamOf(c.req.valid('param').id);
      if (workspace_id !== c.get('workspace').id) throw new ApiError('not_found');
      const headers = { 'Content-Type': TYPES[format], 'Content-Disposition': `attachment; filename="chat-${id}.${format}"`, 'Cache-Control': 'no-store' };
      return c.body(await exportChat(db, id, format), 200, headers);
    })
    .openapi(remove, async (c) => {
      const { id, message_id } = c.req.valid('param');
      // Who may not watch a private stream learns nothing of what is in it.
      await watched(c, id);
      await moderation.deleteMessage(c.get('userId'), id, message_id);
      return c.body(null, 204);
    });
}
