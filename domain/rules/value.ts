import type { ConditionValue } from '../contracts/rule.ts';

/**
 * A condition's value in each type that a field may have, so that the field's type decides how they compare.
 * What it can't be is something that nothing equals: NaN as a number, null as text or boolean.
 */
export interface Scalar {
  text: string | null;
  number: number;
  flag: boolean | null;
}

const NOTHING: Scalar = { text: null, number: Number.NaN, flag: null };
const NUMBER_CHARACTERS = '0123456789+-.eE';

/** A decimal number in a text ("100", " -2.5 ", "1e3"), NaN for anything else. */
export function numberOf(text: string): number {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > 40) return Number.NaN;
  for (const character of trimmed) {
    if (!NUMBER_CHARACTERS.includes(character)) return Number.NaN;
  }
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : Number.NaN;
}

export function scalarOf(value: ConditionValue): Scalar {
  switch (typeof value) {
    case 'number':
      return { text: String(value), number: value, flag: null };
    case 'boolean':
      return { text: String(value), number: Number.NaN, flag: value };
    case 'string':
      return { text: value, number: numberOf(value), flag: value === 'true' ? true : value === 'false' ? false : null };
    default:
      return NOTHING;
  }
}

/** The list of `in` and `not_in`: a JSON array, the same as text, or texts between commas. */
export function listOf(value: ConditionValue): Scalar[] {
  if (Array.isArray(value)) return value.map(scalarOf);
  if (typeof value !== 'string') return [scalarOf(value)];
  const parsed = parsedArray(value);
  if (parsed) return parsed.map(scalarOf);
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map(scalarOf);
}

/** The array that a text holds as JSON, null where it holds none. */
export function parsedArray(text: string): ConditionValue[] | null {
  if (!text.trimStart().startsWith('[')) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (parsed as ConditionValue[]) : null;
  } catch {
    // "[vip], [mod]" is a list between commas like any other: brackets are allowed in texts.
    return null;
  }
}
