import type { Condition, ConditionValue } from '../contracts/rule.ts';
import { fieldReader, isMissing, type EventFields, type FieldReader } from './field.ts';
import { lowerCase } from './lower-case.ts';
import { listOf, scalarOf, type Scalar } from './value.ts';

export type ConditionTest = (event: EventFields) => boolean;

export interface CompiledCondition {
  condition: Condition;
  read: FieldReader;
  /** Hot path: reads, compares, allocates nothing. */
  test: ConditionTest;
}

/**
 * Compiles a condition to one closure, chosen by operator; what the value means as number, text and boolean is worked out
 * here, once, and the field's runtime type picks among them. A missing field makes it false whatever the operator.
 */
export function compileCondition(condition: Condition): CompiledCondition {
  const read = fieldReader(condition.field);
  return { condition, read, test: testOf(condition, read) };
}

function testOf({ operator, value }: Condition, read: FieldReader): ConditionTest {
  switch (operator) {
    case '==':
      return equals(read, scalarOf(value));
    case '!=':
      return unless(read, equals(read, scalarOf(value)));
    case '>':
    case '>=':
    case '<':
    case '<=':
      return ordering(read, operator, scalarOf(value));
    case 'contains':
      return contains(read, scalarOf(value));
    case 'not_contains':
      return unless(read, contains(read, scalarOf(value)));
    case 'in':
      return isIn(read, value);
    case 'not_in':
      return unless(read, isIn(read, value));
  }
}

/** The negative operators: they too need the field to be there. */
function unless(read: FieldReader, test: ConditionTest): ConditionTest {
  return (event) => !isMissing(read(event)) && !test(event);
}

function equals(read: FieldReader, { text, number, flag }: Scalar): ConditionTest {
  return (event) => {
    const actual = read(event);
    if (typeof actual === 'number') return actual === number;
    if (typeof actual === 'string') return actual === text;
    return typeof actual === 'boolean' && actual === flag;
  };
}

function ordering(read: FieldReader, operator: '>' | '>=' | '<' | '<=', { text, number }: Scalar): ConditionTest {
  if (text === null) return () => false;
  switch (operator) {
    case '>':
      return (event) => {
        const actual = read(event);
        return typeof actual === 'number' ? actual > number : typeof actual === 'string' && actual > text;
      };
    case '>=':
      return (event) => {
        const actual = read(event);
        return typeof actual === 'number' ? actual >= number : typeof actual === 'string' && actual >= text;
      };
    case '<':
      return (event) => {
        const actual = read(event);
        return typeof actual === 'number' ? actual < number : typeof actual === 'string' && actual < text;
      };
    case '<=':
      return (event) => {
        const actual = read(event);
        return typeof actual === 'number' ? actual <= number : typeof actual === 'string' && actual <= text;
      };
  }
}

function contains(read: FieldReader, scalar: Scalar): ConditionTest {
  if (scalar.text === null) return () => false;
  const needle = scalar.text.toLowerCase();
  return (event) => {
    const actual = read(event);
    if (typeof actual === 'string') return lowerCase(actual).includes(needle);
    if (Array.isArray(actual)) return hasElement(actual, scalar);
    return (typeof actual === 'number' || typeof actual === 'boolean') && String(actual).includes(needle);
  };
}

function hasElement(elements: readonly unknown[], { text, number, flag }: Scalar): boolean {
  for (const element of elements) {
    if (element !== null && (element === text || element === number || element === flag)) return true;
  }
  return false;
}

function isIn(read: FieldReader, value: ConditionValue): ConditionTest {
  const items = listOf(value);
  const texts = new Set(items.map((item) => item.text));
  const numbers = new Set(items.map((item) => item.number));
  const flags = new Set(items.map((item) => item.flag));
  return (event) => {
    const actual = read(event);
    if (typeof actual === 'string') return texts.has(actual);
    if (typeof actual === 'number') return numbers.has(actual);
    return typeof actual === 'boolean' && flags.has(actual);
  };
}
