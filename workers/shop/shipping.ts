import type { ShopContext, ShopPart } from './parts.ts';

export function createShippingPart(_shop: ShopContext): ShopPart {
  return { activities: {} };
}
