import { sql } from 'kysely';
import type { RenderedAction } from '../domain/contracts/action.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export { recordAttempts, settleActions, type Settlement } from './action-outcomes.ts';

/** An action that waits for a further attempt, with what decides whether it still gets one. */
export interface WaitingAction extends RenderedAction {
  created_at_ms: number;
  last_error: string | null;
}

export interface ActionTarget {
  target: string;
  workspace_id: string;
}

const columns = [
  'id',
  'execution_id',
  'workspace_id',
  'livestream_id',
  'event_id',
  'rule_id',
  'target',
  'action',
  'attempts',
  'expires_at',
  'created_at',
  'error',
] as const;

/**
 * What the target's deliverActions workflow has to deliver. A device gets its commands in the order in which they were
 * triggered; elsewhere the least tried come first, so that one request that always fails holds nobody up.
 */
export async function listRetrying(db: Db, target: string, limit: number): Promise<WaitingAction[]> {
  const inOrder = target.startsWith('device:');
  const rows = await db
    .selectFrom('execution_actions')
    .select(columns)
    .where('target', '=', target)
    .where('status', '=', 'retrying')
    .$if(!inOrder, (query) => query.orderBy('attempts'))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toWaiting);
}

/** @returns how many wait for the target, counted up to `most` */
export async function countRetrying(db: Db, target: string, most = 1_000): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*)::int as waiting
    from (select from execution_actions where target = ${target} and status = 'retrying' limit ${most}) as found`.execute(db);
  return rows[0]?.waiting ?? 0;
}

/** What a consumer that died left behind, oldest first, after `afterId` where given. */
export async function listPending(db: Db, livestreamId: string, limit: number, afterId: string | null = null): Promise<WaitingAction[]> {
  const rows = await db
    .selectFrom('execution_actions')
    .select(columns)
    .where('livestream_id', '=', livestreamId)
    .where('status', '=', 'pending')
    .$if(afterId !== null, (query) => query.where('id', '>', afterId))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toWaiting);
}

/** Hands actions that were not tried here over to deliverActions; what is not pending any more stays as it is. */
export async function markRetrying(db: Db, actionIds: readonly string[]): Promise<void> {
  if (actionIds.length === 0) return;
  await db
    .updateTable('execution_actions')
    .set({ status: 'retrying' })
    .where('id', 'in', actionIds)
    .where('status', '=', 'pending')
    .execute();
}

/** Targets for which something waits. */
export async function listWaitingTargets(db: Db, limit: number): Promise<ActionTarget[]> {
  return db
    .selectFrom('execution_actions')
    .select(['target', 'workspace_id'])
    .distinct()
    .where('status', '=', 'retrying')
    .limit(limit)
    .execute();
}

/**
 * Turns pending actions that nobody will ever try into retrying ones: older than `olderThanMs`, and of no livestream or of
 * one whose session is over. A session that runs looks after its own.
 * @returns how many
 */
export async function adoptAbandoned(db: Db, olderThanMs: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update execution_actions set status = 'retrying'
    where status = 'pending' and id in (
      select a.id from execution_actions a left join livestreams l on l.id = a.livestream_id
      where a.status = 'pending' and a.created_at < now() - make_interval(secs => ${olderThanMs / 1_000}::float8)
        and (l.id is null or (l.status not in ('connecting', 'waiting', 'live', 'reconnecting') and l.updated_at < now() - make_interval(secs => ${olderThanMs / 1_000}::float8)))
      order by a.id limit ${limit}
      for update of a skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0);
}

function toWaiting(row: Pick<Row<'execution_actions'>, (typeof columns)[number]>): WaitingAction {
  const { expires_at, created_at, error, ...rest } = row;
  return { ...rest, expires_at_ms: expires_at?.getTime() ?? null, created_at_ms: created_at.getTime(), last_error: error };
}
