import { sql } from 'kysely';
import type { OrderStatus } from '../domain/contracts/shop-order.ts';
import type { Db } from './client.ts';
import type { OrderRow } from './order.repository.ts';
import type { Row } from './schema.ts';

export interface OrderQuery {
  workspace_id: string;
  channel_id?: string | undefined;
  status?: readonly OrderStatus[] | undefined;
  /** Placed then or later. */
  from?: Date | undefined;
  /** Placed before. */
  to?: Date | undefined;
  /** Order id, tracking number, or a part of the buyer's name. */
  q?: string | undefined;
  is_short?: boolean | undefined;
  before?: { placed: Date; order_id: string } | undefined;
  limit: number;
}

/** Orders of a workspace, the newest first. */
export const listOrders = (db: Db, { workspace_id, channel_id, status, from, to, q, is_short, before, limit }: OrderQuery): Promise<OrderRow[]> =>
  db
    .selectFrom('shop_orders')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(channel_id !== undefined, (query) => query.where('channel_id', '=', channel_id!))
    .$if(status !== undefined, (query) => query.where('status', 'in', [...status!]))
    .$if(from !== undefined, (query) => query.where('tiktok_create_time', '>=', from!))
    .$if(to !== undefined, (query) => query.where('tiktok_create_time', '<', to!))
    .$if(is_short !== undefined, (query) => query.where('is_short', '=', is_short!))
    .$if(q !== undefined, (query) =>
      query.where(({ or, eb }) => or([eb('order_id', '=', q!), eb('tracking_number', '=', q!), eb('buyer_nickname', 'ilike', `%${q!.replace(/[\\%_]/g, '\\$&')}%`)])),
    )
    .$if(before !== undefined, (query) => query.where(sql<boolean>`(tiktok_create_time, order_id) < (${before!.placed}, ${before!.order_id})`))
    .orderBy('tiktok_create_time', 'desc')
    .orderBy('order_id', 'desc')
    .limit(limit)
    .execute();

/** Ids of a channel's open orders after `after`, in their order. */
export async function listOpenOrderIds(db: Db, channelId: string, after: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('shop_orders')
    .select('order_id')
    .where('channel_id', '=', channelId)
    .where('status', 'not in', ['COMPLETED', 'CANCELLED'])
    .where('order_id', '>', after)
    .orderBy('order_id')
    .limit(limit)
    .execute();
  return rows.map(({ order_id }) => order_id);
}

export type TimelineRow = Row<'shop_order_timeline'>;

/** What happened to an order, the newest first. */
export const listOrderTimeline = (db: Db, channelId: string, orderId: string, before: number | undefined, limit: number): Promise<TimelineRow[]> =>
  db
    .selectFrom('shop_order_timeline')
    .selectAll()
    .where('channel_id', '=', channelId)
    .where('order_id', '=', orderId)
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
