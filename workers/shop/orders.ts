import type { ShopContext, ShopPart } from './parts.ts';

export function createOrdersPart(_shop: ShopContext): ShopPart {
  return { activities: {} };
}
