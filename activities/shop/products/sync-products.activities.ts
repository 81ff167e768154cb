import { Context } from '@temporalio/activity';
import { addJobErrors, finishJob, progressJob, startJob, type JobEnd } from '../../../db/job.repository.ts';
import { listUnseenProducts, noteProductSeen } from '../../../db/product.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { JobInput } from '../../../domain/contracts/shop-job.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import { listedTotals, newPlace, type ListPlace } from '../../../domain/shop/product-list.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { failureOf } from '../sync/shop-failure.ts';
import { isWorthWaiting, laterFailure } from './job-failure.ts';
import { createProductCheck, type CheckDeps } from './check-product.ts';
import { createProductList } from './list-products.ts';
import { toJobErrors } from './job-errors.ts';

export interface ChannelJob extends ChannelKey {
  job_id: string;
}

/** gone: the job was ended or deleted meanwhile. */
export type ListedAll = { kind: 'listed'; started_ms: number } | { kind: 'failed'; code: ErrorCode; reason: string } | { kind: 'gone' };

/** From, inclusive; to, exclusive: when TikTok changed them. from_ms null: all there are, and those that are gone. */
export interface ChangedProductsInput extends ChannelKey {
  from_ms: number | null;
  to_ms: number;
  /** A change that is found so long after it was made should have been told by a webhook; milliseconds. */
  missed_after_ms?: number;
}

export interface ChangedProducts {
  seen: number;
  changed: number;
  missed: number;
  calls: number;
  /** Set aside. */
  failed: number;
}

const LANES = 5;
const UNSEEN_AT_ONCE = 200;
/** More than so many are left to the next run. */
const MOST_UNSEEN = 10_000;
const MISSED_AFTER_MS = 60_000;

