import { z } from '@hono/zod-openapi';
import { findShopDelivery, listShopDeliveries, reopenShopDelivery } from '../../db/shop-webhook.repository.ts';
import { SHOP_WEBHOOK_KINDS, SHOP_WEBHOOK_STATES } from '../../domain/contracts/shop-webhook.ts';
import { AppError } from '../../domain/errors.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { decodeCursor, pageQuery, pageSchema, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { oneOrMore } from '../schemas/query.ts';
import { EXAMPLE_NOTIFICATION, shopDeliveryDetailSchema, shopDeliverySchema, toShopDeliveryView } from '../schemas/shop-webhook.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Shop webhooks'];
/** TikTok's own, so no UUID. */
const deliveryId = z.object({ id: z.string().min(1).max(64).openapi({ param: { name: 'id', in: 'path' }, example: EXAMPLE_NOTIFICATION }) });
const seqCursor = z.tuple([z.int().positive()]);

const list = apiRoute({
  method: 'get',
  path: '/webhook/deliveries',
  access: 'shop_webhooks.view',
  tags,
  summary: 'List TikTok Shop’s webhooks, newest first',
  description: 'Those of the shops that are connected here, of unknown types too.',
  request: {
    query: pageQuery.extend({
      type: z.coerce.number().int().min(0).max(2_147_483_647).optional().openapi({ example: 1, description: 'TikTok’s number of the kind.' }),
      kind: oneOrMore(SHOP_WEBHOOK_KINDS, 'Only these kinds.').optional(),
      state: oneOrMore(SHOP_WEBHOOK_STATES, 'Only these states.').optional(),
      subject: z.string().min(1).max(64).optional().openapi({ example: '576653688135258178', description: 'Only those about this order, product or package.' }),
      channel_uid: uuid().optional().openapi({ description: 'Only those of this channel.' }),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(shopDeliverySchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/webhook/deliveries/{id}',
  access: 'shop_webhooks.view',
  tags,
  summary: 'Show one of TikTok Shop’s webhooks with its body',
  request: { params: deliveryId },
  responses: { 200: jsonAnswer(shopDeliveryDetailSchema, 'The webhook.') },
});

const replay = apiRoute({
  method: 'post',
  path: '/webhook/deliveries/{id}/replay',
  access: 'shop_webhooks.replay',
  tags,
  summary: 'Have one of TikTok Shop’s webhooks processed again',
  description: 'What it is about is asked for at TikTok, even where what is stored is as new. Nothing is done twice that was done.',
  request: { params: deliveryId },
  responses: { 202: jsonAnswer(shopDeliverySchema, 'It is open again, and processed soon.') },
});

export function shopWebhookDeliveryRoutes({ db, temporal }: ApiDeps): Router {
  const notFound = (id: string): AppError => new AppError('not_found', `webhook ${id}`);

  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor, type, kind, state, subject, channel_uid } = c.req.valid('query');
      const beforeSeq = cursor === undefined ? undefined : decodeCursor(cursor, seqCursor)[0];
      const rows = await listShopDeliveries(db, c.get('workspace').id, { type, kinds: kind, states: state, subject, channelId: channel_uid, beforeSeq, limit: limit + 1 });
      return c.json(toPage(rows, limit, toShopDeliveryView, ({ seq }) => [seq]), 200);
    })
    .openapi(read, async (c) => {
      const { id } = c.req.valid('param');
      const row = await findShopDelivery(db, c.get('workspace').id, id);
      if (!row) throw notFound(id);
      return c.json({ ...toShopDeliveryView(row), body: row.body }, 200);
    })
    .openapi(replay, async (c) => {
      const { id } = c.req.valid('param');
      const row = await reopenShopDelivery(db, c.get('workspace').id, id);
      if (!row) throw notFound(id);
      const log = c.get('log');
      log.info({ webhook_id: id }, 'a webhook is processed again');
      temporal.shop.processWebhooks(row.shop_id ?? '').catch((error: unknown) => log.warn({ err: error, webhook_id: id }, 'the webhook is open again; the sweep has it processed'));
      return c.json(toShopDeliveryView(row), 202);
    });
}
