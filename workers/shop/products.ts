import { createProductActivities } from '../../activities/shop/products/product.activities.ts';
import type { ShopContext, ShopPart } from './parts.ts';

/** The copy of the shops' products, changes of them, and the sweep over jobs. */
export function createProductsPart({ context, log, tiktok, calls, events, publishes }: ShopContext): ShopPart {
  const { database, client, env } = context;
  return { activities: createProductActivities({ db: database.db, tiktok, calls, events, publishes, client, taskQueuePrefix: env.TEMPORAL_TASK_QUEUE_PREFIX, logger: log }) };
}
