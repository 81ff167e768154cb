import type { Db } from '../../../db/client.ts';
import { countJobRequests, listInventoryRequests, listJobChannels } from '../../../db/inventory-request.repository.ts';
import { addJobErrors, finishJob, progressJob, startJob } from '../../../db/job.repository.ts';
import { MAX_JOB_ERRORS, type JobInput } from '../../../domain/contracts/shop-job.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';

export interface UpdateInventoryDeps {
  db: Db;
  workflows: Pick<ShopWorkflows, 'wakeStock'>;
}

/** Follows a job whose work is done by the channels' own workflows. */
export function createUpdateInventory({ db, workflows }: UpdateInventoryDeps) {
  return {
    /** Wakes every channel that the job is about. @throws where Temporal can not be reached: it is tried again */
    async startInventoryJob(job: JobInput): Promise<void> {
      await startJob(db, job);
      for (const channel of await listJobChannels(db, job.job_id)) await workflows.wakeStock(channel);
    },

    /** Writes down how far the job is; ends it once no request is open. @returns whether it has ended */
    async followInventoryJob({ job_id, workspace_id }: JobInput): Promise<boolean> {
      const { total, open, failed } = await countJobRequests(db, job_id);
      await progressJob(db, job_id, { done: total - open - failed, failed, calls: 0, total });
      if (open > 0) return false;
      const failures = await listInventoryRequests(db, { workspace_id, job_id, state: ['failed'], limit: MAX_JOB_ERRORS });
      await addJobErrors(db, job_id, failures.map(({ sku_id, seller_sku, state_code, state_reason }) => ({ id: sku_id ?? seller_sku, code: state_code ?? 'shop_refused', reason: state_reason ?? '' })));
      await finishJob(db, job_id, { state: failed > 0 ? 'partly_failed' : 'succeeded' });
      return true;
    },
  };
}
