import { createOrderActivities } from '../../activities/shop/orders/order.activities.ts';
import { createOrderReader } from '../../activities/shop/orders/order-reader.ts';
import { createStartFulfilment } from '../../activities/shop/orders/start-fulfilment.ts';
import type { ShopContext, ShopPart } from './parts.ts';

/** Orders from TikTok's word to their rows, and the workflow that follows each. */
export function createOrdersPart({ context, calls, tiktok, events, intake, publishes, log }: ShopContext): ShopPart {
  const { env, client } = context;
  const { db, pool } = context.database;
  const reader = createOrderReader(calls, tiktok);
  const startFulfilment = createStartFulfilment(client, env.TEMPORAL_TASK_QUEUE_PREFIX);
  return { activities: createOrderActivities({ db, pool, calls, tiktok, reader, intake, events, publishes, logger: log, startFulfilment }) };
}
