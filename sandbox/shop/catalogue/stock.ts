import { pushBounded } from '../../open-api/state/bounded-map.ts';
import type { Sku } from './types.ts';

const MAX_UPDATES = 200;

export const availableOf = (sku: Sku): number => sum(sku, 'available');
export const committedOf = (sku: Sku): number => sum(sku, 'committed');
const sum = (sku: Sku, what: 'available' | 'committed'): number => [...sku.stock.values()].reduce((total, at) => total + at[what], 0);

/** Sells one unit, if there is one. @returns the warehouse it is at; null: sold out */
export function sellUnit(sku: Sku): string | null {
  for (const [warehouseId, at] of sku.stock) {
    if (at.available <= 0) continue;
    at.available -= 1;
    at.committed += 1;
    sku.ledger.sold += 1;
    return warehouseId;
  }
  sku.ledger.refused += 1;
  return null;
}

/** A unit that was sold and not shipped may be sold again. */
export function giveBackUnit(sku: Sku, warehouseId: string): void {
  const at = sku.stock.get(warehouseId);
  if (at) {
    at.available += 1;
    at.committed -= 1;
  }
  sku.ledger.cancelled += 1;
}

export function shipUnit(sku: Sku, warehouseId: string): void {
  const at = sku.stock.get(warehouseId);
  if (at) at.committed -= 1;
  sku.ledger.shipped += 1;
}

/** The seller's word on what is there to sell from now on: not a difference. */
export function setAvailable(sku: Sku, warehouseId: string, quantity: number, now: number): void {
  const at = sku.stock.get(warehouseId);
  if (!at) return;
  pushBounded(sku.ledger.updates, { at_ms: now, warehouse_id: warehouseId, was: at.available, quantity }, MAX_UPDATES);
  sku.ledger.update_count += 1;
  at.available = quantity;
}
