/** Where a list of orders by time of creation stands. */
export interface BackfillPlace {
  from_ms: number;
  /** Of the next page; null: the first from from_ms on. */
  page_token: string | null;
  /** When the newest order that was taken was placed, and which were placed in that second. */
  newest_ms: number | null;
  edge: string[];
}

interface Placed {
  id: string;
  create_time_ms: number;
}

/** @param text of placeText; null: at the start */
export function placeOf(text: string | null, fromMs: number): BackfillPlace {
  return text === null ? { from_ms: fromMs, page_token: null, newest_ms: null, edge: [] } : (JSON.parse(text) as BackfillPlace);
}

/** For a column of the job's row. */
export const placeText = (place: BackfillPlace): string => JSON.stringify(place);

export function nextPlace({ from_ms, newest_ms, edge }: BackfillPlace, orders: readonly Placed[], pageToken: string | null): BackfillPlace {
  const newest = orders.reduce<number | null>((latest, { create_time_ms }) => Math.max(latest ?? create_time_ms, create_time_ms), newest_ms);
  const ofNewest = orders.filter(({ create_time_ms }) => create_time_ms === newest).map(({ id }) => id);
  return { from_ms, page_token: pageToken, newest_ms: newest, edge: [...(newest === newest_ms ? edge : []), ...ofNewest] };
}

/** TikTok has forgotten the list: it begins again with the second of the newest order that was taken. */
export const afterRestart = ({ from_ms, newest_ms, edge }: BackfillPlace): BackfillPlace => ({ from_ms: newest_ms ?? from_ms, page_token: null, newest_ms, edge });
