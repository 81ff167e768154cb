import type { OrderChanged, OrderNews } from '../contracts/shop-order.ts';

/** News of an order that have not been followed yet: one of each kind, however often it was said. */
export function addNews(waiting: readonly OrderChanged[], news: OrderChanged): OrderChanged[] {
  const same = waiting.find((one) => one.news === news.news);
  if (!same) return [...waiting, news];
  const update_time_ms = same.update_time_ms === null || news.update_time_ms === null ? null : Math.max(same.update_time_ms, news.update_time_ms);
  return waiting.map((one) => (one === same ? { ...one, update_time_ms } : one));
}

export const hasNews = (waiting: readonly OrderChanged[], news: OrderNews): boolean => waiting.some((one) => one.news === news);

/**
 * Whether what is stored tells all that these news can mean. TikTok counts in seconds: what was read within the second of a change, or soon after,
 * may miss another change of that second.
 */
export function isAnswered(waiting: readonly OrderChanged[], stored: { update_time_ms: number; written_ms: number }): boolean {
  return waiting.every(
    ({ news, update_time_ms }) =>
      news === 'order' &&
      update_time_ms !== null &&
      (stored.update_time_ms > update_time_ms || (stored.update_time_ms === update_time_ms && stored.written_ms >= update_time_ms + SETTLED_MS)),
  );
}
const SETTLED_MS = 3_000;
