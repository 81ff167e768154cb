import type { ShopContext, ShopPart } from './parts.ts';

export function createAccountsPart(_shop: ShopContext): ShopPart {
  return { activities: {} };
}
