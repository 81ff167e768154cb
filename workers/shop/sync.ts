import type { ShopContext, ShopPart } from './parts.ts';

export function createSyncPart(_shop: ShopContext): ShopPart {
  return { activities: {} };
}
