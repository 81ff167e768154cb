import type { ShopContext, ShopPart } from './parts.ts';

export function createProductsPart(_shop: ShopContext): ShopPart {
  return { activities: {} };
}
