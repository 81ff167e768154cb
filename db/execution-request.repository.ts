import { sql } from 'kysely';
import type { RuleAction } from '../domain/contracts/rule.ts';
import { AppError } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';

/** What people ask to be sent: tests of a rule, and failed executions once more. Both go to deliverActions as `retrying`. */

export interface TestExecution {
  workspace_id: string;
  rule_id: string;
  rule_version: number;
  livestream_id: string | null;
  /** null for a made-up event. */
  event_id: string | null;
  missing_fields: string[];
  actions: { action: RuleAction; target: string }[];
}

/** An execution that a cooldown or statistic never sees. @returns its id */
export async function insertTestExecution(db: Db, test: TestExecution): Promise<string> {
  const id = newId();
  const done = test.actions.length === 0;
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('executions')
      .values({
        id,
        workspace_id: test.workspace_id,
        rule_id: test.rule_id,
        rule_version: test.rule_version,
        livestream_id: test.livestream_id,
        event_id: test.event_id,
        is_test: true,
        status: done ? 'succeeded' : 'pending',
        missing_fields: test.missing_fields,
        created_at: sql<Date>`now()`,
        finished_at: done ? sql<Date>`now()` : null,
        duration_ms: done ? 0 : null,
      })
      .execute();
    if (done) return;
    const rows = test.actions.map(({ action, target }) => ({
      id: newId(),
      execution_id: id,
      workspace_id: test.workspace_id,
      livestream_id: test.livestream_id,
      event_id: test.event_id,
      rule_id: test.rule_id,
      order: action.order,
      action_type: action.action_type,
      target,
      action: JSON.stringify(action),
      status: 'retrying' as const,
      created_at: sql<Date>`now()`,
    }));
    await trx.insertInto('execution_actions').values(rows).execute();
  });
  return id;
}

/**
 * Makes the failed actions of a failed execution due again; those that succeeded are not repeated. A person asked for it
 * now: max_age no longer counts, and the time for which delivery is tried begins anew.
 * @returns the targets that have something to deliver
 * @throws AppError not_found; conflict when the execution has not failed
 */
export function retryExecution(db: Db, workspaceId: string, id: string): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    const execution = await trx
      .selectFrom('executions')
      .select('status')
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (!execution) throw new AppError('not_found');
    if (execution.status !== 'failed')
      throw new AppError('conflict', `the execution has status ${execution.status}; only a failed one is repeated`);
    await trx.updateTable('executions').set({ status: 'pending', finished_at: null, duration_ms: null }).where('id', '=', id).execute();
    const actions = await trx
      .updateTable('execution_actions')
      .set({ status: 'retrying', expires_at: null, finished_at: null, created_at: sql<Date>`now()` })
      .where('execution_id', '=', id)
      .where('status', '=', 'failed')
      .returning('target')
      .execute();
    return [...new Set(actions.map(({ target }) => target))];
  });
}
