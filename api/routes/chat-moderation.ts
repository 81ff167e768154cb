import type { Context } from 'hono';
import { listModerators } from '../../db/chat-moderator.repository.ts';
import { listRestrictions } from '../../db/chat-restriction.repository.ts';
import { findChatSettings, findChatStream, type ChatStream } from '../../db/chat-room.repository.ts';
import { createChatModeration } from '../chat/moderation.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { chatModeratorSchema, chatRestrictionSchema, chatSettingsChange, chatSettingsSchema, newRestriction, toModerator } from '../schemas/chat.ts';
import { idParam } from '../schemas/common.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Chat'];
const access = 'streams.moderate';
const moderatorParams = idParam.extend({ user_id: uuid() });

const restrict = apiRoute({
  method: 'post',
  path: '/streams/{id}/chat/restrictions',
  access,
  tags,
  summary: 'Mute or ban a user',
  description: 'Holds at once, on open sockets too, and by user: a new login changes nothing. Given again it takes the new time. Nobody restricts the owner.',
  request: { params: idParam, body: jsonBodyOf(newRestriction) },
  responses: { 201: jsonAnswer(chatRestrictionSchema, 'It holds.') },
});

const restrictions = apiRoute({
  method: 'get',
  path: '/streams/{id}/chat/restrictions',
  access,
  tags,
  summary: 'List who is muted or banned here, latest first',
  description: 'In this stream, and in all of the workspace’s.',
  request: { params: idParam, query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(chatRestrictionSchema), 'One page.') },
});

const lift = apiRoute({
  method: 'delete',
  path: '/streams/{id}/chat/restrictions/{restriction_id}',
  access,
  tags,
  summary: 'Lift a mute or ban',
  request: { params: idParam.extend({ restriction_id: uuid() }) },
  responses: { 204: { description: 'It holds no more.' } },
});

const settings = apiRoute({
  method: 'get',
  path: '/streams/{id}/chat/settings',
  access: 'streams.view',
  tags,
  summary: 'Show a chat’s settings',
  request: { params: idParam },
  responses: { 200: jsonAnswer(chatSettingsSchema, 'The settings.') },
});

const change = apiRoute({
  method: 'put',
  path: '/streams/{id}/chat/settings',
  access,
  tags,
  summary: 'Change a chat’s settings',
  description: 'What is left out stays. Moderators are held by none of it.',
  request: { params: idParam, body: jsonBodyOf(chatSettingsChange) },
  responses: { 200: jsonAnswer(chatSettingsSchema, 'They hold at once.') },
});

const moderators = apiRoute({
  method: 'get',
  path: '/streams/{id}/chat/moderators',
  access: 'streams.view',
  tags,
  summary: 'List appointed moderators',
  description: 'Members whose role has streams.moderate, and the owner, are moderators anyway and not listed.',
  request: { params: idParam, query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(chatModeratorSchema), 'One page.') },
});

const appoint = apiRoute({
  method: 'put',
  path: '/streams/{id}/chat/moderators/{user_id}',
  access,
  tags,
  summary: 'Appoint a moderator',
  description: 'For the chats of all streams of the workspace; they need be no member.',
  request: { params: moderatorParams },
  responses: { 200: jsonAnswer(chatModeratorSchema, 'The moderator.') },
});

const dismiss = apiRoute({
  method: 'delete',
  path: '/streams/{id}/chat/moderators/{user_id}',
  access,
  tags,
  summary: 'Dismiss a moderator',
  request: { params: moderatorParams },
  responses: { 204: { description: 'They are none any more.' } },
});

/** What moderators do outside of the chat itself. */
export function chatModerationRoutes({ db, temporal, logger }: ApiDeps): Router {
  const moderation = createChatModeration({ db, temporal, logger });
  const streamOf = async (c: Context<AppEnv>, id: string): Promise<ChatStream> => {
    const stream = await findChatStream(db, id);
    if (stream?.workspace_id !== c.get('workspace').id) throw new ApiError('not_found');
    return stream;
  };

  return createRouter()
    .openapi(restrict, async (c) => {
      const { id } = await streamOf(c, c.req.valid('param').id);
      return c.json(await moderation.restrict(c.get('userId'), id, c.req.valid('json')), 201);
    })
    .openapi(restrictions, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const { id, workspace_id } = await streamOf(c, c.req.valid('param').id);
      const rows = await listRestrictions(db, { workspaceId: workspace_id, streamId: id, limit, before: idBefore(cursor) });
      return c.json(toIdPage(rows, limit, (row) => row), 200);
    })
    .openapi(lift, async (c) => {
      const { id, restriction_id } = c.req.valid('param');
      await streamOf(c, id);
      await moderation.lift(c.get('userId'), id, { restriction_id });
      return c.body(null, 204);
    })
    .openapi(settings, async (c) => c.json(await findChatSettings(db, (await streamOf(c, c.req.valid('param').id)).id), 200))
    .openapi(change, async (c) => {
      const { id } = await streamOf(c, c.req.valid('param').id);
      return c.json(await moderation.changeSettings(c.get('userId'), id, c.req.valid('json')), 200);
    })
    .openapi(moderators, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const { workspace_id } = await streamOf(c, c.req.valid('param').id);
      return c.json(toPage(await listModerators(db, workspace_id, limit, idBefore(cursor)), limit, toModerator, ({ user_id }) => [user_id]), 200);
    })
    .openapi(appoint, async (c) => {
      const { id, user_id } = c.req.valid('param');
      await streamOf(c, id);
      return c.json(toModerator(await moderation.appoint(c.get('userId'), id, user_id)), 200);
    })
    .openapi(dismiss, async (c) => {
      const { id, user_id } = c.req.valid('param');
      await streamOf(c, id);
      await moderation.dismiss(c.get('userId'), id, user_id);
      return c.body(null, 204);
    });
}
