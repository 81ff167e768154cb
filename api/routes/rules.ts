import { z } from '@hono/zod-openapi';
import type { Db } from '../../db/client.ts';
import { activateRule, createRules, deactivateRule, deleteRule, replaceRule } from '../../db/rule-edit.repository.ts';
import { findRule, listRules, type RuleRow } from '../../db/rule.repository.ts';
import { RULE_EVENT_TYPES } from '../../domain/contracts/rule.ts';
import { AppError } from '../../domain/errors.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { readRule } from '../rule-input.ts';
import { idParam } from '../schemas/common.ts';
import { yesOrNo } from '../schemas/query.ts';
import { ruleBody, ruleSchema, toRuleView } from '../schemas/rule.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Rules'];
/** Far more than a rule may hold: what is too large in it is then named by its field, and not refused as a whole. */
export const RULE_BYTES = 2 * 1024 * 1024;

/** The rule, or not_found where it is deleted or none of the workspace's. */
export async function requireRule(db: Db, workspaceId: string, id: string): Promise<RuleRow> {
  const rule = await findRule(db, workspaceId, id);
  if (!rule) throw new AppError('not_found');
  return rule;
}

const create = apiRoute({
  method: 'post',
  path: '/api/rules',
  access: 'rules.edit',
  tags,
  maxBodyBytes: RULE_BYTES,
  summary: 'Make a rule',
  description: 'It is inactive until it is activated.',
  request: { body: jsonBodyOf(ruleBody) },
  responses: { 201: jsonAnswer(ruleSchema, 'The rule.') },
});

const list = apiRoute({
  method: 'get',
  path: '/api/rules',
  access: 'rules.view',
  tags,
  summary: 'List rules, newest first',
  request: {
    query: pageQuery.extend({
      event_type: z.enum(RULE_EVENT_TYPES).optional(),
      is_active: yesOrNo('Only active or only inactive ones.').optional(),
      livestream_id: uuid().optional().openapi({ description: 'Only rules of this livestream alone.' }),
      search: z.string().min(1).max(200).optional().openapi({ description: 'Part of the name, in any case.' }),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(ruleSchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/api/rules/{id}',
  access: 'rules.view',
  tags,
  summary: 'Show a rule',
  request: { params: idParam },
  responses: { 200: jsonAnswer(ruleSchema, 'The rule.') },
});

const replace = apiRoute({
  method: 'put',
  path: '/api/rules/{id}',
  access: 'rules.edit',
  tags,
  maxBodyBytes: RULE_BYTES,
  summary: 'Replace a rule',
  description: 'Running livestreams follow the new version within a second. Whether it is active stays as it is.',
  request: { params: idParam, body: jsonBodyOf(ruleBody) },
  responses: { 200: jsonAnswer(ruleSchema, 'The rule as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/rules/{id}',
  access: 'rules.edit',
  tags,
  summary: 'Delete a rule',
  description: 'What it did stays readable among the executions.',
  request: { params: idParam },
  responses: { 204: { description: 'It is gone.' } },
});

const activate = apiRoute({
  method: 'patch',
  path: '/api/rules/{id}/activate',
  access: 'rules.edit',
  tags,
  summary: 'Activate a rule',
  request: { params: idParam },
  responses: { 200: jsonAnswer(ruleSchema, 'The active rule.') },
});

const deactivate = apiRoute({
  method: 'patch',
  path: '/api/rules/{id}/deactivate',
  access: 'rules.edit',
  tags,
  summary: 'Deactivate a rule',
  request: { params: idParam },
  responses: { 200: jsonAnswer(ruleSchema, 'The inactive rule.') },
});

export function ruleRoutes({ db }: ApiDeps): Router {
  return createRouter()
    .openapi(create, async (c) => {
      const workspaceId = c.get('workspace').id;
      // The raw body: the schema of the route is for the document, and lets pass what a rule must not name.
      const definition = await readRule(db, c.get('workspace'), await c.req.json());
      const [rule] = await createRules(db, workspaceId, c.get('userId'), [definition]);
      return c.json(toRuleView(rule!), 201);
    })
    .openapi(list, async (c) => {
      const { limit, cursor, ...filters } = c.req.valid('query');
      const before = idBefore(cursor);
      const rows = await listRules(db, { workspace_id: c.get('workspace').id, ...filters, ...(before && { before }), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toRuleView), 200);
    })
    .openapi(read, async (c) => c.json(toRuleView(await requireRule(db, c.get('workspace').id, c.req.valid('param').id)), 200))
    .openapi(replace, async (c) => {
      const workspaceId = c.get('workspace').id;
      const { id } = c.req.valid('param');
      await requireRule(db, workspaceId, id);
      const definition = await readRule(db, c.get('workspace'), await c.req.json());
      return c.json(toRuleView(await replaceRule(db, workspaceId, id, definition)), 200);
    })
    .openapi(remove, async (c) => {
      await deleteRule(db, c.get('workspace').id, c.req.valid('param').id);
      return c.body(null, 204);
    })
    .openapi(activate, async (c) => c.json(toRuleView(await activateRule(db, c.get('workspace').id, c.req.valid('param').id)), 200))
    .openapi(deactivate, async (c) => c.json(toRuleView(await deactivateRule(db, c.get('workspace').id, c.req.valid('param').id)), 200));
}
