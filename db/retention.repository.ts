import { sql } from 'kysely';
import { PLAN_LIMITS, type PlanTier } from '../domain/plans.ts';
import { deleteOldAppNotifications } from './app-notification.repository.ts';
import type { Db } from './client.ts';
import { deleteOldMessages } from './outbox-retention.repository.ts';

/** Rows of one statement: short locks, and a heartbeat in between. */
const CHUNK = 5_000;

/**
 * Deletes one chunk of what the workspaces of a plan may no longer keep: events, executions (with actions and attempts),
 * feed entries and notifications older than the plan's retention.
 * @returns rows deleted; 0: nothing is left to delete
 */
export async function deleteExpired(db: Db, tier: PlanTier, now: Date): Promise<number> {
  const before = new Date(now.getTime() - PLAN_LIMITS[tier].event_retention_days * 86_400_000);
  const workspaces = sql`(select id from workspaces where plan_tier = ${tier})`;
  const livestreams = sql`(select id from livestreams where workspace_id in ${workspaces})`;
  const statements = [
    sql`delete from events where (livestream_id, position) in (
      select livestream_id, position from events where received_at < ${before} and livestream_id in ${livestreams} limit ${CHUNK})`,
    sql`delete from shop_events where id in (
      select id from shop_events where received_at < ${before} and workspace_id in ${workspaces} limit ${CHUNK})`,
    sql`delete from social_events where id in (
      select id from social_events where received_at < ${before} and workspace_id in ${workspaces} limit ${CHUNK})`,
    sql`delete from executions where id in (
      select id from executions where created_at < ${before} and status <> 'pending' and workspace_id in ${workspaces} limit ${CHUNK})`,
    sql`delete from workspace_feed where (workspace_id, seq) in (
      select workspace_id, seq from workspace_feed where created_at < ${before} and workspace_id in ${workspaces} limit ${CHUNK})`,
    sql`delete from notifications where id in (
      select id from notifications where created_at < ${before} and workspace_id in ${workspaces} limit ${CHUNK})`,
  ];
  let deleted = 0;
  for (const statement of statements) deleted += Number((await statement.execute(db)).numAffectedRows ?? 0);
  return deleted;
}

/**
 * Deletes what nobody reads any more whatever the plan: cooldowns that are over, rate counters, closed streaks of ended LIVEs, idempotency keys
 * of posts, webhooks of TikTok Shop, messages that were sent, notifications of the app. @param beat called after each chunk of what may be much
 */
export async function deleteSpent(db: Db, beat: () => void = () => undefined): Promise<void> {
  await sql`delete from rule_cooldowns where until < now() - interval '1 day'`.execute(db);
  await sql`delete from post_requests where created_at < now() - interval '7 days'`.execute(db);
  await sql`delete from rate_counters where resets_at < now() - interval '1 hour'`.execute(db);
  await sql`delete from gift_streaks where not is_open and last_at < now() - interval '2 days'`.execute(db);
  await deleteOldMessages(db, beat);
  await deleteSpentWebhooks(db, beat);
  await deleteOldAppNotifications(db, beat);
}

/** Of TikTok Shop, settled 30 days ago. Far longer than TikTok's bytes are taken for fresh: one that comes again is known, or too old. */
async function deleteSpentWebhooks(db: Db, beat: () => void): Promise<void> {
  for (let deleted = CHUNK; deleted === CHUNK; ) {
    const { numAffectedRows } = await sql`delete from shop_webhooks where id in (
      select id from shop_webhooks where state <> 'received' and processed_at < now() - interval '30 days' limit ${CHUNK})`.execute(db);
    deleted = Number(numAffectedRows ?? 0);
    beat();
  }
}
