import { findReferences } from '../db/rule.repository.ts';
import type { Db } from '../db/client.ts';
import type { RuleDefinition } from '../domain/contracts/rule.ts';
import { validateRuleDefinition } from '../domain/rules/validate.ts';
import type { FieldFault } from './errors.ts';
import { validationError } from './validation.ts';

/** Faults told in one answer; an import has many rules. */
const MAX_FAULTS = 500;

/**
 * A rule that somebody wrote, valid in itself and in its workspace.
 * @throws ApiError validation_failed that names every field at fault
 */
export async function readRule(db: Db, workspaceId: string, input: unknown): Promise<RuleDefinition> {
  const [definition] = await readAll(db, workspaceId, [input], () => '');
  return definition!;
}

/** As readRule, for all of `inputs` or none of them; fields are named `rules.<index>.…`. */
export const readRules = (db: Db, workspaceId: string, inputs: readonly unknown[]): Promise<RuleDefinition[]> =>
  readAll(db, workspaceId, inputs, (index) => `rules.${index}`);

async function readAll(
  db: Db,
  workspaceId: string,
  inputs: readonly unknown[],
  nameOf: (index: number) => string,
): Promise<RuleDefinition[]> {
  const verdicts = inputs.map(validateRuleDefinition);
  const definitions = verdicts.map((verdict) => (verdict.ok ? verdict.definition : null));
  const known = await referencesOf(db, workspaceId, definitions);
  const faults = verdicts.flatMap((verdict, index) => {
    const own = verdict.ok ? referenceFaults(verdict.definition, known) : verdict.faults;
    return own.map(({ field, message }) => ({ field: join(nameOf(index), field), message }));
  });
  if (faults.length > 0) throw validationError(faults.slice(0, MAX_FAULTS));
  return definitions.filter((definition) => definition !== null);
}

interface Known {
  devices: Set<string>;
  livestreams: Set<string>;
}

function referencesOf(db: Db, workspaceId: string, definitions: readonly (RuleDefinition | null)[]): Promise<Known> {
  const present = definitions.filter((definition) => definition !== null);
  const livestreams = present.flatMap(({ livestream_id }) => livestream_id ?? []);
  const devices = present.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.action_type === 'device_control' ? action.config.device_id : [])),
  );
  return findReferences(db, workspaceId, [...new Set(devices)], [...new Set(livestreams)]);
}

function referenceFaults({ livestream_id, actions }: RuleDefinition, known: Known): FieldFault[] {
  const faults: FieldFault[] = [];
  if (livestream_id !== null && !known.livestreams.has(livestream_id.toLowerCase())) {
    faults.push({ field: 'livestream_id', message: 'there is no such livestream in this workspace' });
  }
  for (const [index, action] of actions.entries()) {
    if (action.action_type !== 'device_control' || known.devices.has(action.config.device_id.toLowerCase())) continue;
    faults.push({ field: `actions.${index}.config.device_id`, message: 'there is no such device in this workspace' });
  }
  return faults;
}

const join = (parent: string, field: string): string => (parent === '' ? field : field === 'rule' ? parent : `${parent}.${field}`);
