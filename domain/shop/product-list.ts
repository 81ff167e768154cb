/** https://partner.tiktokshop.com/docv2/page/search-products-202502: more results than this are not shown. */
export const MOST_RESULTS = 10_000;
/** Where TikTok forgets a place so often, the list is given up. */
export const MOST_RESTARTS = 20;
/** No shop on TikTok is older. */
const OLDEST_MS = Date.UTC(2020, 0, 1);
const SECOND_MS = 1_000;

/** Times of creation: from, inclusive; to, exclusive; null: open. */
export interface ListWindow {
  from_ms: number | null;
  to_ms: number | null;
}

/** Where a list stands, for whoever goes on with it. */
export interface ListPlace {
  started_ms: number;
  /** Still to be listed; the first is under way. */
  windows: ListWindow[];
  page_token: string | null;
  /** Products of the windows that are done. */
  done_before: number;
  /** Of the window that is under way; it may have to begin anew. */
  done: number;
  failed_before: number;
  failed: number;
  /** How many other systems were told of. */
  changed: number;
  missed: number;
  calls: number;
  restarts: number;
  /** null: TikTok has not said. */
  total: number | null;
}

export const newPlace = (started_ms: number): ListPlace => ({
  started_ms,
  windows: [{ from_ms: null, to_ms: null }],
  page_token: null,
  done_before: 0,
  done: 0,
  failed_before: 0,
  failed: 0,
  changed: 0,
  missed: 0,
  calls: 0,
  restarts: 0,
  total: null,
});

/** What a page brought. */
export interface ListedPage {
  next_page_token: string | null;
  total_count: number | null;
  done: number;
  failed: number;
  changed: number;
  missed: number;
}

export function afterPage(place: ListPlace, page: ListedPage): ListPlace {
  const [done, failed] = [place.done + page.done, place.failed + page.failed];
  const counted = { ...place, done, failed, changed: place.changed + page.changed, missed: place.missed + page.missed, total: totalOf(place, page) };
  if (page.next_page_token !== null) return { ...counted, page_token: page.next_page_token };
  return { ...counted, windows: place.windows.slice(1), page_token: null, done_before: place.done_before + done, done: 0, failed_before: place.failed_before + failed, failed: 0 };
}

/** TikTok no longer knows the place: the window begins anew. null: that has happened too often. */
export const afterForgotten = (place: ListPlace): ListPlace | null =>
  place.restarts >= MOST_RESTARTS ? null : { ...place, page_token: null, done: 0, failed: 0, restarts: place.restarts + 1 };

/** The window holds more than TikTok shows: two halves instead. null: all of it was created within a second. */
export function afterTooMany(place: ListPlace, total: number | null): ListPlace | null {
  const [window, ...rest] = place.windows;
  const halves = window ? halvesOf(window, place.started_ms) : null;
  if (halves === null) return null;
  return { ...place, windows: [...halves, ...rest], page_token: null, done: 0, failed: 0, total: place.total ?? total };
}

export const listedTotals = ({ done_before, done, failed_before, failed, total }: ListPlace): { done: number; failed: number; total: number | null } => ({
  done: done_before + done,
  failed: failed_before + failed,
  total: total === null ? null : Math.max(total, done_before + done + failed_before + failed),
});

function totalOf({ total, windows, done_before, failed_before }: ListPlace, { total_count }: ListedPage): number | null {
  if (total_count === null || windows.length > 1) return total;
  return done_before + failed_before + total_count;
}

function halvesOf({ from_ms, to_ms }: ListWindow, now_ms: number): [ListWindow, ListWindow] | null {
  const [from, to] = [from_ms ?? Math.min(OLDEST_MS, (to_ms ?? now_ms) - SECOND_MS), to_ms ?? Math.max(now_ms, (from_ms ?? 0) + SECOND_MS)];
  const middle = Math.floor((from + to) / 2 / SECOND_MS) * SECOND_MS;
  if (middle <= from || middle >= to) return null;
  return [
    { from_ms, to_ms: middle },
    { from_ms: middle, to_ms },
  ];
}
