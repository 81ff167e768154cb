import { Context } from '@temporalio/activity';
import { skusOfProducts } from '../../../db/product.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { createProductCheck, type CheckDeps } from './check-product.ts';
import { isWorthWaiting, laterFailure } from './job-failure.ts';

export interface RefreshInput extends ChannelKey {
  product_ids: string[];
}

export interface Refreshed {
  taken: number;
  removed: number;
  failed: number;
  /** Why the others were not read; the next sync finds them. null: all were. */
  stopped_by: string | null;
}

const LANES = 5;

/** Reading of single products. */
export function createProductRefreshActivities(deps: CheckDeps) {
  const check = createProductCheck(deps);
  return {
    /** Reads these products at TikTok and stores them; doing it again changes nothing. @throws ApplicationFailure where TikTok does not answer now */
    readProducts: ({ channel_id, product_ids }: RefreshInput): Promise<Refreshed> =>
      heartbeating(async () => {
        const refreshed: Refreshed = { taken: 0, removed: 0, failed: 0, stopped_by: null };
        const signal = Context.current().cancellationSignal;
        const skus = await skusOfProducts(deps.db, channel_id, product_ids);
        await eachInLanes(product_ids, LANES, async (productId) => {
          if (refreshed.stopped_by !== null) return;
          const { checked } = await check(channel_id, productId, skus.get(productId) ?? [], signal);
          if (checked.kind !== 'unanswered') refreshed[checked.kind] += 1;
          else if (isWorthWaiting(checked.failure)) throw laterFailure(checked.failure);
          else refreshed.stopped_by = checked.failure.code;
        });
        return refreshed;
      }),
  };
}
