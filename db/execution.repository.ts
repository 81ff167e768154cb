import { sql } from 'kysely';
import type { ExecutionStatus } from '../domain/contracts/action.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export type ExecutionRow = Row<'executions'> & { rule_name: string };
export type ActionRow = Row<'execution_actions'>;
export type AttemptRow = Row<'action_attempts'>;

export interface ExecutionDetail {
  execution: ExecutionRow;
  actions: { action: ActionRow; attempts: AttemptRow[] }[];
}

const executions = (db: Db) =>
  db
    .selectFrom('executions')
    .innerJoin('rules', 'rules.id', 'executions.rule_id')
    .selectAll('executions')
    .select('rules.name as rule_name');

export interface ExecutionQuery {
  workspace_id: string;
  rule_id?: string;
  livestream_id?: string;
  event_id?: string;
  status?: readonly ExecutionStatus[];
  /** By created_at: from included, to not. */
  from?: Date;
  to?: Date;
  before?: string;
  limit: number;
}

/** Newest first. */
export function listExecutions(db: Db, query: ExecutionQuery): Promise<ExecutionRow[]> {
  let found = executions(db).where('executions.workspace_id', '=', query.workspace_id);
  if (query.rule_id !== undefined) found = found.where('executions.rule_id', '=', query.rule_id);
  if (query.livestream_id !== undefined) found = found.where('executions.livestream_id', '=', query.livestream_id);
  if (query.event_id !== undefined) found = found.where('executions.event_id', '=', query.event_id);
  if (query.status !== undefined) found = found.where('executions.status', 'in', query.status);
  if (query.from !== undefined) found = found.where('executions.created_at', '>=', query.from);
  if (query.to !== undefined) found = found.where('executions.created_at', '<', query.to);
  if (query.before !== undefined) found = found.where('executions.id', '<', query.before);
  return found.orderBy('executions.id', 'desc').limit(query.limit).execute();
}

export async function findExecution(db: Db, workspaceId: string, id: string): Promise<ExecutionDetail | undefined> {
  const execution = await executions(db)
    .where('executions.workspace_id', '=', workspaceId)
    .where('executions.id', '=', id)
    .executeTakeFirst();
  return execution && (await withActions(db, [execution]))[0];
}

/** Each execution with its actions in their order, and each action's attempts. */
export async function withActions(db: Db, found: readonly ExecutionRow[]): Promise<ExecutionDetail[]> {
  if (found.length === 0) return [];
  const ids = found.map(({ id }) => id);
  const actions = await db
    .selectFrom('execution_actions')
    .selectAll()
    .where('execution_id', 'in', ids)
    .orderBy('order')
    .orderBy('id')
    .execute();
  const attempts = await db
    .selectFrom('action_attempts')
    .innerJoin('execution_actions', 'execution_actions.id', 'action_attempts.action_id')
    .selectAll('action_attempts')
    .where('execution_actions.execution_id', 'in', ids)
    .orderBy('attempt')
    .execute();
  const attemptsOf = groupBy(attempts, ({ action_id }) => action_id);
  const actionsOf = groupBy(actions, ({ execution_id }) => execution_id);
  return found.map((execution) => ({
    execution,
    actions: (actionsOf.get(execution.id) ?? []).map((action) => ({ action, attempts: attemptsOf.get(action.id) ?? [] })),
  }));
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

export interface ExecutionStats {
  fired: number;
  succeeded: number;
  failed: number;
  pending: number;
  skipped: number;
  /** Milliseconds from the event to the last action's end; null while nothing has finished. */
  p50_duration_ms: number | null;
  p99_duration_ms: number | null;
}

/** How a rule did; tests of it don't count. percentile_disc: a duration that really happened, not one between two. */
export async function executionStats(db: Db, ruleId: string, from?: Date, to?: Date): Promise<ExecutionStats> {
  const { rows } = await sql<ExecutionStats>`
    select count(*) filter (where status <> 'skipped') as fired,
      count(*) filter (where status = 'succeeded') as succeeded,
      count(*) filter (where status = 'failed') as failed,
      count(*) filter (where status = 'pending') as pending,
      count(*) filter (where status = 'skipped') as skipped,
      percentile_disc(0.5) within group (order by duration_ms) filter (where status in ('succeeded', 'failed')) as p50_duration_ms,
      percentile_disc(0.99) within group (order by duration_ms) filter (where status in ('succeeded', 'failed')) as p99_duration_ms
    from executions
    where rule_id = ${ruleId} and not is_test
      and created_at >= coalesce(${from ?? null}::timestamptz, '-infinity') and created_at < coalesce(${to ?? null}::timestamptz, 'infinity')`.execute(
    db,
  );
  return rows[0]!;
}
