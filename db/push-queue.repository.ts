import { sql } from 'kysely';
import type { AppNotificationKind, Platform, PushSettings } from '../domain/contracts/social.ts';
import type { Db } from './client.ts';
import { isThere } from './relation.repository.ts';

export interface PushDevice {
  id: string;
  device_token: string;
  platform: Platform;
}

/** A notification that this worker pushes, and how it stands right now. */
export interface ClaimedPush {
  id: string;
  user_id: string;
  sender_id: string | null;
  kind: AppNotificationKind;
  text: string;
  video_id: string | null;
  subject_id: string | null;
  created_at: Date;
  /** This one counted. */
  push_attempts: number;
  /** Why the attempt before failed. */
  push_reason: string | null;
  /** Devices that have it. */
  pushed_to: string[];
  is_read: boolean;
  receiver_is_gone: boolean;
  sender_is_gone: boolean;
  is_blocked: boolean;
  push: Partial<PushSettings>;
  /** Those that do not have it yet. */
  devices: PushDevice[];
}

/**
 * Takes what is due, the longest due first. Nobody else takes it while the lease lasts; a worker that dies leaves it to whoever comes after that.
 * @param leaseMs longer than one attempt can take
 */
export async function claimPushes(db: Db, limit: number, leaseMs: number): Promise<ClaimedPush[]> {
  const { rows } = await sql<ClaimedPush>`
    with due as materialized (
      select id from app_notifications where push_state = 'pending' and push_next_at <= now() order by push_next_at limit ${limit} for update skip locked
    ), claimed as (
      update app_notifications n set push_next_at = now() + ${leaseMs} * interval '1 millisecond', push_attempts = push_attempts + 1
      from due where n.id = due.id returning n.*
    )
    select c.id, c.user_id, c.sender_id, c.kind, c.text, c.video_id, c.subject_id, c.created_at, c.push_attempts, c.push_reason, c.pushed_to, c.read_at is not null as is_read,
      not ${isThere('receiver')} as receiver_is_gone, not ${isThere('sender')} as sender_is_gone, receiver.push,
      exists (select from blocks where (user_id = c.user_id and blocked_id = c.sender_id) or (user_id = c.sender_id and blocked_id = c.user_id)) as is_blocked,
      coalesce((select jsonb_agg(jsonb_build_object('id', d.id, 'device_token', d.device_token, 'platform', d.platform))
        from app_devices d where d.user_id = c.user_id and d.gone_at is null and d.id <> all (c.pushed_to)), '[]') as devices
    from claimed c join app_users receiver on receiver.id = c.user_id left join app_users sender on sender.id = c.sender_id`.execute(db);
  return rows;
}

/** Milliseconds until something is due; null: nothing waits. */
export async function nextPushInMs(db: Db): Promise<number | null> {
  const { rows } = await sql<{ in_ms: number | null }>`
    select (extract(epoch from min(push_next_at) - now()) * 1000)::float8 as in_ms from app_notifications where push_state = 'pending'`.execute(db);
  const in_ms = rows[0]?.in_ms ?? null;
  return in_ms === null ? null : Math.max(0, Math.ceil(in_ms));
}

export interface SettledPush {
  state: 'sent' | 'not_needed' | 'failed';
  reason: string | null;
  pushed_to: readonly string[];
}

export const settlePush = (db: Db, id: string, { state, reason, pushed_to }: SettledPush): Promise<unknown> =>
  db
    .updateTable('app_notifications')
    .set({ push_state: state, push_reason: reason?.slice(0, 500) ?? null, push_at: sql<Date>`now()`, pushed_to: [...pushed_to] })
    .where('id', '=', id)
    .where('push_state', '=', 'pending')
    .execute();

/** Is tried again. */
export const postponePush = (db: Db, id: string, { in_ms, reason, pushed_to }: { in_ms: number; reason: string; pushed_to: readonly string[] }): Promise<unknown> =>
  db
    .updateTable('app_notifications')
    .set({ push_next_at: sql<Date>`now() + ${in_ms} * interval '1 millisecond'`, push_reason: reason.slice(0, 500), pushed_to: [...pushed_to] })
    .where('id', '=', id)
    .where('push_state', '=', 'pending')
    .execute();

/** Where nothing can be pushed at all. @returns how many */
export async function settleAllPushes(db: Db, reason: string, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update app_notifications set push_state = 'not_needed', push_reason = ${reason}, push_at = now() where id in (
      select id from app_notifications where push_state = 'pending' order by push_next_at limit ${limit} for update skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** What waits, and how long the oldest has, seconds. */
export async function measurePushes(db: Db): Promise<{ waiting: number; oldest_s: number }> {
  const { rows } = await sql<{ waiting: number; oldest_s: number }>`
    select count(*) as waiting, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_s from app_notifications where push_state = 'pending'`.execute(db);
  return rows[0]!;
}
