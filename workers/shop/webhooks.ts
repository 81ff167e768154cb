import { createShopWebhookActivities } from '../../activities/shop/webhooks/webhook.activities.ts';
import type { ShopContext, ShopPart } from './parts.ts';

/** What TikTok Shop's webhooks say is passed on. */
export function createWebhooksPart({ context, workflows, log }: ShopContext): ShopPart {
  return { activities: createShopWebhookActivities({ db: context.database.db, workflows, logger: log }) };
}
