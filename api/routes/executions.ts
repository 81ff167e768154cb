import { z } from '@hono/zod-openapi';
import type { Db } from '../../db/client.ts';
import { retryExecution } from '../../db/execution-request.repository.ts';
import { executionStats, findExecution, listExecutions, type ExecutionDetail } from '../../db/execution.repository.ts';
import { EXECUTION_STATUSES } from '../../domain/contracts/action.ts';
import { AppError } from '../../domain/errors.ts';
import { createRouter, type Router } from '../context.ts';
import { wakeDeliveries } from '../deliveries.ts';
import type { ApiDeps } from '../deps.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { EXAMPLE_ID, idParam } from '../schemas/common.ts';
import { executionDetailSchema, executionSchema, toExecutionDetailView, toExecutionView } from '../schemas/execution.ts';
import { instant, oneOrMore } from '../schemas/query.ts';
import { requireRule } from './rules.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Executions'];
const period = { from: instant('Not before.').optional(), to: instant('Before.').optional() };
const filters = {
  livestream_id: uuid().optional(),
  event_id: uuid().optional(),
  status: oneOrMore(EXECUTION_STATUSES, 'Only these statuses.').optional(),
  ...period,
};

const list = apiRoute({
  method: 'get',
  path: '/api/executions',
  access: 'rules.view',
  tags,
  summary: 'List executions, newest first',
  request: { query: pageQuery.extend({ rule_id: uuid().optional(), ...filters }) },
  responses: { 200: jsonAnswer(pageSchema(executionSchema), 'One page.') },
});

const listOfRule = apiRoute({
  method: 'get',
  path: '/api/rules/{id}/executions',
  access: 'rules.view',
  tags,
  summary: 'List a rule’s executions, newest first',
  request: { params: idParam, query: pageQuery.extend(filters) },
  responses: { 200: jsonAnswer(pageSchema(executionSchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/api/executions/{id}',
  access: 'rules.view',
  tags,
  summary: 'Show an execution with its actions and their attempts',
  request: { params: idParam },
  responses: { 200: jsonAnswer(executionDetailSchema, 'The execution.') },
});

const retry = apiRoute({
  method: 'post',
  path: '/api/executions/{id}/retry',
  access: 'rules.edit',
  tags,
  summary: 'Repeat what failed in an execution',
  description: 'Actions that succeeded are not repeated, max_age does not count, and each keeps its idempotency key.',
  request: { params: idParam },
  responses: { 202: jsonAnswer(executionDetailSchema, 'It is under way.') },
});

const stats = apiRoute({
  method: 'get',
  path: '/api/rules/{id}/stats',
  access: 'rules.view',
  tags,
  summary: 'How a rule did',
  description: 'Tests don’t count. fired is all but skipped.',
  request: { params: idParam, query: z.object(period) },
  responses: {
    200: jsonAnswer(
      z
        .object({
          rule_id: z.uuid(),
          fired: z.int(),
          succeeded: z.int(),
          failed: z.int(),
          pending: z.int(),
          skipped: z.int(),
          p50_duration_ms: z.int().nullable(),
          p99_duration_ms: z.int().nullable(),
        })
        .openapi('RuleStats', {
          example: {
            rule_id: EXAMPLE_ID,
            fired: 120,
            succeeded: 117,
            failed: 2,
            pending: 1,
            skipped: 14,
            p50_duration_ms: 4,
            p99_duration_ms: 38,
          },
        }),
      'The figures.',
    ),
  },
});

export function executionRoutes(deps: ApiDeps): Router {
  const { db } = deps;
  return createRouter()
    .openapi(list, async (c) => c.json(await page(db, c.get('workspace').id, c.req.valid('query')), 200))
    .openapi(listOfRule, async (c) => {
      const rule = await requireRule(db, c.get('workspace').id, c.req.valid('param').id);
      return c.json(await page(db, rule.workspace_id, { ...c.req.valid('query'), rule_id: rule.id }), 200);
    })
    .openapi(read, async (c) =>
      c.json(toExecutionDetailView(await requireExecution(db, c.get('workspace').id, c.req.valid('param').id)), 200),
    )
    .openapi(retry, async (c) => {
      const { id } = c.req.valid('param');
      const workspaceId = c.get('workspace').id;
      await wakeDeliveries(deps, c.get('log'), workspaceId, await retryExecution(db, workspaceId, id));
      return c.json(toExecutionDetailView(await requireExecution(db, workspaceId, id)), 202);
    })
    .openapi(stats, async (c) => {
      const rule = await requireRule(db, c.get('workspace').id, c.req.valid('param').id);
      const { from, to } = c.req.valid('query');
      return c.json({ rule_id: rule.id, ...(await executionStats(db, rule.id, from, to)) }, 200);
    });
}

type PageQuery = z.infer<typeof list.request.query>;

async function page(db: Db, workspaceId: string, { limit, cursor, ...query }: PageQuery) {
  const before = idBefore(cursor);
  const rows = await listExecutions(db, { workspace_id: workspaceId, ...query, ...(before && { before }), limit: limit + 1 });
  return toIdPage(rows, limit, toExecutionView);
}

/** The execution, or not_found where it is none of the workspace's. */
export async function requireExecution(db: Db, workspaceId: string, id: string): Promise<ExecutionDetail> {
  const execution = await findExecution(db, workspaceId, id);
  if (!execution) throw new AppError('not_found');
  return execution;
}
