import type { DecidedExecution } from '../domain/execution.ts';

/** A decided execution as json_to_recordset reads it. */
export function executionRow(execution: DecidedExecution): object {
  return {
    id: execution.id,
    rule_id: execution.rule.id,
    rule_version: execution.rule.version,
    event_id: execution.event.id,
    status: execution.skip ? 'skipped' : execution.actions.length === 0 ? 'succeeded' : 'pending',
    reason: execution.skip,
    detail: execution.detail,
    missing_fields: execution.missing_fields,
    created_at: execution.event.received_at,
  };
}

/** Its actions, each for itself. */
export function actionRows(execution: DecidedExecution): object[] {
  return execution.actions.map(({ id, target, action, expires_at_ms }) => ({
    id,
    execution_id: execution.id,
    event_id: execution.event.id,
    rule_id: execution.rule.id,
    order: action.order,
    action_type: action.action_type,
    target,
    action,
    expires_at_ms,
    created_at: execution.event.received_at,
  }));
}
