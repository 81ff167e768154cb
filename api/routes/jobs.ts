import { findJob, listJobs } from '../../db/job.repository.ts';
import { JOB_KINDS, JOB_STATES } from '../../domain/contracts/shop-job.ts';
import { AppError } from '../../domain/errors.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { EXAMPLE_ID, idParam } from '../schemas/common.ts';
import { jobSchema, listedJobSchema, toJob, toListedJob } from '../schemas/job.ts';
import { oneOrMore } from '../schemas/query.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Jobs'];

const list = apiRoute({
  method: 'get',
  path: '/jobs',
  access: 'jobs.view',
  tags,
  summary: 'List jobs, newest first',
  request: {
    query: pageQuery.extend({
      channel_uid: uuid().optional().openapi({ example: EXAMPLE_ID, description: 'Only of this channel.' }),
      kind: oneOrMore(JOB_KINDS, 'Only these kinds.').optional(),
      state: oneOrMore(JOB_STATES, 'Only these states.').optional(),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(listedJobSchema), 'One page.') },
});

const get = apiRoute({
  method: 'get',
  path: '/jobs/{id}',
  access: 'jobs.view',
  tags,
  summary: 'Show a job: how far it is, and what failed',
  request: { params: idParam },
  responses: { 200: jsonAnswer(jobSchema, 'The job.') },
});

/** Long work that a person started: syncs, backfills, changes of many products or SKUs. */
export function jobRoutes({ db }: ApiDeps): Router {
  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor, channel_uid, ...filter } = c.req.valid('query');
      const rows = await listJobs(db, { ...filter, channel_id: channel_uid, workspace_id: c.get('workspace').id, before: idBefore(cursor), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toListedJob), 200);
    })
    .openapi(get, async (c) => {
      const job = await findJob(db, c.get('workspace').id, c.req.valid('param').id);
      if (!job) throw new AppError('not_found', 'job');
      return c.json(toJob(job), 200);
    });
}
