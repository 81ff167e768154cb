import { Context } from '@temporalio/activity';
import { addJobErrors, progressJob, startJob, type JobRow } from '../../../db/job.repository.ts';
import type { ShopItemFailure, ShopResult } from '../../../domain/contracts/shop-api.ts';
import type { JobParams } from '../../../domain/contracts/shop-job.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import { lotsFrom, stateIsAsWished } from '../../../domain/shop/product-update.ts';
import type { ShopAccess, ShopClient } from '../../../tiktok/shop/index.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { ShopCalls } from '../shop-calls.ts';
import type { Db } from '../../../db/client.ts';
import { isWorthWaiting, laterFailure } from './job-failure.ts';
import type { ChannelJob } from './sync-products.activities.ts';

export interface UpdateDeps {
  db: Db;
  tiktok: Pick<ShopClient, 'activateProducts' | 'deactivateProducts' | 'updatePrices' | 'product'>;
  calls: ShopCalls;
}

/** failed: nothing was asked of TikTok, or it refused all. product_ids: to be read again. */
export type Updated = { kind: 'updated'; product_ids: string[] } | { kind: 'failed'; code: ErrorCode; reason: string } | { kind: 'gone' };

type UpdateParams = Extract<JobParams, { kind: 'product_update' }>;
type Switching = Extract<UpdateParams, { product_ids: string[] }>;
type Pricing = Extract<UpdateParams, { action: 'prices' }>;
type Count = { calls: number };

/** Changes of products that a person asked for. */
export function createProductUpdateActivities({ db, tiktok, calls }: UpdateDeps) {
  return {
    /**
     * Does what the job's row asks for, lot by lot; those that are done are in the row, and are not done again by whoever takes over.
     * @throws ApplicationFailure where TikTok does not answer now
     */
    changeProducts: (job: ChannelJob): Promise<Updated> =>
      heartbeating(async () => {
        const row = await startJob(db, job);
        if (!row) return { kind: 'gone' };
        const params = row.params as UpdateParams;
        return params.action === 'prices' ? setPrices(job, row, params) : switchAll(job, row, params);
      }),
  };

  async function switchAll({ job_id, channel_id }: ChannelJob, row: JobRow, params: Switching): Promise<Updated> {
    const count = { done: row.done, failed: row.failed, calls: row.calls };
    for (const lot of lotsFrom(params.product_ids, row.done + row.failed)) {
      const answer = await ask(channel_id, count, (access, signal) => switchLot(access, params.action, lot, count, signal));
      if (!answer.ok) return stopped(job_id, answer, count);
      count.done += lot.length - answer.value.length;
      count.failed += answer.value.length;
      await note(job_id, answer.value, count);
    }
    return { kind: 'updated', product_ids: params.product_ids };
  }

  /** What is already as it was wished did not fail: the same lot may have been sent before. */
  async function switchLot(access: ShopAccess, action: Switching['action'], lot: readonly string[], count: Count, signal: AbortSignal): Promise<ShopResult<ShopItemFailure[]>> {
    const answer = await tiktok[action === 'activate' ? 'activateProducts' : 'deactivateProducts'](access, lot, signal);
    if (!answer.ok) return answer;
    const failures: ShopItemFailure[] = [];
    for (const failure of answer.value) {
      if (failure.code === 'shop_product_state' && failure.id !== null) {
        count.calls += 1;
        const product = await tiktok.product(access, failure.id, signal);
        if (product.ok && stateIsAsWished(action, product.value.status)) continue;
        if (!product.ok && product.retry !== 'never') return product;
      }
      failures.push(failure);
    }
    return { ok: true, value: failures };
  }

  async function setPrices({ job_id, channel_id }: ChannelJob, row: JobRow, { product_id, skus }: Pricing): Promise<Updated> {
    const count = { done: 0, failed: 0, calls: row.calls };
    const answer = await ask(channel_id, count, (access, signal) => tiktok.updatePrices(access, product_id, skus, signal));
    if (!answer.ok) return stopped(job_id, answer, count);
    count.failed = answer.value.length;
    count.done = skus.length - count.failed;
    await note(job_id, answer.value, count);
    return { kind: 'updated', product_ids: [product_id] };
  }

  function ask<T>(channelId: string, count: Count, call: (access: ShopAccess, signal: AbortSignal) => Promise<ShopResult<T>>): Promise<ShopResult<T>> {
    const signal = Context.current().cancellationSignal;
    return calls.withShop(channelId, { signal }, (access) => {
      count.calls += 1;
      return call(access, signal);
    });
  }

  async function note(jobId: string, failures: readonly ShopItemFailure[], count: { done: number; failed: number; calls: number }): Promise<void> {
    // Both or none: a lot that is counted has its reasons.
    await db.transaction().execute(async (trx) => {
      await addJobErrors(trx, jobId, failures.map(({ id, code, reason }) => ({ id, code, reason })));
      await progressJob(trx, jobId, count);
    });
  }

  async function stopped(jobId: string, failure: Extract<ShopResult<never>, { ok: false }>, count: { done: number; failed: number; calls: number }): Promise<Updated> {
    await progressJob(db, jobId, count);
    if (isWorthWaiting(failure)) throw laterFailure(failure);
    return { kind: 'failed', code: failure.code, reason: failure.reason };
  }
}
