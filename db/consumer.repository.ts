import { sql } from 'kysely';
import type { LivestreamSessionInput, LivestreamStatus } from '../domain/contracts/livestream.ts';
import type { RoomTotals, WireEvent } from '../domain/contracts/live-event.ts';
import type { StreakState } from '../domain/streaks.ts';
import type { PlanTier } from '../domain/plans.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Row } from './schema.ts';

/** What a consumer starts from: all of it as its predecessor last committed it. */
export interface ConsumerState {
  livestream: Row<'livestreams'>;
  plan_tier: PlanTier;
  streaks: StreakState[];
  /** Newest message ids, so that most repeats are seen without asking the database. */
  recent_msg_ids: string[];
}

const RECENT = 5_000;
const FINAL: readonly LivestreamStatus[] = ['ended', 'disconnected', 'failed'];

/**
 * Takes a livestream over: the next epoch is ours, and batches of older consumers are refused from now on.
 * @returns null where the livestream was deleted, or is over
 */
export async function claimLivestream(db: Db, livestreamId: string, owner: string): Promise<ConsumerState | null> {
  const livestream = await db
    .updateTable('livestreams')
    .set((eb) => ({ consumer_epoch: eb('consumer_epoch', '+', 1), consumer_owner: owner }))
    .where('id', '=', livestreamId)
    .where('status', 'not in', FINAL)
    .returningAll()
    .executeTakeFirst();
  if (!livestream) return null;
  const [workspace, streaks, recent] = await Promise.all([
    db.selectFrom('workspaces').select('plan_tier').where('id', '=', livestream.workspace_id).executeTakeFirstOrThrow(),
    loadStreaks(db, livestreamId),
    db.selectFrom('events').select('msg_id').where('livestream_id', '=', livestreamId).orderBy('position', 'desc').limit(RECENT).execute(),
  ]);
  return { livestream, plan_tier: workspace.plan_tier, streaks, recent_msg_ids: recent.map((row) => row.msg_id).reverse() };
}

/** Open streaks, and those of the last hour: a late frame of one that was closed adds only the difference. */
async function loadStreaks(db: Db, livestreamId: string): Promise<StreakState[]> {
  const rows = await db
    .selectFrom('gift_streaks')
    .selectAll()
    .where('livestream_id', '=', livestreamId)
    .where((eb) => eb.or([eb('is_open', '=', true), eb('last_at', '>', sql<Date>`now() - interval '1 hour'`)]))
    .orderBy('last_at', 'desc')
    .limit(10_000)
    .execute();
  return rows.map((row) => ({
    streak_id: row.streak_id,
    counted: row.counted,
    is_open: row.is_open,
    last_at_ms: row.last_at.getTime(),
    last: row.last_frame as unknown as WireEvent,
  }));
}

/** Gives the livestream back on a clean end; a successor that has claimed it meanwhile keeps it. */
export async function releaseLivestream(db: Db, livestreamId: string, epoch: number): Promise<void> {
  await db
    .updateTable('livestreams')
    .set({ consumer_owner: null })
    .where('id', '=', livestreamId)
    .where('consumer_epoch', '=', epoch)
    .execute();
}

/** Livestreams that a worker slot held when it died. */
export async function listOwnedLivestreams(db: Db, owner: string): Promise<string[]> {
  const rows = await db.selectFrom('livestreams').select('id').where('consumer_owner', '=', owner).execute();
  return rows.map((row) => row.id);
}

export interface StatusChange {
  status: LivestreamStatus;
  code?: string | null;
  reason?: string | null;
}

/** Writes the session's status; a final one stamps ended_at, forgets the session cookie and is never changed again. */
export async function setLivestreamStatus(db: Db, livestreamId: string, { status, code = null, reason = null }: StatusChange): Promise<void> {
  const final = FINAL.includes(status);
  await db
    .updateTable('livestreams')
    .set({
      status,
      status_code: code,
      status_reason: reason,
      updated_at: sql<Date>`now()`,
      ...(final ? { ended_at: sql<Date>`coalesce(ended_at, now())`, session_cookie: null, consumer_owner: null } : {}),
    })
    .where('id', '=', livestreamId)
    .where('status', 'not in', FINAL)
    .execute();
}

