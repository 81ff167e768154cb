import type { Transaction } from 'kysely';
import { PLAN_LIMITS, type PlanLimits } from '../domain/plans.ts';
import { AppError } from '../domain/errors.ts';
import type { Database } from './schema.ts';

/**
 * Locks the workspace's row until the transaction ends, so that two requests can't both take the plan's last place.
 * FOR NO KEY UPDATE, because the consumer's inserts hold FOR KEY SHARE through their foreign keys and must not wait.
 * @throws AppError not_found
 */
export async function lockPlan(trx: Transaction<Database>, workspaceId: string): Promise<PlanLimits> {
  const workspace = await trx
    .selectFrom('workspaces')
    .select('plan_tier')
    .where('id', '=', workspaceId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!workspace) throw new AppError('not_found');
  return PLAN_LIMITS[workspace.plan_tier];
}
