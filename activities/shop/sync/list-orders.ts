import type { Page, ShopFailure, ShopOrder } from '../../../domain/contracts/shop-api.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { CallingChannel, ShopCalls } from '../shop-calls.ts';
import { nextTokenOf } from './shop-failure.ts';

/** As many as TikTok gives. */
const PAGE_SIZE = 100;

export interface ListOrdersDeps {
  tiktok: Pick<ShopClient, 'searchOrders'>;
  calls: ShopCalls;
}

export interface OrderList {
  by: 'create_time' | 'update_time';
  from: Date;
  to: Date;
  page_token: string | null;
}

/** calls: to TikTok, for this page. newest_ms: the last time on the page, by what it is sorted; null: it is empty. */
export type ListedPage = { calls: number } & (
  | { ok: true; channel: CallingChannel; page: Page<ShopOrder>; next_page_token: string | null; newest_ms: number | null }
  | { ok: false; failure: ShopFailure }
);

/**
 * One page of a channel's orders, oldest first.
 * @throws ApplicationFailure where TikTok gives the page's own token for the next one: that list would never end
 */
export async function listOrders({ tiktok, calls }: ListOrdersDeps, channelId: string, { by, from, to, page_token }: OrderList, signal: AbortSignal): Promise<ListedPage> {
  const [from_ms, to_ms] = [from.getTime(), to.getTime()];
  const range = by === 'create_time' ? { created_from_ms: from_ms, created_to_ms: to_ms } : { updated_from_ms: from_ms, updated_to_ms: to_ms };
  let made = 0;
  const answer = await calls.withShop(channelId, { signal }, async (access, channel) => {
    made += 1;
    const result = await tiktok.searchOrders(access, { ...range, page_size: PAGE_SIZE, page_token, sort_field: by, sort_order: 'ASC' }, signal);
    return result.ok ? { ok: true, value: { channel, page: result.value } } : result;
  });
  if (!answer.ok) return { calls: made, ok: false, failure: answer };
  const { channel, page } = answer.value;
  const next_page_token = nextTokenOf(page, page_token);
  const times = page.items.map((order) => (by === 'create_time' ? order.create_time_ms : order.update_time_ms));
  return { calls: made, ok: true, channel, page, next_page_token, newest_ms: times.length === 0 ? null : Math.max(...times) };
}
