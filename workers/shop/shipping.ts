import { createShippingActivities } from '../../activities/shop/shipping/shipping.activities.ts';
import { createMediaStorage } from '../../media/index.ts';
import type { ShopContext, ShopPart } from './parts.ts';

export function createShippingPart({ context, tiktok, calls }: ShopContext): ShopPart {
  return { activities: createShippingActivities({ db: context.database.db, tiktok, calls, media: createMediaStorage(context.env) }) };
}
