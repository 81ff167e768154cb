import { z } from '@hono/zod-openapi';
import { listOrders, listOrderTimeline } from '../../db/order-list.repository.ts';
import { listAfterSales, listPackages } from '../../db/order-parts.repository.ts';
import { findOrder, type OrderRow } from '../../db/order.repository.ts';
import { listReservations } from '../../db/reservation.repository.ts';
import type { Page as TikTokPage, ShopOrder } from '../../domain/contracts/shop-api.ts';
import { ORDER_STATUSES } from '../../domain/contracts/shop-order.ts';
import { AppError } from '../../domain/errors.ts';
import { requireChannel, requireUsableChannel } from '../channel-of.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldError } from '../errors.ts';
import { decodeCursor, pageQuery, pageSchema, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { channelUid } from '../schemas/channel.ts';
import { EXAMPLE_ORDER_ID, orderDetailSchema, orderSchema, timelineEntrySchema, toOrder, toOrderDetail, toOrderTimelineEntry, toTikTokOrder } from '../schemas/order.ts';
import { instant, oneOrMore, yesOrNo } from '../schemas/query.ts';
import { tiktokId } from '../schemas/shipping.ts';
import { askShop } from '../shop-read.ts';

const tags = ['Orders'];
/** TikTok's most of one page. */
const TIKTOK_PAGE = 100;

const source = z.enum(['ours', 'tiktok']).default('ours').openapi({ description: 'tiktok: asks TikTok at once; ours: our copy, seconds old.' });
const orderParam = z.object({ order_id: tiktokId(EXAMPLE_ORDER_ID).openapi({ param: { name: 'order_id', in: 'path' } }) });
const listQuery = pageQuery.extend({
  channel_uid: channelUid.optional().openapi({ description: 'Only this shop; source=tiktok needs it.' }),
  status: oneOrMore(ORDER_STATUSES, 'Only these statuses; source=tiktok takes one.').optional(),
  from: instant('Placed then or later.').optional(),
  to: instant('Placed before.').optional(),
  q: z.string().trim().min(1).max(100).optional().openapi({ description: 'Order id, tracking number, or a part of the buyer’s name.', example: 'anna' }),
  is_short: yesOrNo('Only orders with units that are sold and not there, or only the others.').optional(),
  source,
});

const list = apiRoute({
  method: 'get',
  path: '/orders',
  access: 'orders.view',
  tags,
  summary: 'List orders, newest first',
  description: 'Our copy of all shops. With source=tiktok TikTok is asked at once for one shop, and next_cursor is TikTok’s own; from, to, q and is_short are for our copy.',
  request: { query: listQuery },
  responses: { 200: jsonAnswer(pageSchema(orderSchema), 'One page.') },
});

const get = apiRoute({
  method: 'get',
  path: '/orders/{order_id}',
  access: 'orders.view',
  tags,
  summary: 'Show an order with its packages, cancellations, returns and units',
  description: 'With source=tiktok the order itself is what TikTok says now.',
  request: { params: orderParam, query: z.object({ channel_uid: channelUid, source }) },
  responses: { 200: jsonAnswer(orderDetailSchema, 'The order.') },
});

const timeline = apiRoute({
  method: 'get',
  path: '/orders/{order_id}/timeline',
  access: 'orders.view',
  tags,
  summary: 'List what happened to an order, newest first',
  request: { params: orderParam, query: pageQuery.extend({ channel_uid: channelUid }) },
  responses: { 200: jsonAnswer(pageSchema(timelineEntrySchema), 'One page.') },
});

const orderCursor = z.tuple([z.number().int(), z.string()]);
const timelineCursor = z.tuple([z.number().int()]);

export function orderRoutes(deps: ApiDeps): Router {
  const { db } = deps;

  const partsOf = async (channelId: string, orderId: string) => {
    const [packages, afterSales, reservations] = await Promise.all([listPackages(db, channelId, orderId), listAfterSales(db, channelId, orderId), listReservations(db, channelId, [orderId])]);
    return { packages, afterSales, reservations };
  };
  const requireOrder = async (workspaceId: string, channelId: string, orderId: string): Promise<OrderRow> => {
    const channel = await requireChannel(db, workspaceId, channelId);
    const row = await findOrder(db, channel.id, orderId);
    if (!row) throw new AppError('not_found', 'order');
    return row;
  };
  const listAtTikTok = async (workspaceId: string, query: z.infer<typeof listQuery>) => {
    if (query.channel_uid === undefined) throw fieldError('channel_uid', 'is needed with source=tiktok: TikTok is asked for one shop');
    if ((query.status?.length ?? 0) > 1) throw fieldError('status', 'must be one with source=tiktok');
    for (const field of ['from', 'to', 'q', 'is_short'] as const) if (query[field] !== undefined) throw fieldError(field, 'is not known to source=tiktok');
    const channel = await requireUsableChannel(db, workspaceId, query.channel_uid);
    const page = await askShop<TikTokPage<ShopOrder>>(deps, channel, { kind: 'orders', page_size: Math.min(query.limit, TIKTOK_PAGE), page_token: query.cursor ?? null, status: query.status?.[0] ?? null });
    return { items: page.items.map((order) => toTikTokOrder(channel.id, order)), next_cursor: page.next_page_token };
  };

  return createRouter()
    .openapi(list, async (c) => {
      const query = c.req.valid('query');
      const workspace_id = c.get('workspace').id;
      if (query.source === 'tiktok') return c.json(await listAtTikTok(workspace_id, query), 200);
      const { limit, cursor, channel_uid, status, from, to, q, is_short } = query;
      if (channel_uid !== undefined) await requireChannel(db, workspace_id, channel_uid);
      const [placed, order_id] = cursor === undefined ? [] : decodeCursor(cursor, orderCursor);
      const before = placed === undefined || order_id === undefined ? undefined : { placed: new Date(placed), order_id };
      const rows = await listOrders(db, { workspace_id, channel_id: channel_uid, status, from, to, q, is_short, before, limit: limit + 1 });
      return c.json(toPage(rows, limit, toOrder, (row) => [row.tiktok_create_time.getTime(), row.order_id]), 200);
    })
    .openapi(get, async (c) => {
      const { order_id } = c.req.valid('param');
      const query = c.req.valid('query');
      const workspaceId = c.get('workspace').id;
      if (query.source === 'tiktok') {
        const channel = await requireUsableChannel(db, workspaceId, query.channel_uid);
        const order = await askShop<ShopOrder>(deps, channel, { kind: 'order', order_id });
        return c.json(toOrderDetail(toTikTokOrder(channel.id, order), order, await partsOf(channel.id, order_id)), 200);
      }
      const row = await requireOrder(workspaceId, query.channel_uid, order_id);
      return c.json(toOrderDetail(toOrder(row), row.data, await partsOf(row.channel_id, order_id)), 200);
    })
    .openapi(timeline, async (c) => {
      const { limit, cursor, channel_uid } = c.req.valid('query');
      const row = await requireOrder(c.get('workspace').id, channel_uid, c.req.valid('param').order_id);
      const before = cursor === undefined ? undefined : decodeCursor(cursor, timelineCursor)[0];
      const rows = await listOrderTimeline(db, row.channel_id, row.order_id, before, limit + 1);
      return c.json(toPage(rows, limit, toOrderTimelineEntry, ({ id }) => [id]), 200);
    });
}
