import { z } from '@hono/zod-openapi';
import type { JobRow } from '../../db/job.repository.ts';
import { JOB_KINDS, JOB_STATES } from '../../domain/contracts/shop-job.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { EXAMPLE_ID, EXAMPLE_TIME } from './common.ts';
import { iso, isoOrNull } from './query.ts';

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
const count = z.int().min(0);

export const jobErrorSchema = z.object({
  id: z.string().nullable().openapi({ example: '1729592969712207000', description: 'Of the product, SKU or order; null: TikTok named none.' }),
  code: z.enum(codes).openapi({ example: 'shop_product_state' }),
  reason: z.string().openapi({ example: 'TikTok 12052901: The product status DRAFT does not allow this operation. (request 2026112107…)' }),
});

export const jobSchema = z
  .object({
    id: z.uuid().openapi({ example: EXAMPLE_ID }),
    channel_uid: z.uuid().nullable().openapi({ example: EXAMPLE_ID, description: 'null: of several channels.' }),
    kind: z.enum(JOB_KINDS).openapi({ example: 'product_sync' }),
    state: z.enum(JOB_STATES).openapi({ example: 'running', description: 'partly_failed: done, and what failed is in errors.' }),
    state_code: z.enum(codes).nullable().openapi({ example: null, description: 'Why it failed.' }),
    state_reason: z.string().nullable().openapi({ example: null, description: 'The same for people, in TikTok’s words where it said no.' }),
    total: count.nullable().openapi({ example: 250, description: 'Items there are to do; null: not known yet.' }),
    done: count.openapi({ example: 100 }),
    failed: count.openapi({ example: 0 }),
    calls: count.openapi({ example: 1, description: 'Calls to TikTok.' }),
    errors: z.array(jobErrorSchema).openapi({ example: [], description: 'The first 200.' }),
    created_by: z.uuid().nullable().openapi({ example: EXAMPLE_ID }),
    created_at: z.string().openapi({ format: 'date-time', example: EXAMPLE_TIME }),
    started_at: z.string().nullable().openapi({ format: 'date-time', example: EXAMPLE_TIME }),
    finished_at: z.string().nullable().openapi({ format: 'date-time', example: null }),
  })
  .openapi('Job');

/** In lists without its errors, which may be many. */
export const listedJobSchema = jobSchema.omit({ errors: true }).openapi('ListedJob');

export function toJob({ params: _params, page_token: _place, channel_id, workspace_id: _workspace, errors, ...job }: JobRow): z.infer<typeof jobSchema> {
  return { ...job, errors, channel_uid: channel_id, created_at: iso(job.created_at), started_at: isoOrNull(job.started_at), finished_at: isoOrNull(job.finished_at) };
}

export function toListedJob(row: JobRow): z.infer<typeof listedJobSchema> {
  const { errors: _errors, ...job } = toJob(row);
  return job;
}

/** 202 of whatever starts a job. */
export const startedJobSchema = z
  .object({
    job_id: z.uuid().openapi({ example: EXAMPLE_ID }),
    job: listedJobSchema,
  })
  .openapi('StartedJob');

export const jobLocation = z.object({ Location: z.string().openapi({ example: `/jobs/${EXAMPLE_ID}`, description: 'Where the job is shown.' }) });
