import { createSettleShortage } from '../../activities/shop/orders/settle-shortage.ts';
import { createStockActivities } from '../../activities/shop/stock/stock.activities.ts';
import type { ShopContext, ShopPart } from './parts.ts';

export function createStockPart({ context, tiktok, calls, events, workflows, publishes }: ShopContext): ShopPart {
  const { db } = context.database;
  return { activities: createStockActivities({ db, tiktok, calls, events, workflows, settle: createSettleShortage({ db, events, publishes }) }) };
}
