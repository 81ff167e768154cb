import { ApplicationFailure, Context } from '@temporalio/activity';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { ShopFailure, ShopProduct, ShopResult, Page } from '../../../domain/contracts/shop-api.ts';
import { isBeforeConnection } from '../../../domain/shop/history.ts';
import { afterForgotten, afterPage, afterTooMany, MOST_RESULTS, type ListPlace } from '../../../domain/shop/product-list.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { CallingChannel, ShopCalls } from '../shop-calls.ts';
import type { ProductFault, ProductIntake } from './take-products.ts';

export interface ListDeps {
  tiktok: Pick<ShopClient, 'searchProducts'>;
  calls: ShopCalls;
  intake: ProductIntake;
}

export interface ListTask extends ChannelKey {
  /** Only what TikTok changed then; from, inclusive; to, exclusive. */
  updated?: { from_ms: number; to_ms: number };
  /** A change that is older than this when the list shows it should have been told by a webhook; milliseconds. null: none should. */
  missed_after_ms: number | null;
  /** After each step: keeps the place, with what failed in it. */
  keep: (place: ListPlace, failed: readonly ProductFault[]) => Promise<void>;
}

/** A place at which nothing is left, or TikTok's failure with the place to go on from. */
export type Listed = { ok: true; place: ListPlace } | { ok: false; failure: ShopFailure; place: ListPlace };

const PAGE_SIZE = 100;

interface Answer {
  page: ShopResult<Page<ShopProduct>>;
  channel: CallingChannel | null;
  seen_ms: number;
}

/**
 * Lists products from `place` on, as few calls as TikTok's pages allow, and takes each page before the next. A place that TikTok has forgotten and a
 * list that is too long for it are dealt with here.
 */
export function createProductList({ tiktok, calls, intake }: ListDeps) {
  return async function list(from: ListPlace, task: ListTask): Promise<Listed> {
    const signal = Context.current().cancellationSignal;
    let place = from;
    while (place.windows.length > 0) {
      const { page, channel, seen_ms } = await ask(place, task, signal);
      if (!page.ok) {
        const next = placeAfterFailure(place, page);
        if (next === null) return { ok: false, failure: page, place };
        place = next;
        await task.keep(place, []);
        continue;
      }
      if (page.value.total_count !== null && page.value.total_count > MOST_RESULTS && place.page_token === null) {
        const next = afterTooMany(place, page.value.total_count);
        if (next !== null) {
          place = next;
          await task.keep(place, []);
          continue;
        }
      }
      const { step, failed } = await take(channel!, page.value, place, task, seen_ms);
      place = step;
      await task.keep(place, failed);
    }
    return { ok: true, place };
  };

  async function ask(place: ListPlace, { channel_id, updated }: ListTask, signal: AbortSignal): Promise<Answer> {
    const window = place.windows[0]!;
    const answer: Omit<Answer, 'page'> = { channel: null, seen_ms: Date.now() };
    const page = await calls.withShop(channel_id, { signal }, (access, channel) => {
      Object.assign(answer, { channel, seen_ms: Date.now() });
      place.calls += 1;
      return tiktok.searchProducts(
        access,
        {
          page_size: PAGE_SIZE,
          page_token: place.page_token,
          created_from_ms: window.from_ms ?? undefined,
          created_to_ms: window.to_ms ?? undefined,
          updated_from_ms: updated?.from_ms,
          updated_to_ms: updated?.to_ms,
        },
        signal,
      );
    });
    return { ...answer, page };
  }

  async function take(channel: CallingChannel, page: Page<ShopProduct>, place: ListPlace, { missed_after_ms }: ListTask, seen_ms: number): Promise<{ step: ListPlace; failed: ProductFault[] }> {
    const { changes, failed } = await intake.take(channel, page.items, { seen_ms });
    const unread = await intake.putAside(channel.channel_id, page.unreadable);
    const connected_ms = channel.connected_at.getTime();
    const isMissed = (updated: number | null): boolean => missed_after_ms !== null && updated !== null && !isBeforeConnection(updated, connected_ms) && updated < seen_ms - missed_after_ms;
    const step = afterPage(place, {
      next_page_token: nextTokenOf(page, place.page_token),
      total_count: page.total_count,
      done: page.items.length - failed.length,
      failed: failed.length + unread.length,
      changed: changes.length,
      missed: changes.filter(({ update_time_ms }) => isMissed(update_time_ms)).length,
    });
    return { step, failed: [...failed, ...unread] };
  }
}

function placeAfterFailure(place: ListPlace, { code }: ShopFailure): ListPlace | null {
  if (code === 'shop_page_token' && place.page_token !== null) return afterForgotten(place);
  if (code === 'shop_too_many_results') return afterTooMany(place, null);
  return null;
}

/** @throws ApplicationFailure where TikTok gives the page itself again: that list would never end */
function nextTokenOf({ next_page_token }: Page<unknown>, current: string | null): string | null {
  if (next_page_token !== null && next_page_token === current)
    throw ApplicationFailure.nonRetryable('TikTok Shop gave the token of the page that it answers for the next one.', 'tiktok_bad_response');
  return next_page_token;
}
