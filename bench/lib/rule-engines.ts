import jsonLogic, { type RulesLogic } from 'json-logic-js';
import { Engine, type RuleProperties } from 'json-rules-engine';
import type { LiveEvent } from '../../domain/contracts/live-event.ts';
import type { Condition, Rule } from '../../domain/contracts/rule.ts';
import { compileRule, compileRuleSet } from '../../domain/rules/compile.ts';
import { listOf, numberOf } from '../../domain/rules/value.ts';

export interface RuleEngine {
  name: string;
  /** Asks every rule of an event's type about it; gives the number of matches. */
  evaluate(events: readonly LiveEvent[]): number | Promise<number>;
}

/** Ours without its index of rules: for the same number of evaluations as the others. */
export function showrunner(rules: readonly Rule[]): RuleEngine {
  const byType = groupByType(rules, (ofType) => ofType.map(compileRule));
  return {
    name: 'showrunner',
    evaluate: (events) => {
      let matches = 0;
      for (const event of events) {
        for (const rule of byType.get(event.type) ?? []) if (rule.matches(event)) matches += 1;
      }
      return matches;
    },
  };
}

/** Ours as the consumer uses it: rules of other event types are not even asked. */
export function showrunnerRuleSet(rules: readonly Rule[]): RuleEngine {
  const ruleSet = compileRuleSet(rules);
  let matches = 0;
  const onMatch = (): void => {
    matches += 1;
  };
  return {
    name: 'showrunner, rule set',
    evaluate: (events) => {
      matches = 0;
      for (const event of events) ruleSet.evaluate(event, onMatch);
      return matches;
    },
  };
}

const NEGATIONS: Partial<Record<Condition['operator'], Condition['operator']>> = { not_contains: 'contains', not_in: 'in' };

/** It has no search without case: that is added, with the word lower-cased beforehand. */
export function jsonLogicJs(rules: readonly Rule[]): RuleEngine {
  jsonLogic.add_operation('contains', (text: unknown, word: string) => typeof text === 'string' && text.toLowerCase().includes(word));
  const byType = groupByType(rules, (ofType) =>
    ofType.map((rule) => ({ [rule.logic_operator.toLowerCase()]: rule.conditions.map(toLogic) }) as unknown as RulesLogic),
  );
  return {
    name: 'json-logic-js',
    evaluate: (events) => {
      let matches = 0;
      for (const event of events) {
        for (const logic of byType.get(event.type) ?? []) if (jsonLogic.apply(logic, event)) matches += 1;
      }
      return matches;
    },
  };
}

function toLogic(condition: Condition): object {
  const positive = NEGATIONS[condition.operator];
  if (positive) return { '!': [toLogic({ ...condition, operator: positive })] };
  const read = { var: condition.field };
  const operator = condition.operator === '==' || condition.operator === '!=' ? `${condition.operator}=` : condition.operator;
  return { [operator]: [read, peerValue(condition)] };
}

const ENGINE_OPERATORS: Record<Condition['operator'], string> = {
  '==': 'equal',
  '!=': 'notEqual',
  '>': 'greaterThan',
  '>=': 'greaterThanInclusive',
  '<': 'lessThan',
  '<=': 'lessThanInclusive',
  contains: 'containsText',
  not_contains: 'doesNotContainText',
  in: 'in',
  not_in: 'notIn',
};

/** One engine for each event type, as its documentation advises for rules about different things. */
export function jsonRulesEngine(rules: readonly Rule[]): RuleEngine {
  const byType = groupByType(rules, (ofType) => {
    const engine = new Engine(ofType.map(toEngineRule), { allowUndefinedFacts: true });
    engine.addOperator('containsText', (text: unknown, word: string) => typeof text === 'string' && text.toLowerCase().includes(word));
    engine.addOperator(
      'doesNotContainText',
      (text: unknown, word: string) => typeof text === 'string' && !text.toLowerCase().includes(word),
    );
    return engine;
  });
  return {
    name: 'json-rules-engine',
    evaluate: async (events) => {
      let matches = 0;
      for (const event of events) {
        const result = await byType.get(event.type)?.run(event);
        matches += result?.events.length ?? 0;
      }
      return matches;
    },
  };
}

function toEngineRule(rule: Rule): RuleProperties {
  const conditions = rule.conditions.map((condition) => ({
    fact: condition.field,
    operator: ENGINE_OPERATORS[condition.operator],
    value: peerValue(condition),
  }));
  return { name: rule.id, conditions: rule.logic_operator === 'AND' ? { all: conditions } : { any: conditions }, event: { type: rule.id } };
}

/** The peers take a value's type as it stands: they get it as ours would make it, once, before the clock runs. */
function peerValue({ operator, value }: Condition): unknown {
  switch (operator) {
    case 'in':
    case 'not_in':
      return listOf(value).map((item) => item.text);
    case 'contains':
    case 'not_contains':
      return String(value).toLowerCase();
    default:
      return typeof value === 'string' && !Number.isNaN(numberOf(value)) ? numberOf(value) : value;
  }
}

function groupByType<T>(rules: readonly Rule[], make: (ofType: Rule[]) => T): Map<string, T> {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) groups.set(rule.event_type, [...(groups.get(rule.event_type) ?? []), rule]);
  return new Map([...groups].map(([type, ofType]) => [type, make(ofType)]));
}