/**
 * Learns who and where the room is.
 * @returns the id of another running session of the workspace on the same room, or null
 */
export async function setLivestreamRoom(
  db: Db,
  livestreamId: string,
  room: { room_id: string; username: string | null; title: string | null },
): Promise<string | null> {
  try {
    await db
      .updateTable('livestreams')
      .set((eb) => ({
        room_id: room.room_id,
        tiktok_username: eb.fn.coalesce(eb.val(room.username), 'tiktok_username'),
        title: eb.fn.coalesce(eb.val(room.title), 'title'),
        updated_at: sql<Date>`now()`,
      }))
      .where('id', '=', livestreamId)
      .execute();
    return null;
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error;
    return findTwin(db, livestreamId, room);
  }
}

async function findTwin(db: Db, livestreamId: string, room: { room_id: string; username: string | null }): Promise<string | null> {
  const twin = await db
    .selectFrom('livestreams')
    .select('id')
    .where('id', '!=', livestreamId)
    .where('workspace_id', '=', (eb) => eb.selectFrom('livestreams').select('workspace_id').where('id', '=', livestreamId))
    .where('status', 'in', ['connecting', 'waiting', 'live', 'reconnecting'])
    .where((eb) => eb.or([eb('room_id', '=', room.room_id), ...(room.username ? [eb('tiktok_username', '=', room.username)] : [])]))
    .executeTakeFirst();
  return twin?.id ?? null;
}

export interface OpenedConnection {
  id: string;
  /** A connection that the predecessor never closed: it died. */
  orphan: { id: string; since: Date } | null;
}

/** Notes that the socket stands, and closes what a predecessor that died left open. */
export async function openConnection(db: Db, livestreamId: string, totals: RoomTotals): Promise<OpenedConnection> {
  return db.transaction().execute(async (tx) => {
    const orphan = await tx
      .updateTable('livestream_connections')
      .set((eb) => ({
        disconnected_at: eb
          .selectFrom('livestreams')
          .select(sql<Date>`greatest(coalesce(last_event_at, livestream_connections.connected_at), livestream_connections.connected_at)`.as('at'))
          .whereRef('livestreams.id', '=', 'livestream_connections.livestream_id')
          .$asScalar(),
        reason: 'the consumer stopped without notice',
      }))
      .where('livestream_id', '=', livestreamId)
      .where('disconnected_at', 'is', null)
      .returning(['id', 'disconnected_at'])
      .executeTakeFirst();
    const id = newId();
    await tx
      .insertInto('livestream_connections')
      .values({
        id,
        livestream_id: livestreamId,
        connected_at: new Date(),
        disconnected_at: null,
        reason: null,
        totals_at_start: JSON.stringify(totals),
        totals_at_end: JSON.stringify(totals),
      })
      .execute();
    await tx
      .updateTable('livestreams')
      .set({ connected_at: sql<Date>`coalesce(connected_at, now())` })
      .where('id', '=', livestreamId)
      .execute();
    return { id, orphan: orphan ? { id: orphan.id, since: orphan.disconnected_at ?? new Date() } : null };
  });
}

export async function closeConnection(db: Db, connectionId: string, reason: string, droppedEvents: number): Promise<void> {
  await db
    .updateTable('livestream_connections')
    .set((eb) => ({ disconnected_at: new Date(), reason, dropped_events: eb('dropped_events', '+', droppedEvents) }))
    .where('id', '=', connectionId)
    .where('disconnected_at', 'is', null)
    .execute();
}

/** Sessions that count as running but from which nothing was heard for a minute: perhaps nobody runs them. */
export async function listUnattended(db: Db): Promise<LivestreamSessionInput[]> {
  return db
    .selectFrom('livestreams')
    .select(['id as livestream_id', 'workspace_id', 'wait_for_live'])
    .where('status', 'in', ['connecting', 'waiting', 'live', 'reconnecting'])
    .where('updated_at', '<', sql<Date>`now() - interval '1 minute'`)
    .orderBy('updated_at')
    .limit(1_000)
    .execute();
}
