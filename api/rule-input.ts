import { findReferences } from '../db/rule.repository.ts';
import type { Db } from '../db/client.ts';
import type { RuleDefinition } from '../domain/contracts/rule.ts';
import { validateRuleDefinition } from '../domain/rules/validate.ts';
import { isAllowed, permissionToSee, type WorkspaceRole } from '../domain/permissions.ts';
import type { RequestWorkspace } from './context.ts';
import type { FieldFault } from './errors.ts';
import { validationError } from './validation.ts';

/** Faults told in one answer; an import has many rules. */
const MAX_FAULTS = 500;

/**
 * A rule that somebody wrote, valid in itself and in its workspace.
 * @throws ApiError validation_failed that names every field at fault
 */
export async function readRule(db: Db, workspace: RequestWorkspace, input: unknown): Promise<RuleDefinition> {
  const [definition] = await readAll(db, workspace, [input], () => '');
  return definition!;
}

/** As readRule, for all of `inputs` or none of them; fields are named `rules.<index>.…`. */
export const readRules = (db: Db, workspace: RequestWorkspace, inputs: readonly unknown[]): Promise<RuleDefinition[]> =>
  readAll(db, workspace, inputs, (index) => `rules.${index}`);

async function readAll(
  db: Db,
  { id: workspaceId, role }: RequestWorkspace,
  inputs: readonly unknown[],
  nameOf: (index: number) => string,
): Promise<RuleDefinition[]> {
  const verdicts = inputs.map(validateRuleDefinition);
  const definitions = verdicts.map((verdict) => (verdict.ok ? verdict.definition : null));
  const known = await referencesOf(db, workspaceId, definitions);
  const faults = verdicts.flatMap((verdict, index) => {
    const own = verdict.ok ? [...referenceFaults(verdict.definition, known), ...shopFaults(verdict.definition, role)] : verdict.faults;
    return own.map(({ field, message }) => ({ field: join(nameOf(index), field), message }));
  });
  if (faults.length > 0) throw validationError(faults.slice(0, MAX_FAULTS));
  return definitions.filter((definition) => definition !== null);
}

interface Known {
  devices: Set<string>;
  livestreams: Set<string>;
  channels: Set<string>;
}

function referencesOf(db: Db, workspaceId: string, definitions: readonly (RuleDefinition | null)[]): Promise<Known> {
  const present = definitions.filter((definition) => definition !== null);
  const livestreams = present.flatMap(({ livestream_id }) => livestream_id ?? []);
  const devices = present.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.action_type === 'device_control' ? action.config.device_id : [])),
  );
  const channels = present.flatMap(({ actions }) => actions.flatMap((action) => (action.action_type === 'shop_inventory' ? action.config.channel_id : [])));
  return findReferences(db, workspaceId, [...new Set(devices)], [...new Set(livestreams)], [...new Set(channels)]);
}

function referenceFaults({ livestream_id, actions }: RuleDefinition, known: Known): FieldFault[] {
  const faults: FieldFault[] = [];
  if (livestream_id !== null && !known.livestreams.has(livestream_id.toLowerCase())) {
    faults.push({ field: 'livestream_id', message: 'there is no such livestream in this workspace' });
  }
  for (const [index, action] of actions.entries()) {
    if (action.action_type === 'device_control' && !known.devices.has(action.config.device_id.toLowerCase())) {
      faults.push({ field: `actions.${index}.config.device_id`, message: 'there is no such device in this workspace' });
    }
    if (action.action_type === 'shop_inventory' && !known.channels.has(action.config.channel_id.toLowerCase())) {
      faults.push({ field: `actions.${index}.config.channel_id`, message: 'there is no such channel in this workspace' });
    }
  }
  return faults;
}

/** A rule must not reach what its writer may not: what buyers write would go to any webhook, and stock would be set. */
function shopFaults({ event_type, actions }: RuleDefinition, role: WorkspaceRole): FieldFault[] {
  const needed = permissionToSee(event_type);
  const faults: FieldFault[] = needed === null || isAllowed(role, needed) ? [] : [{ field: 'event_type', message: `needs the permission ${needed}, which your role lacks` }];
  if (isAllowed(role, 'inventory.edit')) return faults;
  const setting = actions.flatMap(({ action_type }, index) => (action_type === 'shop_inventory' ? [{ field: `actions.${index}.action_type`, message: 'needs the permission inventory.edit, which your role lacks' }] : []));
  return [...faults, ...setting];
}

const join = (parent: string, field: string): string => (parent === '' ? field : field === 'rule' ? parent : `${parent}.${field}`);
