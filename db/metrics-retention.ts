import { sql } from 'kysely';
import { PLAN_LIMITS, type PlanTier } from '../domain/plans.ts';
import type { Db } from './client.ts';

/** Rows of one statement: short locks, and a heartbeat in between. */
const CHUNK = 5_000;

/**
 * Thins one chunk of the metrics that are older than the plan's event retention to one a day (UTC): the day's last, so that
 * running totals stay what they were. What is left is kept for as long as its post or account.
 * @returns rows deleted; 0: nothing is left to thin
 */
export async function thinMetrics(db: Db, tier: PlanTier, now: Date): Promise<number> {
  const before = new Date(now.getTime() - PLAN_LIMITS[tier].event_retention_days * 86_400_000);
  const accounts = sql`(select a.id from social_accounts a join workspaces w on w.id = a.workspace_id where w.plan_tier = ${tier})`;
  const sameDay = sql`later.at > m.at and later.at < date_trunc('day', m.at, 'UTC') + interval '24 hours'`;
  const statements = [
    sql`delete from post_metrics where (social_account_id, video_id, at) in (
      select social_account_id, video_id, at from post_metrics m
      where m.at < ${before} and m.social_account_id in ${accounts} and exists (
        select 1 from post_metrics later where later.social_account_id = m.social_account_id and later.video_id = m.video_id and ${sameDay})
      limit ${CHUNK})`,
    sql`delete from account_metrics where (social_account_id, at) in (
      select social_account_id, at from account_metrics m
      where m.at < ${before} and m.social_account_id in ${accounts} and exists (
        select 1 from account_metrics later where later.social_account_id = m.social_account_id and ${sameDay})
      limit ${CHUNK})`,
  ];
  let deleted = 0;
  for (const statement of statements) deleted += Number((await statement.execute(db)).numAffectedRows ?? 0);
  return deleted;
}
