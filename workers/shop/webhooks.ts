import { createOrderIntake } from '../../activities/shop/orders/take-orders.ts';
import { createEarlyTaking } from '../../activities/shop/webhooks/take-early.ts';
import { createShopWebhookActivities } from '../../activities/shop/webhooks/webhook.activities.ts';
import type { ShopContext, ShopPart } from './parts.ts';

/** What TikTok Shop's webhooks say is passed on. */
export function createWebhooksPart({ context, workflows, calls, tiktok, events, publishes, log }: ShopContext): ShopPart {
  const { db, pool } = context.database;
  const intake = createOrderIntake({ db, pool, events, publishes, logger: log });
  const early = createEarlyTaking({ calls, tiktok, intake, logger: log });
  return { activities: createShopWebhookActivities({ db, workflows, early, logger: log }) };
}
