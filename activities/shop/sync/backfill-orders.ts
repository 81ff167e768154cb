import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Db } from '../../../db/client.ts';
import { addJobErrors, finishJob, progressJob, startJob, type JobRow } from '../../../db/job.repository.ts';
import type { ShopFailure } from '../../../domain/contracts/shop-api.ts';
import type { JobInput } from '../../../domain/contracts/shop-job.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import { afterRestart, nextPlace, placeOf, placeText, type BackfillPlace } from '../../../domain/shop/backfill-place.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { listOrders, type ListOrdersDeps } from './list-orders.ts';
import { failureOf } from './shop-failure.ts';
import type { PageTaking } from './take-page.ts';

const MAX_RESTARTS = 3;
const LEAST_PAUSE_MS = 1_000;

export interface OrderBackfillDeps extends ListOrdersDeps {
  db: Db;
  pages: PageTaking;
}

export interface BackfillCounts {
  done: number;
  failed: number;
  calls: number;
}

export function createOrderBackfill(deps: OrderBackfillDeps) {
  return {
    /**
     * Takes all orders that were placed between two times, oldest first; progress and place stand in the job's row after each page, so that
     * whoever takes over goes on there. Orders that fail are named in the job and set aside; they hold nobody up.
     * @throws ApplicationFailure where TikTok does not answer now, not retryable where waiting does not help
     */
    fetchOrdersOfJob: ({ job_id, workspace_id }: JobInput): Promise<BackfillCounts> =>
      heartbeating(async () => {
        const job = await startJob(deps.db, { job_id, workspace_id });
        if (!job) throw ApplicationFailure.nonRetryable('The job is gone, or has ended.', 'not_found');
        const { info, cancellationSignal } = Context.current();
        const backfill = new OrderBackfill(deps, job, cancellationSignal, info.attempt > 1);
        while (await backfill.takePage());
        const { counts } = backfill;
        await finishJob(deps.db, job_id, { state: counts.failed > 0 ? 'partly_failed' : 'succeeded' });
        return counts;
      }),

    /** Ends a job that could not be done, with the reason. A repeat changes nothing. */
    failOrdersJob: ({ job_id, code, reason }: { job_id: string; code: ErrorCode; reason: string }): Promise<void> => finishJob(deps.db, job_id, { state: 'failed', code, reason }),
  };
}

class OrderBackfill {
  readonly counts: BackfillCounts;
  readonly #deps: OrderBackfillDeps;
  readonly #jobId: string;
  readonly #channelId: string;
  readonly #to: Date;
  readonly #signal: AbortSignal;
  #place: BackfillPlace;
  #total: number | null;
  #retell: boolean;
  #hasProgress = false;
  #restarts = 0;

  constructor(deps: OrderBackfillDeps, job: JobRow, signal: AbortSignal, isRepeat: boolean) {
    const { id, channel_id, params, page_token, total, done, failed, calls } = job;
    if (params.kind !== 'order_backfill' || channel_id === null) throw ApplicationFailure.nonRetryable(`The job ${id} does not fetch orders.`, 'internal');
    this.counts = { done, failed, calls };
    this.#deps = deps;
    this.#jobId = id;
    this.#channelId = channel_id;
    this.#to = new Date(params.to_ms);
    this.#signal = signal;
    this.#place = placeOf(page_token, params.from_ms);
    this.#total = total;
    this.#retell = isRepeat;
  }

  /** @returns whether there is another page */
  async takePage(): Promise<boolean> {
    const { db, pages } = this.#deps;
    const place = this.#place;
    const listed = await listOrders(this.#deps, this.#channelId, { by: 'create_time', from: new Date(place.from_ms), to: this.#to, page_token: place.page_token }, this.#signal);
    this.counts.calls += listed.calls;
    if (!listed.ok) return this.#afterFailure(listed.failure);
    const { channel, page, next_page_token } = listed;
    const { failed } = await pages.take(channel, page, { source: 'backfill', retell: this.#retell, missed_after_ms: 0 });
    // Those that the page before ended with come again where the list had to begin anew.
    const known = new Set(place.edge);
    const notDone = new Set(failed.map(({ id }) => id));
    this.counts.done += page.items.filter(({ id }) => !known.has(id) && !notDone.has(id)).length;
    this.counts.failed += failed.filter(({ id }) => id === null || !known.has(id)).length;
    this.#total ??= page.total_count;
    this.#place = nextPlace(place, page.items, next_page_token);
    await addJobErrors(db, this.#jobId, failed);
    await progressJob(db, this.#jobId, { ...this.counts, total: this.#total, page_token: placeText(this.#place) });
    this.#retell = false;
    this.#hasProgress = true;
    this.#restarts = 0;
    return next_page_token !== null;
  }

  async #afterFailure(failure: ShopFailure): Promise<true> {
    await progressJob(this.#deps.db, this.#jobId, this.counts);
    if (failure.code === 'shop_page_token' && this.#place.page_token !== null && this.#restarts < MAX_RESTARTS) {
      this.#restarts += 1;
      this.#place = afterRestart(this.#place);
      return true;
    }
    if (failure.retry === 'later' && failure.code !== 'shop_channel_paused' && this.#hasProgress) {
      this.#hasProgress = false;
      await delay(Math.max(failure.retry_after_ms ?? 0, LEAST_PAUSE_MS), undefined, { signal: this.#signal });
      return true;
    }
    throw failureOf(failure);
  }
}
