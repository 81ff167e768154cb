import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { ShopCalls } from '../shop-calls.ts';
import { createProductRefreshActivities } from './refresh-products.activities.ts';
import { createSweepJobs, type SweepJobsDeps } from './sweep-jobs.ts';
import { createProductSyncActivities } from './sync-products.activities.ts';
import { createProductIntake, type ProductIntakeDeps } from './take-products.ts';
import { createProductUpdateActivities } from './update-products.activities.ts';

export interface ProductActivityDeps extends Omit<SweepJobsDeps, 'logger'>, Omit<ProductIntakeDeps, 'logger'> {
  tiktok: ShopClient;
  calls: ShopCalls;
  logger: SweepJobsDeps['logger'] & ProductIntakeDeps['logger'];
}

/** All that is done to products, and the sweep over jobs of every kind. */
export function createProductActivities(deps: ProductActivityDeps) {
  const parts = { ...deps, intake: createProductIntake(deps) };
  return { ...createProductSyncActivities(parts), ...createProductRefreshActivities(parts), ...createProductUpdateActivities(parts), ...createSweepJobs(deps) };
}

export type ProductActivities = ReturnType<typeof createProductActivities>;
