import type { Hook } from '@hono/zod-openapi';
import type { z, ZodError } from 'zod';
import type { AppEnv } from './context.ts';
import { ApiError, type FieldFault } from './errors.ts';

const MAX_FAULTS = 50;

type Issue = z.core.$ZodIssue;

/** Every fault by field: paths with dots, the name of the part (body, query, …) where the whole is at fault. */
export function faultsOf(error: ZodError, part: string): FieldFault[] {
  return error.issues.flatMap((issue) => faultsOfIssue(issue, [], part)).slice(0, MAX_FAULTS);
}

function faultsOfIssue(issue: Issue, parents: PropertyKey[], part: string): FieldFault[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: fieldName([...path, key], part), message: 'is not a field of this request' }));
  }
  if (issue.code === 'invalid_union') {
    const closest = closestOption(issue.errors);
    if (closest) return closest.flatMap((inner) => faultsOfIssue(inner, path, part));
  }
  return [{ field: fieldName(path, part), message: issue.message }];
}

/** Of a union's options, the one that got furthest into the value: its faults are those the writer meant to avoid. */
function closestOption(options: Issue[][]): Issue[] | null {
  const deep = options.filter((issues) => issues.length > 0 && issues.every((issue) => issue.path.length > 0));
  return deep.sort((a, b) => a.length - b.length)[0] ?? null;
}

const fieldName = (path: PropertyKey[], part: string): string => (path.length === 0 ? part : path.map(String).join('.'));

const PART_NAMES: Record<string, string> = { json: 'body', param: 'path' };

/** Hook of every route: turns zod's faults into a 422, and refuses what PostgreSQL's text can't hold. */
export const refuseFaults: Hook<unknown, AppEnv, string, void> = (result) => {
  const part = PART_NAMES[result.target] ?? result.target;
  if (!result.success) throw validationError(faultsOf(result.error, part));
  const nul = result.target === 'json' ? null : nulField(result.data);
  if (nul !== null) throw validationError([{ field: nul, message: NUL_MESSAGE }]);
};

export const validationError = (errors: FieldFault[]): ApiError =>
  new ApiError('validation_failed', {
    detail: errors
      .map(({ field, message }) => `${field}: ${message}`)
      .slice(0, 3)
      .join('; '),
    errors,
  });

export const NUL_MESSAGE = 'must not contain the character NUL';

function nulField(data: unknown): string | null {
  if (typeof data !== 'object' || data === null) return null;
  const found = Object.entries(data).find(([, value]) => typeof value === 'string' && value.includes('\0'));
  return found ? found[0] : null;
}
