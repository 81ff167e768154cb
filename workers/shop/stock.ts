import { createStockActivities } from '../../activities/shop/stock/stock.activities.ts';
import type { ShopContext, ShopPart } from './parts.ts';

export function createStockPart({ context, tiktok, calls, events, workflows }: ShopContext): ShopPart {
  return { activities: createStockActivities({ db: context.database.db, tiktok, calls, events, workflows }) };
}
