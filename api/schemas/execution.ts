import { z } from '@hono/zod-openapi';
import type { ExecutionDetail, ExecutionRow } from '../../db/execution.repository.ts';
import { ACTION_STATUSES, EXECUTION_STATUSES } from '../../domain/contracts/action.ts';
import { ACTION_TYPES } from '../../domain/contracts/rule.ts';
import { iso, isoOrNull } from './query.ts';

const executionFields = {
  id: z.uuid(),
  rule_id: z.uuid(),
  rule_name: z.string(),
  rule_version: z.int().openapi({ description: 'What the rule said when it decided.' }),
  livestream_id: z.uuid().nullable(),
  event_id: z.uuid().nullable().openapi({ description: 'null: a test with a made-up event.' }),
  is_test: z.boolean(),
  status: z.enum(EXECUTION_STATUSES),
  reason: z.string().nullable().openapi({ description: 'Why it was skipped: cooldown, user_cooldown, plan_limit, max_age.' }),
  detail: z.string().nullable().openapi({ description: 'In words: the cooldown left, the first error.' }),
  missing_fields: z.array(z.string()).openapi({ description: 'Fields that conditions name and the event did not have.' }),
  created_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  duration_ms: z.int().nullable(),
};

export const executionSchema = z.object(executionFields).openapi('Execution');

const attemptSchema = z.object({
  attempt: z.int(),
  started_at: z.iso.datetime(),
  duration_ms: z.int(),
  outcome: z.enum(['succeeded', 'retryable', 'failed']),
  code: z.string().nullable().openapi({ description: 'A code of docs/errors.md.' }),
  error: z.string().nullable(),
  response_status: z.int().nullable(),
});

const actionSchema = z.object({
  id: z.uuid().openapi({ description: 'Also the idempotency key of every attempt.' }),
  order: z.int(),
  action_type: z.enum(ACTION_TYPES),
  target: z.string(),
  config: z.unknown().openapi({ type: 'object', description: 'As sent: with its templates filled in.' }),
  status: z.enum(ACTION_STATUSES),
  error_code: z.string().nullable(),
  error: z.string().nullable(),
  response: z.object({ status: z.int().optional(), body: z.string().optional() }).nullable(),
  latency_ms: z.int().nullable().openapi({ description: 'From the event’s reception to success.' }),
  expires_at: z.iso.datetime().nullable(),
  finished_at: z.iso.datetime().nullable(),
  attempts: z.array(attemptSchema),
});

export const executionDetailSchema = z.object({ ...executionFields, actions: z.array(actionSchema) }).openapi('ExecutionDetail');

export const toExecutionView = (row: ExecutionRow): z.infer<typeof executionSchema> => ({
  id: row.id,
  rule_id: row.rule_id,
  rule_name: row.rule_name,
  rule_version: row.rule_version,
  livestream_id: row.livestream_id,
  event_id: row.event_id,
  is_test: row.is_test,
  status: row.status,
  reason: row.reason,
  detail: row.detail,
  missing_fields: row.missing_fields ?? [],
  created_at: iso(row.created_at),
  finished_at: isoOrNull(row.finished_at),
  duration_ms: row.duration_ms,
});

export const toExecutionDetailView = ({ execution, actions }: ExecutionDetail): z.infer<typeof executionDetailSchema> => ({
  ...toExecutionView(execution),
  actions: actions.map(({ action, attempts }) => ({
    id: action.id,
    order: action.order,
    action_type: action.action_type,
    target: action.target,
    config: action.action.config as unknown,
    status: action.status,
    error_code: action.error_code,
    error: action.error,
    response: action.response,
    latency_ms: action.latency_ms,
    expires_at: isoOrNull(action.expires_at),
    finished_at: isoOrNull(action.finished_at),
    attempts: attempts.map(({ attempt, started_at, duration_ms, outcome, code, error, response_status }) => ({
      attempt,
      started_at: iso(started_at),
      duration_ms,
      outcome,
      code,
      error,
      response_status,
    })),
  })),
});
