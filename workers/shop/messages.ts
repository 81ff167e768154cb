import type { ShopContext, ShopPart } from './parts.ts';

export function createMessagesPart(_shop: ShopContext): ShopPart {
  return { activities: {} };
}