/** Lists of all products of a channel, and of those that changed. */
export function createProductSyncActivities(deps: CheckDeps) {
  const { db } = deps;
  const list = createProductList(deps);
  const check = createProductCheck(deps);

  return {
    /**
     * Lists all products of the job's channel. Its place is kept in the job's row after each page: whoever takes over goes on there.
     * @throws ApplicationFailure where TikTok does not answer now
     */
    syncAllProducts: (job: ChannelJob): Promise<ListedAll> =>
      heartbeating(async () => {
        const row = await startJob(db, job);
        if (!row) return { kind: 'gone' };
        const listed = await list(row.page_token === null ? newPlace(Date.now()) : (JSON.parse(row.page_token) as ListPlace), {
          ...job,
          missed_after_ms: null,
          async keep(place, failed) {
            await addJobErrors(db, job.job_id, toJobErrors(failed));
            await keepPlace(job.job_id, place);
          },
        });
        await keepPlace(job.job_id, listed.place);
        if (listed.ok) return { kind: 'listed', started_ms: listed.place.started_ms };
        if (isWorthWaiting(listed.failure)) throw laterFailure(listed.failure);
        return { kind: 'failed', code: listed.failure.code, reason: listed.failure.reason };
      }),

    /** Asks for each product that the list did not show, and marks those that TikTok has no more. @throws ApplicationFailure as syncAllProducts */
    checkUnseenProducts: ({ job_id, channel_id, started_ms }: ChannelJob & { started_ms: number }): Promise<{ removed: number }> =>
      heartbeating(async () => {
        const job = await db.selectFrom('jobs').select(['done', 'failed', 'calls']).where('id', '=', job_id).executeTakeFirstOrThrow();
        const counts = await checkUnseen(channel_id, started_ms, async ({ calls, faults }) => {
          await addJobErrors(db, job_id, toJobErrors(faults));
          await progressJob(db, job_id, { done: job.done, failed: job.failed + faults.length, calls: job.calls + calls });
        });
        return { removed: counts.removed };
      }),

    /**
     * Takes what changed at TikTok within this time, or with from_ms null everything. Its place is in the heartbeat: whoever takes over goes on there.
     * @throws ApplicationFailure where TikTok does not answer now, not retryable where waiting does not help; what was taken by then is kept
     */
    syncChangedProducts: (input: ChangedProductsInput): Promise<ChangedProducts> => {
      const context = Context.current();
      let place: ListPlace = (context.info.heartbeatDetails as ListPlace | undefined) ?? newPlace(Date.now());
      const beat = setInterval(() => context.heartbeat(place), 2_000);
      return run().finally(() => {
        clearInterval(beat);
        context.heartbeat(place);
      });

      async function run(): Promise<ChangedProducts> {
        const { channel_id, workspace_id, from_ms, to_ms, missed_after_ms = MISSED_AFTER_MS } = input;
        const listed = await list(place, {
          channel_id,
          workspace_id,
          ...(from_ms !== null && { updated: { from_ms, to_ms } }),
          missed_after_ms: from_ms === null ? null : missed_after_ms,
          keep: (at) => Promise.resolve(context.heartbeat((place = at))),
        });
        context.heartbeat((place = listed.place));
        if (!listed.ok) throw failureOf(listed.failure);
        const { done, failed } = listedTotals(place);
        const unseen = from_ms === null ? await checkUnseen(channel_id, place.started_ms, () => Promise.resolve()) : { calls: 0, removed: 0, faults: [] };
        return { seen: done + failed, changed: place.changed + unseen.removed, missed: place.missed, calls: place.calls + unseen.calls, failed: failed + unseen.faults.length };
      }
    },

    /** Ends the job by what stands in its row, or as failed. */
    async finishProductJob(job: Pick<JobInput, 'job_id'>, failure: { code: ErrorCode; reason: string } | null): Promise<void> {
      const row = await db.selectFrom('jobs').select(['done', 'failed', 'errors']).where('id', '=', job.job_id).executeTakeFirst();
      if (row) await finishJob(db, job.job_id, endOf(row, failure));
    },
  };

  async function keepPlace(jobId: string, place: ListPlace): Promise<void> {
    await progressJob(db, jobId, { ...listedTotals(place), calls: place.calls, page_token: JSON.stringify(place) });
  }

  type Unseen = { calls: number; removed: number; faults: { product_id: string; code: ErrorCode; reason: string }[] };

  async function checkUnseen(channelId: string, startedMs: number, keep: (counts: Unseen) => Promise<void>): Promise<Unseen> {
    const counts: Unseen = { calls: 0, removed: 0, faults: [] };
    const signal = Context.current().cancellationSignal;
    for (let asked = 0; asked < MOST_UNSEEN; ) {
      const unseen = await listUnseenProducts(db, channelId, new Date(startedMs), UNSEEN_AT_ONCE);
      if (unseen.length === 0) break;
      asked += unseen.length;
      await eachInLanes(unseen, LANES, async ({ product_id, sku_ids }) => {
        const { checked, calls } = await check(channelId, product_id, sku_ids, signal);
        counts.calls += calls;
        if (checked.kind === 'unanswered') throw failureOf(checked.failure);
        if (checked.kind === 'removed' && checked.changed) counts.removed += 1;
        if (checked.kind === 'failed') counts.faults.push(checked.fault);
        if (checked.kind !== 'removed') await noteProductSeen(db, channelId, product_id, new Date(Math.max(Date.now(), startedMs)));
      });
      await keep(counts);
    }
    return counts;
  }
}

/** What a job's counts make of it; one that could do nothing at all gives its first reason. */
export function endOf({ done, failed, errors }: { done: number; failed: number; errors: readonly { code: ErrorCode; reason: string }[] }, failure: { code: ErrorCode; reason: string } | null): JobEnd {
  if (failure) return { state: 'failed', ...failure };
  if (failed === 0) return { state: 'succeeded' };
  const [first] = errors;
  return done > 0 || !first ? { state: 'partly_failed' } : { state: 'failed', code: first.code, reason: first.reason };
}
