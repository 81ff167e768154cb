import { createJob, findJob, type JobRow, type NewJob } from '../db/job.repository.ts';
import type { Db } from '../db/client.ts';
import type { Logger } from 'pino';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

export interface StartJobDeps {
  db: Db;
  temporal: { shop: Pick<ApiDeps['temporal']['shop'], 'startJob' | 'awaitJob'> };
}

/** Keeps the job and has its workflow started; where Temporal is away, the sweep does that within a minute. */
export async function startJob({ db, temporal }: StartJobDeps, job: NewJob, log: Pick<Logger, 'warn'>): Promise<JobRow> {
  const job_id = await createJob(db, job);
  const { workspace_id, channel_id } = job;
  await temporal.shop
    .startJob(job.kind, { job_id, workspace_id, channel_id })
    .catch((error: unknown) => log.warn({ err: error, job_id }, 'the job is kept; the sweep has it started'));
  return requireJob(db, workspace_id, job_id);
}

/** The job as it is when it has ended, or when so many milliseconds are over. */
export async function awaitJob({ db, temporal }: StartJobDeps, { id, workspace_id }: JobRow, ms: number, log: Pick<Logger, 'warn'>): Promise<JobRow> {
  await temporal.shop.awaitJob(id, ms).catch((error: unknown) => log.warn({ err: error, job_id: id }, 'the job could not be waited for'));
  return requireJob(db, workspace_id, id);
}

async function requireJob(db: Db, workspaceId: string, id: string): Promise<JobRow> {
  const row = await findJob(db, workspaceId, id);
  if (!row) throw new ApiError('not_found', { detail: 'job' });
  return row;
}
