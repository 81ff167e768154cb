import { createEarlyTaking } from '../../activities/shop/webhooks/take-early.ts';
import { createShopWebhookActivities } from '../../activities/shop/webhooks/webhook.activities.ts';
import type { ShopContext, ShopPart } from './parts.ts';

/** What TikTok Shop's webhooks say is passed on. */
export function createWebhooksPart({ context, workflows, calls, tiktok, intake, log }: ShopContext): ShopPart {
  const { db } = context.database;
  const early = createEarlyTaking({ calls, tiktok, intake, logger: log });
  return { activities: createShopWebhookActivities({ db, workflows, early, logger: log }) };
}
