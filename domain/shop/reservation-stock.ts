import type { ReservationMove } from './reservation-plan.ts';

export interface HouseStock {
  /** null: nobody told. */
  on_hand: number | null;
  /** When it was counted. */
  on_hand_as_of_ms: number | null;
  reserved: number;
}

export interface MovedStock {
  on_hand: number | null;
  reserved: number;
  /** Line items that are held from now on, and for which no unit is left: the latest ones. */
  short: string[];
}

/** What moves of one SKU make of its stock. */
export function applyMoves(stock: HouseStock, moves: readonly ReservationMove[]): MovedStock {
  let { on_hand, reserved } = stock;
  for (const move of moves) {
    if (move.to === 'held') reserved += 1;
    if (move.from === 'held') reserved -= 1;
    const isCounted = stock.on_hand_as_of_ms !== null && stock.on_hand_as_of_ms > move.counted_before_ms;
    if (on_hand !== null && !isCounted) on_hand = Math.max(0, on_hand + move.on_hand);
  }
  const held = moves.filter(({ to }) => to === 'held').map(({ line_item_id }) => line_item_id);
  const missing = on_hand === null ? 0 : Math.min(held.length, Math.max(0, reserved - on_hand));
  return { on_hand, reserved, short: held.slice(held.length - missing) };
}
