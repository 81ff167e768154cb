import { z } from 'zod';
import { OPERATORS, type ConditionValue, type Operator } from '../contracts/rule.ts';
import { fieldFault } from './field.ts';
import { RULE_LIMITS } from './limits.ts';
import { listOf, parsedArray } from './value.ts';

const number = z.number('must be a finite number');
const item = z.union([z.string(), number, z.boolean()], 'must be a text, a number, true or false');
const value = z.union(
  [z.string(), number, z.boolean(), z.array(item)],
  'must be a text, a number, true or false, or a list of these; a field without a value makes every condition false, so there is no null',
);

/** One condition; `order` defaults to its place in the list. */
export const conditionSchema = z
  .object({
    field: z.string().superRefine((field, context) => {
      const fault = fieldFault(field);
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    }),
    operator: z.enum(OPERATORS),
    value,
    order: z.int().min(0).max(1_000_000).optional(),
  })
  .superRefine((condition, context) => {
    const fault = valueFault(condition.operator, condition.value);
    if (fault !== null) context.addIssue({ code: 'custom', path: ['value'], message: fault });
  });

function valueFault(operator: Operator, given: ConditionValue): string | null {
  switch (operator) {
    case 'in':
    case 'not_in':
      return listFault(given);
    case '>':
    case '>=':
    case '<':
    case '<=':
      return typeof given === 'boolean' ? `can't be true or false: ${operator} compares numbers or texts` : singleFault(operator, given);
    case 'contains':
    case 'not_contains':
      return given === '' ? 'must not be empty: the empty text is in every text' : singleFault(operator, given);
    case '==':
    case '!=':
      return singleFault(operator, given);
  }
}

function singleFault(operator: Operator, given: ConditionValue): string | null {
  if (Array.isArray(given)) return `must be one value: only in and not_in take a list, not ${operator}`;
  return isTooLong(given) ? `must not be longer than ${format(RULE_LIMITS.value_length)} characters` : null;
}

function listFault(given: ConditionValue): string | null {
  if (typeof given === 'string') {
    if (given.length > RULE_LIMITS.list_length) return `must not be longer than ${format(RULE_LIMITS.list_length)} characters`;
    const parsed = parsedArray(given);
    if (parsed?.some((one) => !item.safeParse(one).success)) return 'must be a list of texts, numbers, true or false';
  } else if (!Array.isArray(given)) {
    return 'must be a list: a JSON array, or texts between commas';
  }
  const items = listOf(given);
  if (items.length === 0) return 'must name at least one value';
  if (items.length > RULE_LIMITS.list_items) return `must not have more than ${format(RULE_LIMITS.list_items)} values`;
  return items.some((one) => isTooLong(one.text))
    ? `must not have a value longer than ${format(RULE_LIMITS.value_length)} characters`
    : null;
}

const isTooLong = (given: ConditionValue): boolean => typeof given === 'string' && given.length > RULE_LIMITS.value_length;

const format = (limit: number): string => limit.toLocaleString('en');
