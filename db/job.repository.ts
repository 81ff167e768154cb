import { sql, type Transaction } from 'kysely';
import { MAX_JOB_ERRORS, type JobError, type JobInput, type JobKind, type JobParams, type JobState } from '../domain/contracts/shop-job.ts';
import { AppError, type ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database, Row } from './schema.ts';

export type JobRow = Row<'jobs'>;

export interface NewJob {
  workspace_id: string;
  /** null: of several channels. */
  channel_id: string | null;
  kind: JobKind;
  params: JobParams;
  total?: number | null;
  created_by: string | null;
}

/** Totals so far, not differences: said twice they change nothing. */
export interface JobStep {
  done: number;
  failed: number;
  calls: number;
  /** Left as it is where absent. */
  total?: number | null;
  page_token?: string | null;
}

export type JobEnd = { state: 'succeeded' | 'partly_failed' } | { state: 'failed'; code: ErrorCode; reason: string };

const OPEN_STATES: readonly JobState[] = ['queued', 'running'];
/** The job that has the place may end between the two statements. */
const CREATE_TRIES = 5;

/**
 * Keeps a job, to be started. Of a channel's product_sync there is one at a time: while one is open, a second gets the first one's id.
 * @throws AppError conflict where other syncs of the channel end faster than this one can be kept
 */
export async function createJob(db: Db | Transaction<Database>, job: NewJob): Promise<string> {
  const { total = null, params, ...row } = job;
  for (let attempt = 0; attempt < CREATE_TRIES; attempt += 1) {
    const created = await db
      .insertInto('jobs')
      .values({ ...row, id: newId(), state: 'queued', state_code: null, state_reason: null, params: jsonbText(params), total, errors: '[]', page_token: null, started_at: null, finished_at: null })
      .onConflict((conflict) => conflict.column('channel_id').where('kind', '=', 'product_sync').where('state', 'in', [sql.lit<JobState>('queued'), sql.lit<JobState>('running')]).doNothing())
      .returning('id')
      .executeTakeFirst();
    if (created) return created.id;
    const open = await db.selectFrom('jobs').select('id').where('channel_id', '=', job.channel_id).where('kind', '=', job.kind).where('state', 'in', OPEN_STATES).executeTakeFirst();
    if (open) return open.id;
  }
  throw new AppError('conflict', 'another sync of this channel ended just now: try again');
}

/** Said by the job's workflow when it begins; a repeat changes nothing. @returns undefined where the job is gone or has ended */
export const startJob = (db: Db, { job_id, workspace_id }: Pick<JobInput, 'job_id' | 'workspace_id'>): Promise<JobRow | undefined> =>
  db
    .updateTable('jobs')
    .set({ state: 'running', started_at: sql<Date>`coalesce(started_at, now())` })
    .where('id', '=', job_id)
    .where('workspace_id', '=', workspace_id)
    .where('state', 'in', OPEN_STATES)
    .returningAll()
    .executeTakeFirst();

/** How far the job is. Only the job's own workflow says so; nothing happens to one that has ended. */
export async function progressJob(db: Db | Transaction<Database>, jobId: string, { done, failed, calls, total, page_token }: JobStep): Promise<void> {
  await db
    .updateTable('jobs')
    .set({ done, failed, calls, ...(total === undefined ? {} : { total }), ...(page_token === undefined ? {} : { page_token }) })
    .where('id', '=', jobId)
    .where('state', 'in', OPEN_STATES)
    .execute();
}

/** Adds what could not be done; the same one again changes nothing, and beyond MAX_JOB_ERRORS nothing is kept. */
export async function addJobErrors(db: Db | Transaction<Database>, jobId: string, errors: readonly JobError[]): Promise<void> {
  if (errors.length === 0) return;
  const added = jsonbText(errors.slice(0, MAX_JOB_ERRORS));
  await sql`
    update jobs set errors = (
      select jsonb_agg(error order by place) from (
        select error, min(place) as place from jsonb_array_elements(jobs.errors || ${added}::jsonb) with ordinality as listed (error, place)
        group by error order by min(place) limit ${MAX_JOB_ERRORS}
      ) as kept
    ) where id = ${jobId}`.execute(db);
}

/** Ends the job; one that has ended stays as it is. */
export async function finishJob(db: Db | Transaction<Database>, jobId: string, end: JobEnd): Promise<void> {
  const { code, reason } = end.state === 'failed' ? end : { code: null, reason: null };
  await db
    .updateTable('jobs')
    .set({ state: end.state, state_code: code, state_reason: reason, page_token: null, finished_at: sql<Date>`now()` })
    .where('id', '=', jobId)
    .where('state', 'in', OPEN_STATES)
    .execute();
}

export const findJob = (db: Db, workspaceId: string, id: string): Promise<JobRow | undefined> =>
  db.selectFrom('jobs').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();

export interface JobQuery {
  workspace_id: string;
  channel_id?: string | undefined;
  kind?: readonly JobKind[] | undefined;
  state?: readonly JobState[] | undefined;
  before?: string | undefined;
  limit: number;
}

/** Newest first. */
export const listJobs = (db: Db, { workspace_id, channel_id, kind, state, before, limit }: JobQuery): Promise<JobRow[]> =>
  db
    .selectFrom('jobs')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(channel_id !== undefined, (query) => query.where('channel_id', '=', channel_id ?? ''))
    .$if(kind !== undefined, (query) => query.where('kind', 'in', kind ?? []))
    .$if(state !== undefined, (query) => query.where('state', 'in', state ?? []))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** Jobs that have been open for so long, oldest first: Temporal may have been away when they were to be started. */
export async function listOpenJobs(db: Db, { olderThanMs, limit }: { olderThanMs: number; limit: number }): Promise<(JobInput & { kind: JobKind })[]> {
  const { rows } = await sql<JobInput & { kind: JobKind }>`
    select id as job_id, workspace_id, channel_id, kind from jobs
    where state in ('queued', 'running') and created_at < now() - make_interval(secs => ${olderThanMs / 1_000}::float8)
    order by created_at limit ${limit}`.execute(db);
  return rows;
}
