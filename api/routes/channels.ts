import { findChannel, listChannels } from '../../db/channel.repository.ts';
import { findAuthorization } from '../../db/shop-authorization.repository.ts';
import { CHANNEL_STATES } from '../../domain/contracts/channel.ts';
import { AppError } from '../../domain/errors.ts';
import { requireChannel } from '../channel-of.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { channelDetailSchema, channelSchema, channelUidParam, toChannel, toChannelDetail } from '../schemas/channel.ts';
import { oneOrMore } from '../schemas/query.ts';

const tags = ['Channels'];

const list = apiRoute({
  method: 'get',
  path: '/channels',
  access: 'channels.view',
  tags,
  summary: 'List connected shops, newest first',
  request: { query: pageQuery.extend({ state: oneOrMore(CHANNEL_STATES, 'Only these states.').optional() }) },
  responses: { 200: jsonAnswer(pageSchema(channelSchema), 'One page.') },
});

const get = apiRoute({
  method: 'get',
  path: '/channels/{channel_uid}',
  access: 'channels.view',
  tags,
  summary: 'Show a connected shop: its state, why, and how the seller’s authorization stands',
  request: { params: channelUidParam },
  responses: { 200: jsonAnswer(channelDetailSchema, 'The channel.') },
});

const disconnect = apiRoute({
  method: 'delete',
  path: '/channels/{channel_uid}',
  access: 'channels.connect',
  tags,
  summary: 'Disconnect a shop',
  description:
    'Nothing is asked of TikTok for it any more; with the seller’s last shop the tokens are removed. The channel stays in the list as disconnected, with its ' +
    'orders and products; connected again it is the same one. Doing it again changes nothing.',
  request: { params: channelUidParam },
  responses: { 200: jsonAnswer(channelSchema, 'It is disconnected.') },
});

export function channelRoutes({ db, temporal }: ApiDeps): Router {
  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor, state } = c.req.valid('query');
      const rows = await listChannels(db, { workspace_id: c.get('workspace').id, state, before: idBefore(cursor), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toChannel), 200);
    })
    .openapi(get, async (c) => {
      const channel = await requireChannel(db, c.get('workspace').id, c.req.valid('param').channel_uid);
      const authorization = await findAuthorization(db, channel.workspace_id, channel.authorization_id);
      if (!authorization) throw new AppError('not_found');
      return c.json(toChannelDetail(channel, authorization), 200);
    })
    .openapi(disconnect, async (c) => {
      const channel = await requireChannel(db, c.get('workspace').id, c.req.valid('param').channel_uid);
      const { id, workspace_id, authorization_id } = channel;
      if (channel.state !== 'disconnected') await temporal.shop.disconnectChannel({ authorization_id, workspace_id }, id);
      return c.json(toChannel((await findChannel(db, workspace_id, id)) ?? channel), 200);
    });
}
