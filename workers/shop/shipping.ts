import { createShippingActivities } from '../../activities/shop/shipping/shipping.activities.ts';
import { createMediaStorage } from '../../media/index.ts';
import type { ShopContext, ShopPart } from './parts.ts';

export function createShippingPart({ context, tiktok, calls, workflows, log }: ShopContext): ShopPart {
  return { activities: createShippingActivities({ db: context.database.db, tiktok, calls, workflows, logger: log, media: createMediaStorage(context.env) }) };
}
