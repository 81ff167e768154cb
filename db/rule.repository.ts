import { sql } from 'kysely';
import type { Rule, RuleDefinition, RuleEventType } from '../domain/contracts/rule.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export type RuleRow = Row<'rules'>;

/** Exactly what a version keeps. */
export function definitionOf(row: RuleRow): RuleDefinition {
  const { name, description, event_type, livestream_id, logic_operator, conditions, actions } = row;
  const { cooldown_ms, user_cooldown_ms, max_age_ms, fire_on } = row;
  return {
    name,
    description,
    event_type,
    livestream_id,
    logic_operator,
    conditions,
    actions,
    cooldown_ms,
    user_cooldown_ms,
    max_age_ms,
    fire_on,
  };
}

export const toRule = (row: RuleRow): Rule => ({
  id: row.id,
  workspace_id: row.workspace_id,
  ...definitionOf(row),
  version: row.version,
  is_active: row.is_active,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

export function findRule(db: Db, workspaceId: string, id: string): Promise<RuleRow | undefined> {
  return db
    .selectFrom('rules')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
}

export interface RuleQuery {
  workspace_id: string;
  event_type?: RuleEventType;
  is_active?: boolean;
  livestream_id?: string;
  /** Part of the name, in any case. */
  search?: string;
  before?: string;
  limit: number;
}

/** Newest first; deleted ones are in no list. */
export function listRules(db: Db, query: RuleQuery): Promise<RuleRow[]> {
  let rules = db.selectFrom('rules').selectAll().where('workspace_id', '=', query.workspace_id).where('deleted_at', 'is', null);
  if (query.event_type !== undefined) rules = rules.where('event_type', '=', query.event_type);
  if (query.is_active !== undefined) rules = rules.where('is_active', '=', query.is_active);
  if (query.livestream_id !== undefined) rules = rules.where('livestream_id', '=', query.livestream_id);
  if (query.search !== undefined) rules = rules.where(sql<boolean>`position(lower(${query.search}) in lower(name)) > 0`);
  if (query.before !== undefined) rules = rules.where('id', '<', query.before);
  return rules.orderBy('id', 'desc').limit(query.limit).execute();
}

export async function countActiveRules(db: Db, workspaceId: string): Promise<number> {
  const { count } = await db
    .selectFrom('rules')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('workspace_id', '=', workspaceId)
    .where('is_active', '=', true)
    .executeTakeFirstOrThrow();
  return count;
}

/** Which of these devices and livestreams the workspace has. */
export async function findReferences(
  db: Db,
  workspaceId: string,
  deviceIds: readonly string[],
  livestreamIds: readonly string[],
  channelIds: readonly string[],
): Promise<{ devices: Set<string>; livestreams: Set<string>; channels: Set<string> }> {
  const ids = async (table: 'devices' | 'livestreams' | 'channels', wanted: readonly string[]): Promise<Set<string>> => {
    if (wanted.length === 0) return new Set();
    const rows = await db.selectFrom(table).select('id').where('workspace_id', '=', workspaceId).where('id', 'in', wanted).execute();
    return new Set(rows.map(({ id }) => id));
  };
  const [devices, livestreams, channels] = await Promise.all([ids('devices', deviceIds), ids('livestreams', livestreamIds), ids('channels', channelIds)]);
  return { devices, livestreams, channels };
}

export interface RuleVersion {
  rule_id: string;
  version: number;
  definition: RuleDefinition;
  is_active: boolean;
  deleted_at: Date | null;
}

/**
 * What each rule of the workspace said at a time, for events of one type; rules that did not exist yet are left out,
 * and so are those that were deleted before.
 */
export async function rulesAt(db: Db, workspaceId: string, eventType: RuleEventType, at: Date, limit: number): Promise<RuleVersion[]> {
  const { rows } = await sql<RuleVersion>`
    select rules.id as rule_id, v.version, v.definition, v.is_active, rules.deleted_at
    from rules
    cross join lateral (
      select * from rule_versions where rule_id = rules.id and valid_from <= ${at} order by version desc limit 1
    ) as v
    where rules.workspace_id = ${workspaceId} and v.definition->>'event_type' = ${eventType}
      and (rules.deleted_at is null or rules.deleted_at > ${at})
    order by rules.id desc
    limit ${limit}`.execute(db);
  return rows;
}

/** Versions that executions name, whatever is valid now. */
export async function findRuleVersions(db: Db, wanted: readonly { rule_id: string; version: number }[]): Promise<RuleVersion[]> {
  if (wanted.length === 0) return [];
  const { rows } = await sql<RuleVersion>`
    select v.rule_id, v.version, v.definition, v.is_active, rules.deleted_at
    from unnest(${wanted.map(({ rule_id }) => rule_id)}::uuid[], ${wanted.map(({ version }) => version)}::integer[]) as w (rule_id, version)
    join rule_versions v on v.rule_id = w.rule_id and v.version = w.version
    join rules on rules.id = v.rule_id`.execute(db);
  return rows;
}
