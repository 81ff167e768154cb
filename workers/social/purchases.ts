import { createPurchaseActivities } from '../../activities/social/purchases/purchase.activities.ts';
import { storeOptions } from '../../config/social.ts';
import { createStores } from '../../social/stores/stores.ts';
import type { SocialContext, SocialPart } from './parts.ts';

/** Purchases of coins in the app stores. A store that is not set up here is waited for. */
export function createPurchasesPart({ context, log }: SocialContext): SocialPart {
  const { env, database, secrets, client } = context;
  const stores = createStores(storeOptions(env, 'calls'));
  const deps = { db: database.db, secrets, stores, client, taskQueuePrefix: env.TEMPORAL_TASK_QUEUE_PREFIX, logger: log };
  return { activities: createPurchaseActivities(deps), close: () => stores.close() };
}
