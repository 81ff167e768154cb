import { createOrderActivities } from '../../activities/shop/orders/order.activities.ts';
import { createOrderReader, type OrderReaderOptions } from '../../activities/shop/orders/order-reader.ts';
import { createStartFulfilment } from '../../activities/shop/orders/start-fulfilment.ts';
import { createOrderIntake, type OrderIntake } from '../../activities/shop/orders/take-orders.ts';
import { createShipOrder } from '../../activities/shop/shipping/ship-order.ts';
import type { OrderMessage } from '../../domain/contracts/shop-message.ts';
import type { FulfilOrderInput, FulfilTimings, OrderChanged, OrderNews } from '../../domain/contracts/shop-order.ts';
import { fulfilOrderWorkflowId } from '../../domain/names.ts';
import { changedSignal, orderQuery } from '../../workflows/fulfil-order.messages.ts';
import type { ShopWorld, WorldChannel } from './shop-world.ts';

export const QUICK: Partial<FulfilTimings> = { retry_initial_ms: 50, retry_max_ms: 300, paused_look_ms: 60_000, missing_for_ms: 1_500 };

/** The orders of a world: their activities, and what their rows say. */
export function ordersOf(world: ShopWorld, readerOptions?: OrderReaderOptions) {
  const { db, database, calls, tiktok, events, publishes, log, client, queue, prefix } = world;
  const intake: OrderIntake = createOrderIntake({ db, pool: database.pool, events, publishes, logger: log });
  const reader = createOrderReader(calls, tiktok, readerOptions);
  const activities = {
    ...createOrderActivities({ db, pool: database.pool, calls, tiktok, reader, intake, events, publishes, logger: log, startFulfilment: createStartFulfilment(client, prefix) }),
    ...createShipOrder({ db, tiktok, calls, workflows: world.workflows, logger: log }),
  };
  return {
    intake,
    reader,
    activities,
    /** As a webhook or a poll tells it. */
    async tell(channel: WorldChannel, order_id: string, { news = 'order' as OrderNews, source = 'webhook' as OrderChanged['source'], update_time_ms = null as number | null, timings = QUICK } = {}) {
      const input: FulfilOrderInput = { channel_id: channel.channel_id, workspace_id: channel.workspace_id, order_id, timings };
      await client.workflow.signalWithStart('fulfilOrder', {
        taskQueue: queue,
        workflowId: fulfilOrderWorkflowId(channel.channel_id, order_id),
        args: [input],
        signal: changedSignal,
        signalArgs: [{ source, news, update_time_ms }],
      });
    },
    handle: (channel: WorldChannel, orderId: string) => client.workflow.getHandle(fulfilOrderWorkflowId(channel.channel_id, orderId)),
    view: (channel: WorldChannel, orderId: string) => client.workflow.getHandle(fulfilOrderWorkflowId(channel.channel_id, orderId)).query(orderQuery),
    row: (orderId: string) => db.selectFrom('shop_orders').selectAll().where('order_id', '=', orderId).executeTakeFirst(),
    reservations: async (orderId: string) => (await db.selectFrom('stock_reservations').select('state').where('order_id', '=', orderId).orderBy('line_item_id').execute()).map(({ state }) => state),
    packages: (orderId: string) => db.selectFrom('shop_packages').selectAll().orderBy('package_id').execute().then((rows) => rows.filter(({ order_ids }) => order_ids.includes(orderId))),
    afterSales: async (orderId: string) => (await db.selectFrom('shop_after_sales').select(['kind', 'status']).where('order_id', '=', orderId).execute()).map(({ kind, status }) => `${kind} ${status}`),
    timeline: async (orderId: string) => (await db.selectFrom('shop_order_timeline').select(['kind', 'detail']).where('order_id', '=', orderId).orderBy('id').execute()).map(({ kind, detail }) => (detail ? `${kind}: ${detail}` : kind)),
    messages: async (orderId: string) =>
      (await db.selectFrom('shop_outbox').select('body').orderBy('seq').execute()).map(({ body }) => body as OrderMessage).filter((body) => body.type === 'order' && body.order.order_id === orderId),
  };
}
