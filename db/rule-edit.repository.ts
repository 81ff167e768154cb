import { sql, type Transaction, type UpdateObject } from 'kysely';
import type { RuleDefinition } from '../domain/contracts/rule.ts';
import { AppError } from '../domain/errors.ts';
import { CHANNELS } from '../domain/names.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import { lockPlan } from './plan-limit.ts';
import { countActiveRules, definitionOf, type RuleRow } from './rule.repository.ts';
import type { Database } from './schema.ts';

/**
 * Every write of a rule keeps what it said as a version of its own and tells the consumers, in one transaction: they
 * hear of it at commit, and an execution can always be explained by the version that decided.
 */
async function keepVersions(trx: Transaction<Database>, workspaceId: string, rules: readonly RuleRow[]): Promise<void> {
  const versions = rules.map((rule) => ({
    rule_id: rule.id,
    version: rule.version,
    definition: JSON.stringify(definitionOf(rule)),
    is_active: rule.is_active,
    // Under the rule's lock the clock rises with the version; now(), the transaction's start, might not.
    valid_from: sql<Date>`clock_timestamp()`,
  }));
  await trx.insertInto('rule_versions').values(versions).execute();
  await sql`select pg_notify(${CHANNELS.rules}, ${workspaceId})`.execute(trx);
}

const columnsOf = ({ conditions, actions, ...plain }: RuleDefinition) => ({
  ...plain,
  conditions: JSON.stringify(conditions),
  actions: JSON.stringify(actions),
});

/** Most rules that one statement's parameters have room for. */
export const MAX_NEW_RULES = 1_000;

/** Stores up to MAX_NEW_RULES new rules, all or none; they are inactive. In the order given. */
export function createRules(db: Db, workspaceId: string, userId: string, definitions: readonly RuleDefinition[]): Promise<RuleRow[]> {
  if (definitions.length === 0) return Promise.resolve([]);
  return db.transaction().execute(async (trx) => {
    const drafts = definitions.map((definition) => ({
      id: newId(),
      workspace_id: workspaceId,
      ...columnsOf(definition),
      is_active: false,
      version: 1,
      created_by: userId,
      updated_at: sql<Date>`now()`,
    }));
    const rules = await trx.insertInto('rules').values(drafts).returningAll().execute();
    await keepVersions(trx, workspaceId, rules);
    return rules.sort((a, b) => (a.id < b.id ? -1 : 1));
  });
}

/** @throws AppError not_found */
export function replaceRule(db: Db, workspaceId: string, id: string, definition: RuleDefinition): Promise<RuleRow> {
  return db.transaction().execute((trx) => writeRule(trx, workspaceId, id, columnsOf(definition)));
}

/**
 * Activates a rule; one that is active already stays as it is.
 * @throws AppError not_found; plan_limit when the plan allows no further active rule
 */
export function activateRule(db: Db, workspaceId: string, id: string): Promise<RuleRow> {
  return db.transaction().execute(async (trx) => {
    const limits = await lockPlan(trx, workspaceId);
    const rule = await lockRule(trx, workspaceId, id);
    if (rule.is_active) return rule;
    if ((await countActiveRules(trx, workspaceId)) >= limits.active_rules)
      throw new AppError('plan_limit', `${limits.active_rules} active rules`);
    return writeRule(trx, workspaceId, id, { is_active: true, activated_at: sql<Date>`clock_timestamp()` });
  });
}

/** @throws AppError not_found */
export function deactivateRule(db: Db, workspaceId: string, id: string): Promise<RuleRow> {
  return db.transaction().execute(async (trx) => {
    const rule = await lockRule(trx, workspaceId, id);
    return rule.is_active ? writeRule(trx, workspaceId, id, { is_active: false, activated_at: null }) : rule;
  });
}

/** Takes the rule out of use and out of every list; its executions stay. @throws AppError not_found */
export function deleteRule(db: Db, workspaceId: string, id: string): Promise<RuleRow> {
  return db
    .transaction()
    .execute((trx) => writeRule(trx, workspaceId, id, { is_active: false, activated_at: null, deleted_at: sql<Date>`clock_timestamp()` }));
}

type RuleChange = UpdateObject<Database, 'rules'>;

async function writeRule(trx: Transaction<Database>, workspaceId: string, id: string, change: RuleChange): Promise<RuleRow> {
  const rule = await trx
    .updateTable('rules')
    .set({ ...change, version: sql<number>`version + 1`, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!rule) throw new AppError('not_found');
  await keepVersions(trx, workspaceId, [rule]);
  return rule;
}

async function lockRule(trx: Transaction<Database>, workspaceId: string, id: string): Promise<RuleRow> {
  const rule = await trx
    .selectFrom('rules')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!rule) throw new AppError('not_found');
  return rule;
}
