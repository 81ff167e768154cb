import { z } from '@hono/zod-openapi';
import { createRules, MAX_NEW_RULES } from '../../db/rule-edit.repository.ts';
import { listRules } from '../../db/rule.repository.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldError } from '../errors.ts';
import { idBefore, pageQuery, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { readRules } from '../rule-input.ts';
import { importBody, ruleBody, ruleSchema, toDefinitionView, toRuleView } from '../schemas/rule.ts';

const tags = ['Rules'];
const FORMAT = 'showrunner.rules/1';
const IMPORT_BYTES = 2 * 1024 * 1024;

const exportRules = apiRoute({
  method: 'get',
  path: '/api/rules/export',
  access: 'rules.view',
  tags,
  summary: 'Export rules as JSON',
  description: 'Newest first, as many at a time as one import takes. Devices and livestreams are named by their ids in this workspace.',
  request: { query: pageQuery.extend({ limit: z.coerce.number().int().min(1).max(MAX_NEW_RULES).default(MAX_NEW_RULES) }) },
  responses: {
    200: jsonAnswer(
      z
        .object({ format: z.literal(FORMAT), exported_at: z.iso.datetime(), rules: z.array(ruleBody), next_cursor: z.string().nullable() })
        .openapi('RuleExport'),
      'The rules.',
    ),
  },
});

const importRules = apiRoute({
  method: 'post',
  path: '/api/rules/import',
  access: 'rules.edit',
  maxBodyBytes: IMPORT_BYTES,
  tags,
  summary: 'Import rules from JSON',
  description: `Up to ${MAX_NEW_RULES} rules, all or none: they are checked before anything is stored, and every fault names its rule as rules.<index>. Imported rules are new and inactive.`,
  request: { body: jsonBodyOf(importBody) },
  responses: { 201: jsonAnswer(z.object({ imported: z.int(), rules: z.array(ruleSchema) }), 'What was stored.') },
});

export function ruleTransferRoutes({ db }: ApiDeps): Router {
  return createRouter()
    .openapi(exportRules, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const before = idBefore(cursor);
      const rows = await listRules(db, { workspace_id: c.get('workspace').id, ...(before && { before }), limit: limit + 1 });
      const { items, next_cursor } = toIdPage(rows, limit, toDefinitionView);
      return c.json({ format: FORMAT, exported_at: new Date().toISOString(), rules: items, next_cursor } as const, 200);
    })
    .openapi(importRules, async (c) => {
      const { rules: inputs } = c.req.valid('json');
      if (inputs.length > MAX_NEW_RULES) throw fieldError('rules', `must not have more than ${MAX_NEW_RULES} entries`);
      const workspaceId = c.get('workspace').id;
      const rules = await createRules(db, workspaceId, c.get('userId'), await readRules(db, c.get('workspace'), inputs));
      return c.json({ imported: rules.length, rules: rules.map(toRuleView) }, 201);
    });
}
