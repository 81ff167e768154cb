import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../../../db/client.ts';
import { listOpenJobs } from '../../../db/job.repository.ts';
import type { JobKind } from '../../../domain/contracts/shop-job.ts';
import { jobWorkflowId, taskQueue } from '../../../domain/names.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';

export interface SweepJobsDeps {
  db: Db;
  client: Client;
  taskQueuePrefix: string;
  logger: Pick<Logger, 'info'>;
  /** How long the API has to start a job itself, milliseconds. */
  openForMs?: number;
}

const WORKFLOWS: Readonly<Record<JobKind, string>> = { product_sync: 'syncProducts', order_backfill: 'backfillOrders', inventory_update: 'updateInventory', product_update: 'updateProducts' };
const MOST = 500;
const AT_ONCE = 10;
const START_MS = 5_000;

export function createSweepJobs({ db, client, taskQueuePrefix, logger, openForMs = 30_000 }: SweepJobsDeps) {
  return {
    /** Starts the workflow of jobs that have none, because Temporal was away or has forgotten them; where one runs nothing happens. @returns how many are open */
    async sweepJobs(): Promise<number> {
      const jobs = await listOpenJobs(db, { olderThanMs: openForMs, limit: MOST });
      await eachInLanes(jobs, AT_ONCE, async ({ kind, ...input }) => {
        await client.withDeadline(Date.now() + START_MS, () =>
          client.workflow.start(WORKFLOWS[kind], {
            taskQueue: taskQueue('shop', taskQueuePrefix),
            workflowId: jobWorkflowId(input.job_id),
            workflowIdConflictPolicy: 'USE_EXISTING',
            args: [input],
            staticSummary: `Job ${kind}`,
          }),
        );
      });
      if (jobs.length > 0) logger.info({ count: jobs.length }, 'open jobs have their workflows');
      return jobs.length;
    },
  };
}
