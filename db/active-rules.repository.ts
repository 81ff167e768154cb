import type { Rule } from '../domain/contracts/rule.ts';
import { PLAN_LIMITS } from '../domain/plans.ts';
import type { Db } from './client.ts';
import { toRule } from './rule.repository.ts';

export interface ActiveRules {
  rules: Rule[];
  /** Ids of active rules beyond what the plan allows, oldest activation first. */
  over_limit: Set<string>;
}

/** The active rules of a workspace in the order of their activation. */
export async function listActiveRules(db: Db, workspaceId: string): Promise<ActiveRules> {
  const [workspace, rows] = await Promise.all([
    db.selectFrom('workspaces').select('plan_tier').where('id', '=', workspaceId).executeTakeFirst(),
    db
      .selectFrom('rules')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('is_active', '=', true)
      .where('deleted_at', 'is', null)
      .orderBy('activated_at')
      .orderBy('id')
      .execute(),
  ]);
  const limit = workspace ? PLAN_LIMITS[workspace.plan_tier].active_rules : 0;
  return { rules: rows.map(toRule), over_limit: new Set(rows.slice(limit).map((row) => row.id)) };
}
