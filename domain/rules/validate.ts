import type { z } from 'zod';
import type { RuleDefinition } from '../contracts/rule.ts';
import { RULE_LIMITS } from './limits.ts';
import { ruleDefinitionSchema } from './schema.ts';

export interface RuleFault {
  /** Path with dots ("conditions.3.operator"); "rule" where the whole is at fault. */
  field: string;
  message: string;
}

export type RuleVerdict = { ok: true; definition: RuleDefinition } | { ok: false; faults: RuleFault[] };

/** Deeper than any rule; bounds the recursion of what comes after. */
const MAX_DEPTH = 32;

/** Checks a rule that somebody wrote, from parsed JSON, and fills in the defaults. Never throws. */
export function validateRuleDefinition(input: unknown): RuleVerdict {
  const shape = shapeFault(input);
  if (shape) return { ok: false, faults: [shape] };
  const parsed = ruleDefinitionSchema.safeParse(input);
  if (parsed.success) return { ok: true, definition: parsed.data };
  return { ok: false, faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, [])).slice(0, RULE_LIMITS.faults) };
}

function faultsOf(issue: z.core.$ZodIssue, parents: readonly PropertyKey[]): RuleFault[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: fieldName([...path, key]), message: 'is not a field of this' }));
  }
  if (issue.code === 'invalid_union') {
    const closest = issue.errors.find((issues) => issues.length > 0 && issues.every((inner) => inner.path.length > 0));
    if (closest) return closest.flatMap((inner) => faultsOf(inner, path));
  }
  return [{ field: fieldName(path), message: issue.message }];
}

const fieldName = (path: readonly PropertyKey[]): string => (path.length === 0 ? 'rule' : path.map(String).join('.'));

/** The name that zod would drop in silence, and depth that would overflow the stack; walks without recursion. */
function shapeFault(root: unknown): RuleFault | null {
  const open: { value: unknown; path: string[] }[] = [{ value: root, path: [] }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (path.length > MAX_DEPTH) return { field: fieldName(path), message: `must not be nested deeper than ${MAX_DEPTH} levels` };
    for (const [key, inner] of Object.entries(value)) {
      if (key === '__proto__') return { field: fieldName([...path, key]), message: 'is not a name that is taken' };
      open.push({ value: inner, path: [...path, key] });
    }
  }
  return null;
}
