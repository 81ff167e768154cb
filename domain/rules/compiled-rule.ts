import type { Condition, LogicOperator, Rule, RuleEvent } from '../contracts/rule.ts';
import { compileCondition, type CompiledCondition, type ConditionTest } from './condition.ts';
import { isMissing, type EventFields } from './field.ts';

export interface ExplainedCondition {
  condition: Condition;
  held: boolean;
  /** What the event had there; undefined for a field that it does not have. */
  actual: unknown;
  /** The field does not exist or has no value, which is why the condition did not hold. */
  missing: boolean;
}

export interface Explanation {
  matched: boolean;
  /** In the rule's order. */
  conditions: ExplainedCondition[];
}

/** The part of a rule that decides about an event; drafts that have no id yet can be compiled too. */
export type RuleLogic = Pick<Rule, 'event_type' | 'livestream_id' | 'logic_operator' | 'conditions' | 'fire_on'>;

export interface CompiledRule<R extends RuleLogic = Rule> {
  rule: R;
  /** Do the conditions hold? Whether the event is one that the rule waits for is isTrigger's question. Allocates nothing. */
  matches(event: RuleEvent): boolean;
  /** The same answer with each condition's part in it. */
  explain(event: RuleEvent): Explanation;
  /** Fields that conditions name and the event does not have, each once. */
  missingFields(event: RuleEvent): string[];
}

/** Compiles a rule once for any number of events. Never throws: what no validation let through simply does not hold. */
export function compileRule<R extends RuleLogic>(rule: R): CompiledRule<R> {
  const conditions = [...rule.conditions].sort((a, b) => a.order - b.order).map(compileCondition);
  const matches = combine(
    rule.logic_operator,
    conditions.map((condition) => condition.test),
  ) as unknown as (event: RuleEvent) => boolean;
  return {
    rule,
    matches,
    explain: (event) => ({ matched: matches(event), conditions: conditions.map((condition) => explainCondition(condition, event)) }),
    missingFields: (event) => missingFields(conditions, event),
  };
}

/** One, two and three conditions, the usual ones, need no loop. */
function combine(logic: LogicOperator, tests: readonly ConditionTest[]): ConditionTest {
  const [a, b, c] = tests;
  if (!a) return () => true;
  if (!b) return a;
  if (!c) return logic === 'AND' ? (event) => a(event) && b(event) : (event) => a(event) || b(event);
  if (tests.length === 3) {
    return logic === 'AND' ? (event) => a(event) && b(event) && c(event) : (event) => a(event) || b(event) || c(event);
  }
  return logic === 'AND' ? (event) => all(tests, event) : (event) => any(tests, event);
}

function all(tests: readonly ConditionTest[], event: EventFields): boolean {
  for (const test of tests) if (!test(event)) return false;
  return true;
}

function any(tests: readonly ConditionTest[], event: EventFields): boolean {
  for (const test of tests) if (test(event)) return true;
  return false;
}

function explainCondition({ condition, read, test }: CompiledCondition, event: RuleEvent): ExplainedCondition {
  const fields = event as unknown as EventFields;
  const actual = read(fields);
  return { condition, held: test(fields), actual, missing: isMissing(actual) };
}

function missingFields(conditions: readonly CompiledCondition[], event: RuleEvent): string[] {
  const fields = event as unknown as EventFields;
  const missing = new Set<string>();
  for (const { condition, read } of conditions) if (isMissing(read(fields))) missing.add(condition.field);
  return [...missing];
}
