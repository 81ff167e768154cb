import { LOW_STOCK, type InventoryEvent } from '../contracts/shop-event.ts';

/** What rules and streams are told of; null: nothing, as where the stock is seen for the first time. */
export function stockChangeOf(previous: number | null, available: number): InventoryEvent['change'] | null {
  if (previous === null || previous === available) return null;
  if (available === 0) return 'out';
  if (previous === 0) return 'back';
  return available <= LOW_STOCK && previous > LOW_STOCK ? 'low' : 'level';
}

/**
 * Whether TikTok shows something else than a count in the house allows, though nobody here sent it: stock was edited in Seller Center, or a write was
 * lost. Sales and cancellations move units between available and committed, so that only their sum tells; what was shipped since the count has left it.
 * higher: more could be sold than there is, so the count is sent again. lower: nobody is harmed, and TikTok's word is taken.
 */
export function driftOf(onHand: number, seen: { available: number; committed: number }, shippedSince: number): 'none' | 'lower' | 'higher' {
  const sellable = Math.max(0, onHand - shippedSince - seen.committed);
  if (seen.available === sellable) return 'none';
  return seen.available > sellable ? 'higher' : 'lower';
}
