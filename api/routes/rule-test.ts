import { z } from '@hono/zod-openapi';
import type { Db } from '../../db/client.ts';
import { insertTestExecution } from '../../db/execution-request.repository.ts';
import { newId } from '../../db/ids.ts';
import { findRuleEvent } from '../../db/rule-event.repository.ts';
import { toRule } from '../../db/rule.repository.ts';
import { ACTION_TYPES, RULE_EVENT_TYPES, type Rule, type RuleEvent, type RuleEventType } from '../../domain/contracts/rule.ts';
import { compileRule } from '../../domain/rules/compile.ts';
import { renderAction } from '../../domain/rules/render.ts';
import { NO_TRIGGERS, whyNoTrigger } from '../../domain/rules/trigger.ts';
import { sampleEvent } from '../../domain/sample-event.ts';
import { targetOf } from '../../domain/targets.ts';
import { createRouter, type RequestWorkspace, type Router } from '../context.ts';
import { maySee } from '../event-access.ts';
import { wakeDeliveries } from '../deliveries.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldError } from '../errors.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { conditionResultSchema, toConditionResult } from '../schemas/condition-result.ts';
import { ruleEventSchema, type RuleEventView } from '../schemas/event.ts';
import { requireRule } from './rules.ts';
import { uuid } from '../schemas/uuid.ts';

const body = z
  .strictObject({
    event: z
      .looseObject({ type: z.enum(RULE_EVENT_TYPES).optional() })
      .optional()
      .openapi({ description: 'Fields of a made-up event; the rest is filled in.', example: { diamond_count: 500, gift_name: 'Lion' } }),
    event_id: uuid().optional().openapi({ description: 'A real event instead.' }),
    send: z
      .boolean()
      .default(false)
      .openapi({ description: 'true: the actions are carried out, if the rule fires. Cooldowns are neither asked nor spent.' }),
  })
  .refine(({ event, event_id }) => event === undefined || event_id === undefined, {
    path: ['event_id'],
    message: 'can’t be given together with event',
  })
  .openapi('RuleTest');

const result = z
  .object({
    rule_id: z.uuid(),
    rule_version: z.int(),
    fires: z.boolean().openapi({ description: 'The event is one that the rule waits for, and the conditions hold.' }),
    matched: z.boolean().openapi({ description: 'The conditions hold.' }),
    not_triggered: z
      .enum(NO_TRIGGERS)
      .nullable()
      .openapi({ description: 'Why the event is none that the rule waits for.' }),
    conditions: z.array(conditionResultSchema),
    missing_fields: z.array(z.string()),
    event: ruleEventSchema,
    actions: z.array(z.object({ order: z.int(), action_type: z.enum(ACTION_TYPES), config: z.unknown().openapi({ type: 'object' }) })),
    sent: z.boolean(),
    execution_id: z.uuid().nullable().openapi({ description: 'Where to see how the sending went.' }),
  })
  .openapi('RuleTestResult');

const test = apiRoute({
  method: 'post',
  path: '/api/rules/{id}/test',
  access: 'rules.edit',
  tags: ['Rules'],
  summary: 'Try a rule on an event',
  description: 'Which conditions hold, and the actions as they would be sent. Works for inactive rules; nothing is sent unless asked for.',
  request: { params: idParam, body: jsonBodyOf(body) },
  responses: { 200: jsonAnswer(result, 'What the rule makes of the event.') },
});

export function ruleTestRoutes(deps: ApiDeps): Router {
  const { db } = deps;
  return createRouter().openapi(test, async (c) => {
    const rule = toRule(await requireRule(db, c.get('workspace').id, c.req.valid('param').id));
    const { event: madeUp, event_id, send } = c.req.valid('json');
    const event = event_id === undefined ? makeUp(rule, madeUp ?? {}) : await realEvent(db, c.get('workspace'), event_id);
    const trial = tryRule(rule, event);
    const execution = send && trial.fires ? await sendTest(db, rule, event, event_id ?? null, trial) : null;
    if (execution) await wakeDeliveries(deps, c.get('log'), rule.workspace_id, execution.targets);
    const { matched, fires, not_triggered, conditions, missing_fields, actions } = trial;
    return c.json(
      {
        rule_id: rule.id,
        rule_version: rule.version,
        fires,
        matched,
        not_triggered,
        conditions: conditions.map(toConditionResult),
        missing_fields,
        event: { ...event } as RuleEventView,
        actions: actions.map(({ order, action_type, config }) => ({ order, action_type, config: config as unknown })),
        sent: execution !== null,
        execution_id: execution?.id ?? null,
      },
      200,
    );
  });
}

const makeUp = (rule: Rule, { type, ...fields }: { type?: RuleEventType | undefined; [field: string]: unknown }): RuleEvent =>
  sampleEvent(type ?? rule.event_type, fields, { id: newId(), workspace_id: rule.workspace_id, livestream_id: rule.livestream_id ?? newId(), at: new Date().toISOString() });

async function realEvent(db: Db, workspace: RequestWorkspace, id: string): Promise<RuleEvent> {
  const event = await findRuleEvent(db, workspace.id, id);
  if (!event || !maySee(workspace, event)) throw fieldError('event_id', 'there is no such event in this workspace');
  return event;
}

function tryRule(rule: Rule, event: RuleEvent) {
  const compiled = compileRule(rule);
  const { matched, conditions } = compiled.explain(event);
  const not_triggered = whyNoTrigger(rule, event);
  const actions = [...rule.actions].sort((a, b) => a.order - b.order).map((action) => renderAction(action, event));
  return {
    matched,
    conditions,
    not_triggered,
    fires: matched && not_triggered === null,
    missing_fields: compiled.missingFields(event),
    actions,
  };
}

async function sendTest(
  db: Db,
  rule: Rule,
  event: RuleEvent,
  eventId: string | null,
  { actions, missing_fields }: ReturnType<typeof tryRule>,
) {
  const targeted = actions.map((action) => ({ action, target: targetOf(rule.workspace_id, action) }));
  const id = await insertTestExecution(db, {
    workspace_id: rule.workspace_id,
    rule_id: rule.id,
    rule_version: rule.version,
    livestream_id: eventId !== null && 'livestream_id' in event ? event.livestream_id : null,
    event_id: eventId,
    missing_fields,
    actions: targeted,
  });
  return { id, targets: targeted.map(({ target }) => target) };
}
