import type { InventoryRow, StockAt, WarehouseStock } from '../contracts/shop-api.ts';
import type { StockBasis } from '../contracts/shop-job.ts';
import type { ErrorCode } from '../errors.ts';

/** Up to so many units the door is closed before a quantity is set: where little is left, a buyer between reading and writing is one too many. */
export const SCARCE_STOCK = 20;

/** What somebody wants the stock to be. */
export interface StockWish {
  quantity: number;
  basis: StockBasis;
  /** null: the SKU's only one. */
  warehouse_id: string | null;
}

/** Units of orders that we know of, of one SKU (at one warehouse where it has several). */
export interface OurStock {
  /** Sold and not shipped. */
  held: number;
  /** Ordered after the wish's as_of, and not cancelled since. */
  placed_since: number;
  /** Shipped after the wish's as_of. */
  shipped_since: number;
}

/** What a change of stock remembers between its steps. */
export interface StockMemory {
  /** What the SKU's other warehouses had to sell, and sold, when it began. */
  others: readonly WarehouseStock[] | null;
  /** Whether the shop takes 0; not every market is said to. */
  takes_zero: boolean;
  /** How often a quantity was set, and buyers came in between. */
  sets: number;
}

export const NEW_STOCK_MEMORY: StockMemory = { others: null, takes_zero: true, sets: 0 };
/** Buyers who outrun so many settings would outrun more. */
const MOST_OPEN_SETS = 2;

/**
 * settled: TikTok shows what may be sold, nothing is to be sent. close: nothing is sold until the next step. set: the quantity itself. Whatever is
 * written, the stock is read and planned again until it is settled.
 */
export type StockStep =
  | { kind: 'settled'; quantity: number }
  | { kind: 'write'; door: 'close' | 'set'; inventory: StockAt[]; quantity: number }
  | { kind: 'refused'; code: ErrorCode; reason: string };

type Seen = Pick<InventoryRow, 'available' | 'committed' | 'warehouses'>;
interface Place {
  warehouse_id: string | null;
  available: number;
  committed: number;
}

/**
 * Units that may be sold from now on, at one warehouse. on_hand: what was counted, less what left since, less what is sold and not shipped, by TikTok's word or
 * ours, whichever is more. available: what was said, less what was ordered since, less what TikTok has sold and nobody here has heard of.
 */
export function sellableOf({ quantity, basis }: Pick<StockWish, 'quantity' | 'basis'>, committed: number, ours: OurStock): number {
  const taken = basis === 'on_hand' ? ours.shipped_since + Math.max(committed, ours.held) : ours.placed_since + Math.max(0, committed - ours.held);
  return Math.max(0, quantity - taken);
}

/** The next step from what TikTok shows now towards what is wanted. */
export function planStock(wish: StockWish, seen: Seen, ours: OurStock, memory: StockMemory): StockStep {
  const places = placesOf(seen);
  const place = wish.warehouse_id === null ? (places.length === 1 ? places[0] : undefined) : places.find(({ warehouse_id }) => warehouse_id === wish.warehouse_id);
  if (!place) return refusedWarehouse(wish, places);
  const quantity = sellableOf(wish, place.committed, ours);
  const others = places.filter((other) => other !== place).map((other) => ({ ...other, keep: keptOf(other, memory) }));
  if (place.available === quantity && others.every(({ available, keep }) => available <= keep)) return { kind: 'settled', quantity };
  const needsDoor = quantity > 0 && (quantity <= SCARCE_STOCK || memory.sets >= MOST_OPEN_SETS);
  const door = needsDoor && place.available > 0 && place.available !== quantity && memory.takes_zero ? 'close' : 'set';
  return {
    kind: 'write',
    door,
    quantity,
    inventory: [{ warehouse_id: place.warehouse_id, quantity: door === 'close' ? 0 : quantity }, ...others.map(({ warehouse_id, available, keep }) => ({ warehouse_id, quantity: Math.min(available, keep) }))],
  };
}

/** After a step was planned: what the others had is remembered once. */
export const remember = (memory: StockMemory, wish: StockWish, seen: Seen): StockMemory =>
  memory.others === null ? { ...memory, others: seen.warehouses.filter(({ warehouse_id }) => seen.warehouses.length > 1 && warehouse_id !== wish.warehouse_id) } : memory;

/** A warehouse that is only listed because TikTok wants all of them must not end up with more than it had, less what it sold meanwhile. */
function keptOf(other: Place, { others }: StockMemory): number {
  const before = others?.find(({ warehouse_id }) => warehouse_id === other.warehouse_id);
  return before ? Math.max(0, before.available + before.committed - other.committed) : other.available;
}

const placesOf = ({ warehouses, available, committed }: Seen): Place[] => (warehouses.length > 0 ? [...warehouses] : [{ warehouse_id: null, available, committed }]);

function refusedWarehouse({ warehouse_id }: StockWish, places: readonly Place[]): StockStep {
  const names = places.map((place) => place.warehouse_id ?? 'its only one').join(', ');
  const reason = warehouse_id === null ? `The SKU has several warehouses, so warehouse_id has to be one of ${names}.` : `The SKU has no stock at the warehouse ${warehouse_id}, but at ${names}.`;
  return { kind: 'refused', code: 'shop_warehouse_refused', reason };
}
