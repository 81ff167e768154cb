import type { ShopContext, ShopPart } from './parts.ts';

export function createWebhooksPart(_shop: ShopContext): ShopPart {
  return { activities: {} };
}
