import { z } from '@hono/zod-openapi';
import { findRuleEvent } from '../../db/rule-event.repository.ts';
import { AppError } from '../../domain/errors.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { maySee } from '../event-access.ts';
import { explainEvent, MAX_EXPLAINED, WHY_NOT, type RuleExplanation } from '../event-explanation.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { conditionResultSchema, toConditionResult } from '../schemas/condition-result.ts';
import { ruleEventSchema, type RuleEventView } from '../schemas/event.ts';
import { executionDetailSchema, toExecutionDetailView } from '../schemas/execution.ts';

const explanationSchema = z
  .object({
    rule_id: z.uuid(),
    rule_name: z.string(),
    rule_version: z.int().openapi({ description: 'The version that decided.' }),
    rule_deleted: z.boolean(),
    fired: z.boolean(),
    reason: z
      .enum(WHY_NOT)
      .nullable()
      .openapi({ description: 'Why it did not fire, or why what it fired was skipped; null: it fired.' }),
    message: z.string().openapi({ example: 'A condition failed: diamond_count > "100": it was 30.' }),
    logic_operator: z.enum(['AND', 'OR']),
    conditions: z.array(conditionResultSchema),
    missing_fields: z.array(z.string()),
    execution: executionDetailSchema.nullable().openapi({ description: 'With its actions, their attempts and errors.' }),
  })
  .openapi('RuleExplanation');

const explain = apiRoute({
  method: 'get',
  path: '/api/events/{id}/explain',
  access: 'rules.view',
  tags: ['Events'],
  summary: 'Why each rule did or did not fire',
  description: `For rules of the event’s type, as they were when it was received; those that fired first, at most ${MAX_EXPLAINED}.`,
  request: { params: idParam },
  responses: {
    200: jsonAnswer(z.object({ event: ruleEventSchema, rules: z.array(explanationSchema) }).openapi('EventExplanation'), 'The explanation.'),
  },
});

export function eventExplanationRoutes({ db }: ApiDeps): Router {
  return createRouter().openapi(explain, async (c) => {
    const workspaceId = c.get('workspace').id;
    const event = await findRuleEvent(db, workspaceId, c.req.valid('param').id);
    if (!event || !maySee(c.get('workspace'), event)) throw new AppError('not_found');
    const rules = await explainEvent(db, workspaceId, event);
    return c.json({ event: { ...event } as RuleEventView, rules: rules.map(toView) }, 200);
  });
}

const toView = ({
  rule,
  fired,
  reason,
  message,
  conditions,
  missing_fields,
  execution,
}: RuleExplanation): z.infer<typeof explanationSchema> => ({
  rule_id: rule.rule_id,
  rule_name: rule.definition.name,
  rule_version: rule.version,
  rule_deleted: rule.deleted_at !== null,
  fired,
  reason,
  message,
  logic_operator: rule.definition.logic_operator,
  conditions: conditions.map(toConditionResult),
  missing_fields,
  execution: execution && toExecutionDetailView(execution),
});
