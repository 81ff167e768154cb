import type { OrderChanged, OrderNews } from '../contracts/shop-order.ts';

/** News of an order that have not been followed yet: one of each kind, however often it was said. */
export function addNews(waiting: readonly OrderChanged[], news: OrderChanged): OrderChanged[] {
  const same = waiting.find((one) => one.news === news.news);
  if (!same) return [...waiting, news];
  const update_time_ms = same.update_time_ms === null || news.update_time_ms === null ? null : Math.max(same.update_time_ms, news.update_time_ms);
  const { is_read: _isRead, ...rest } = same;
  const isRead = same.is_read === true && news.is_read === true;
  return waiting.map((one) => (one === same ? { ...rest, update_time_ms, ...(isRead ? { is_read: true as const } : {}) } : one));
}

export const hasNews = (waiting: readonly OrderChanged[], news: OrderNews): boolean => waiting.some((one) => one.news === news);

/**
 * Whether what is stored tells all that these news can mean. TikTok counts in seconds: what was read within the second of a change, or soon after,
 * may miss another change of that second, unless it was read after the news came.
 */
export function isAnswered(waiting: readonly OrderChanged[], stored: { update_time_ms: number; written_ms: number }): boolean {
  return waiting.every(({ news, update_time_ms, is_read = false }) => {
    if (news !== 'order' || update_time_ms === null || stored.update_time_ms < update_time_ms) return false;
    return is_read || stored.update_time_ms > update_time_ms || stored.written_ms >= update_time_ms + SETTLED_MS;
  });
}
const SETTLED_MS = 3_000;
