import type { ShopContext, ShopPart } from './parts.ts';

export function createStockPart(_shop: ShopContext): ShopPart {
  return { activities: {} };
}
