import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { CooldownClaim, DecidedExecution } from '../domain/execution.ts';
import { actionRows, executionRow } from './execution-rows.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database } from './schema.ts';

/** Kinds of feed entries that are single events, and the column of each. */
const FEED_COLUMNS = { shop_event: 'shop_event_id', social_event: 'social_event_id' } as const;

export interface DecidedEvents {
  workspace_id: string;
  kind: keyof typeof FEED_COLUMNS;
  /** Ids of the events, in the order in which they happened. */
  ids: readonly string[];
  /** A statement that inserts them. */
  insert: RawBuilder<unknown>;
  executions: readonly DecidedExecution[];
  claims: readonly CooldownClaim[];
}

/**
 * Stores events with the executions that they lead to, whose actions deliverActions carries out, and their places in the workspace's feed. The
 * feed's head comes last: its lock is held until the caller's transaction ends, so that numbers commit in order.
 * @returns targets that have something to deliver; an execution whose rule was deleted meanwhile has none
 */
export async function storeDecidedEvents(trx: Transaction<Database>, { workspace_id, kind, ids, insert, executions, claims }: DecidedEvents): Promise<string[]> {
  const { rows } = await sql<{ target: string }>`
    with stored_events as (
      ${insert}
    ), stored_executions as (
      insert into executions (id, workspace_id, rule_id, rule_version, event_id, status, reason, detail, missing_fields, created_at, finished_at, duration_ms)
      select x.id, ${workspace_id}, x.rule_id, x.rule_version, x.event_id, x.status, x.reason, x.detail, array(select json_array_elements_text(x.missing_fields)),
        x.created_at, case when x.status = 'pending' then null else now() end, case when x.status = 'pending' then null else 0 end
      from json_to_recordset(${jsonbText(executions.map(executionRow))}::json) as x (id uuid, rule_id uuid, rule_version integer, event_id uuid, status text,
        reason text, detail text, missing_fields json, created_at timestamptz)
      where exists (select from rules where rules.id = x.rule_id)
      returning id
    ), stored_claims as (
      insert into rule_cooldowns (rule_id, user_key, until)
      select c.rule_id, c.user_key, to_timestamp(c.until_ms / 1000.0)
      from json_to_recordset(${jsonbText(claims)}::json) as c (rule_id uuid, user_key text, until_ms float8)
      where exists (select from rules where rules.id = c.rule_id)
      on conflict (rule_id, user_key) do update set until = greatest(rule_cooldowns.until, excluded.until)
    ), stored_actions as (
      insert into execution_actions (id, execution_id, workspace_id, event_id, rule_id, "order", action_type, target, action, status, expires_at, created_at)
      select a.id, a.execution_id, ${workspace_id}, a.event_id, a.rule_id, a."order", a.action_type, a.target, a.action, 'retrying',
        to_timestamp(a.expires_at_ms / 1000.0), a.created_at
      from json_to_recordset(${jsonbText(executions.flatMap(actionRows))}::json) as a (id uuid, execution_id uuid, event_id uuid, rule_id uuid, "order" integer,
        action_type text, target text, action jsonb, expires_at_ms float8, created_at timestamptz)
      join stored_executions on stored_executions.id = a.execution_id
      returning target
    )
    select distinct target from stored_actions`.execute(trx);
  await appendToFeed(trx, workspace_id, kind, ids);
  return rows.map(({ target }) => target);
}

async function appendToFeed(trx: Transaction<Database>, workspaceId: string, kind: DecidedEvents['kind'], ids: readonly string[]): Promise<void> {
  await sql`
    with head as (
      insert into workspace_feed_heads (workspace_id, seq) values (${workspaceId}, ${ids.length})
      on conflict (workspace_id) do update set seq = workspace_feed_heads.seq + ${ids.length}
      returning seq
    )
    insert into workspace_feed (workspace_id, seq, kind, ${sql.ref(FEED_COLUMNS[kind])})
    select ${workspaceId}, head.seq - ${ids.length} + e.place, ${kind}, e.id from head, unnest(${ids}::uuid[]) with ordinality as e (id, place)`.execute(trx);
}
