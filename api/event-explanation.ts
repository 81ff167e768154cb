import type { Db } from '../db/client.ts';
import { listExecutions, withActions, type ExecutionDetail } from '../db/execution.repository.ts';
import { findRuleVersions, rulesAt, type RuleVersion } from '../db/rule.repository.ts';
import type { RuleEvent } from '../domain/contracts/rule.ts';
import { compileRule, type ExplainedCondition } from '../domain/rules/compile.ts';
import { NO_TRIGGERS, whyNoTrigger } from '../domain/rules/trigger.ts';

/** Most rules of one answer. */
export const MAX_EXPLAINED = 1_000;

export const WHY_NOT = [
  ...NO_TRIGGERS.filter((reason) => reason !== 'event_type'),
  'inactive',
  'conditions',
  'not_evaluated',
  'cooldown',
  'user_cooldown',
  'plan_limit',
  'max_age',
] as const;
export type WhyNot = (typeof WHY_NOT)[number];

export interface RuleExplanation {
  rule: RuleVersion;
  fired: boolean;
  /** null where it fired. */
  reason: WhyNot | null;
  message: string;
  conditions: ExplainedCondition[];
  missing_fields: string[];
  execution: ExecutionDetail | null;
}

/**
 * Why each rule of the event's type fired or did not: by the version that an execution names, else by what was valid when
 * the event was received. Rules that fired come first.
 */
export async function explainEvent(db: Db, workspaceId: string, event: RuleEvent): Promise<RuleExplanation[]> {
  const found = await listExecutions(db, { workspace_id: workspaceId, event_id: event.id, limit: MAX_EXPLAINED });
  const executions = await withActions(
    db,
    found.filter(({ is_test }) => !is_test),
  );
  const decided = await findRuleVersions(
    db,
    executions.map(({ execution }) => ({ rule_id: execution.rule_id, version: execution.rule_version })),
  );
  const byRule = new Map(executions.map((detail) => [detail.execution.rule_id, detail]));
  const valid = await rulesAt(db, workspaceId, event.type, new Date(event.received_at), MAX_EXPLAINED);
  const rules = [...decided, ...valid.filter(({ rule_id }) => !byRule.has(rule_id))].slice(0, MAX_EXPLAINED);
  return rules.map((rule) => explainRule(rule, event, byRule.get(rule.rule_id) ?? null));
}

function explainRule(rule: RuleVersion, event: RuleEvent, execution: ExecutionDetail | null): RuleExplanation {
  const compiled = compileRule(rule.definition);
  const { matched, conditions } = compiled.explain(event);
  const reason = execution ? execution.execution.reason : whyNotFired(rule, event, matched);
  return {
    rule,
    fired: reason === null,
    reason,
    message: messageOf(reason, rule, conditions, execution),
    conditions,
    missing_fields: compiled.missingFields(event),
    execution,
  };
}

function whyNotFired({ definition, is_active }: RuleVersion, event: RuleEvent, matched: boolean): WhyNot {
  const trigger = whyNoTrigger(definition, event);
  if (!is_active) return 'inactive';
  if (trigger !== null && trigger !== 'event_type') return trigger;
  return matched ? 'not_evaluated' : 'conditions';
}

function messageOf(
  reason: WhyNot | null,
  rule: RuleVersion,
  conditions: readonly ExplainedCondition[],
  execution: ExecutionDetail | null,
): string {
  const detail = execution?.execution.detail;
  switch (reason) {
    case null:
      return `It fired; the execution is ${execution?.execution.status ?? 'unknown'}${detail ? `: ${detail}` : ''}.`;
    case 'inactive':
      return 'The rule was not active when the event was received.';
    case 'livestream':
      return 'The rule is for another livestream.';
    case 'history':
      return 'TikTok replayed the event on connecting: history fires no rule.';
    case 'streak_not_ended':
      return 'The gift’s streak had not ended; this rule fires on its end (fire_on: streak_end).';
    case 'nothing_added':
      return 'The frame added no gift: it came late or repeated what was counted.';
    case 'no_sale':
      return 'The order was not paid by this change; this rule fires once for each order, when it is paid (fire_on: streak_end).';
    case 'stock_level':
      return 'The stock is neither low nor out nor back; this rule fires for those only (fire_on: streak_end).';
    case 'conditions':
      return failedConditions(conditions, rule.definition.logic_operator);
    case 'not_evaluated':
      return 'The conditions hold, but there is no execution: the rule changed within a second of the event, or its executions are kept no longer.';
    case 'cooldown':
      return `The rule’s cooldown was not over${detail ? ` (${detail})` : ''}.`;
    case 'user_cooldown':
      return `The viewer’s cooldown was not over${detail ? ` (${detail})` : ''}.`;
    case 'plan_limit':
      return detail ?? 'The plan allows fewer active rules.';
    case 'max_age':
      return 'The event was older than max_age_ms when the actions had their turn.';
  }
}

/** The first few that failed, with what the event had there. */
function failedConditions(conditions: readonly ExplainedCondition[], logic: 'AND' | 'OR'): string {
  const failed = conditions.filter(({ held }) => !held).slice(0, 3);
  const words = failed.map(({ condition, actual, missing }) => {
    const wanted = `${condition.field} ${condition.operator} ${JSON.stringify(condition.value)}`;
    return missing ? `${wanted}: the event has no ${condition.field}` : `${wanted}: it was ${shorten(JSON.stringify(actual) ?? 'unknown')}`;
  });
  return `${logic === 'AND' ? 'A condition failed' : 'No condition held'}: ${words.join('; ')}.`;
}

const shorten = (text: string): string => (text.length > 120 ? `${text.slice(0, 119)}…` : text);
