import { RULE_LIMITS } from './limits.ts';
import { parseTemplate } from './template.ts';

export interface JsonFault {
  path: (string | number)[];
  message: string;
}

/** Faults of a JSON value whose texts are templates: depth, size, keys, syntax. Bounded in depth and time. */
export function jsonFaults(root: unknown): JsonFault[] {
  const faults: JsonFault[] = [];
  let values = 0;

  const visit = (value: unknown, path: (string | number)[]): void => {
    values += 1;
    const fault = valueFault(value, path.length);
    if (fault !== null) faults.push({ path, message: fault });
    else if (typeof value === 'object' && value !== null) visitEntries(value, path);
  };
  const visitEntries = (value: object, path: (string | number)[]): void => {
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      const fault = Array.isArray(value) ? null : keyFault(key);
      if (fault === null) visit(inner, at);
      else faults.push({ path: at, message: fault });
      if (values > RULE_LIMITS.json_values || faults.length > RULE_LIMITS.faults) return;
    }
  };

  visit(root, []);
  if (values > RULE_LIMITS.json_values) {
    faults.unshift({ path: [], message: `must not have more than ${RULE_LIMITS.json_values.toLocaleString('en')} values` });
  }
  return faults;
}

function valueFault(value: unknown, depth: number): string | null {
  switch (typeof value) {
    case 'string':
      return templateFault(value);
    case 'number':
      return Number.isFinite(value) ? null : 'must be a finite number';
    case 'object':
      return value !== null && depth >= RULE_LIMITS.json_depth ? `must not be nested deeper than ${RULE_LIMITS.json_depth} levels` : null;
    case 'boolean':
      return null;
    default:
      return 'must be JSON';
  }
}

function templateFault(text: string): string | null {
  const limit = RULE_LIMITS.template_length;
  if (text.length > limit) return `must not be longer than ${limit.toLocaleString('en')} characters`;
  const parsed = parseTemplate(text);
  return parsed.ok ? null : parsed.fault;
}

function keyFault(key: string): string | null {
  if (key === '__proto__') return 'is not a name that is taken';
  return key.length > RULE_LIMITS.json_key_length ? `must not have a name longer than ${RULE_LIMITS.json_key_length} characters` : null;
}
