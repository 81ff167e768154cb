import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { beginOrderWindow, keepOrderPage, noteSyncFailure, restartOrderWindow, type OrderWindow } from '../../../db/shop-sync.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { ShopFailure } from '../../../domain/contracts/shop-api.ts';
import type { ShopSyncTimings, SyncCounts } from '../../../domain/contracts/shop-sync.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { listOrders, type ListOrdersDeps } from './list-orders.ts';
import { createSetAsideRetry, type SetAsideRetryDeps } from './retry-set-aside.ts';
import { failureOf } from './shop-failure.ts';
import type { PageTaking } from './take-page.ts';

/** A list that TikTok forgets so often without a page in between is given up for this run. */
const MAX_RESTARTS = 3;
const LEAST_PAUSE_MS = 1_000;

export interface SyncOrdersInput extends ChannelKey {
  timings: Pick<ShopSyncTimings, 'overlap_ms' | 'missed_after_ms' | 'first_ms'>;
}

export type OrderSyncDeps = ListOrdersDeps & SetAsideRetryDeps & { pages: PageTaking };

export function createOrderSync(deps: OrderSyncDeps) {
  const retrySetAside = createSetAsideRetry(deps);
  return {
    /**
     * Takes the orders that changed since the cursor, oldest change first, page by page; the cursor and the page are kept after each, so that
     * whoever takes over goes on there. Those that were set aside are tried again first.
     * @throws ApplicationFailure where TikTok does not answer now, not retryable where waiting does not help; what was taken by then is kept
     */
    syncOrders: (input: SyncOrdersInput): Promise<SyncCounts> =>
      heartbeating(async () => {
        const { info, cancellationSignal } = Context.current();
        const run = new OrderSyncRun(deps, input, cancellationSignal, info.attempt > 1);
        run.charge(await retrySetAside(input, cancellationSignal));
        while (await run.takeWindow());
        return run.counts;
      }),
  };
}

class OrderSyncRun {
  readonly counts: SyncCounts = { seen: 0, changed: 0, missed: 0, calls: 0 };
  readonly #deps: OrderSyncDeps;
  readonly #input: SyncOrdersInput;
  readonly #signal: AbortSignal;
  /** The page before may have been taken without its workflows' having been told. */
  #retell: boolean;
  /** Calls that no page has been charged with yet. */
  #uncharged = 0;
  /** A page was kept since the last failure: a second patience is worth it. */
  #hasProgress = false;
  #restarts = 0;

  constructor(deps: OrderSyncDeps, input: SyncOrdersInput, signal: AbortSignal, isRepeat: boolean) {
    this.#deps = deps;
    this.#input = input;
    this.#signal = signal;
    this.#retell = isRepeat;
  }

  charge(calls: number): void {
    this.#uncharged += calls;
    this.counts.calls += calls;
  }

  /** @returns whether this was a list that another run had left behind, so that there is a newer one to take */
  async takeWindow(): Promise<boolean> {
    const { channel_id, timings } = this.#input;
    const window = await beginOrderWindow(this.#deps.db, channel_id, { now: new Date(), ...timings });
    if (window.isResumed) this.#retell = true;
    for (let at: OrderWindow | null = window; at !== null; ) at = await this.#takePage(at);
    return window.isResumed;
  }

  /** @returns where the list then stands; null: at its end */
  async #takePage(window: OrderWindow): Promise<OrderWindow | null> {
    const { channel_id, timings } = this.#input;
    const listed = await listOrders(this.#deps, channel_id, { by: 'update_time', from: window.from, to: window.to, page_token: window.page_token }, this.#signal);
    this.charge(listed.calls);
    if (!listed.ok) return this.#afterFailure(listed.failure, window);
    const { channel, page, next_page_token, newest_ms } = listed;
    const { changed, missed } = await this.#deps.pages.take(channel, page, { source: 'poll', retell: this.#retell, missed_after_ms: timings.missed_after_ms });
    const seen = page.items.length + page.unreadable.length;
    const newest = newest_ms === null ? null : new Date(newest_ms);
    const kept = await keepOrderPage(this.#deps.db, channel_id, window, { newest, next_page_token, seen, missed, calls: this.#uncharged });
    if (!kept) throw overtaken();
    this.counts.seen += seen;
    this.counts.changed += changed;
    this.counts.missed += missed;
    this.#uncharged = 0;
    this.#retell = false;
    this.#hasProgress = true;
    this.#restarts = 0;
    return next_page_token === null ? null : { ...window, page_token: next_page_token };
  }

  async #afterFailure(failure: ShopFailure, window: OrderWindow): Promise<OrderWindow> {
    const { channel_id, timings } = this.#input;
    if (failure.code === 'shop_page_token' && window.page_token !== null && this.#restarts < MAX_RESTARTS) {
      this.#restarts += 1;
      const restarted = await restartOrderWindow(this.#deps.db, channel_id, window, timings.overlap_ms);
      if (!restarted) throw overtaken();
      return restarted;
    }
    if (failure.retry === 'later' && failure.code !== 'shop_channel_paused' && this.#hasProgress) {
      this.#hasProgress = false;
      await delay(Math.max(failure.retry_after_ms ?? 0, LEAST_PAUSE_MS), undefined, { signal: this.#signal });
      return window;
    }
    await noteSyncFailure(this.#deps.db, channel_id, 'orders', failure, this.#uncharged);
    throw failureOf(failure);
  }
}

/** An attempt that Temporal had given up, and that goes on all the same. */
const overtaken = (): ApplicationFailure => ApplicationFailure.nonRetryable('Another attempt of this channel’s sync has taken the page.', 'conflict');
