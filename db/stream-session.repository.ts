import { sql } from 'kysely';
import type { PublishKind, SessionEnd, SessionEndReason, StreamStatus } from '../domain/contracts/stream.ts';
import type { Db } from './client.ts';

/** A session that has had media within so long is alive, wherever it lies: two beats of its host may be lost. */
export const ALIVE_S = 3;

export interface SessionClaim {
  session_id: string;
  stream_id: string;
  kind: PublishKind;
  host_id: string;
  /** Version of the key that was shown; null: a signed-in person. */
  key_version: number | null;
  remote_address: string | null;
  user_agent: string | null;
  request_id: string | null;
}

export type ClaimOutcome =
  | { kind: 'claimed'; epoch: number; scheduled_for: Date | null; taken_over: string | null }
  | { kind: 'busy' }
  /** The stream is over or deleted. */
  | { kind: 'over' }
  /** The key was rotated since it was looked up. */
  | { kind: 'key_unknown' }
  /** The account was suspended since it was looked up. */
  | { kind: 'suspended' };

const OVER: readonly StreamStatus[] = ['ending', 'ended'];

/**
 * Claims the stream for one session; claims of one stream follow each other under its row's lock.
 * @param held sessions of this host that its process knows of: another one that the table has open here died with a former process
 */
export const claimSession = (db: Db, claim: SessionClaim, held: readonly string[]): Promise<ClaimOutcome> =>
  db.transaction().execute(async (trx) => {
    // Held to the end: a suspension that comes now finds the session, and ends it.
    const owner = await trx
      .selectFrom('app_users')
      .select('suspended_at')
      .where('id', '=', (is) => is.selectFrom('streams').select('user_id').where('id', '=', claim.stream_id))
      .forShare()
      .executeTakeFirst();
    if (owner && owner.suspended_at !== null) return { kind: 'suspended' };
    const stream = await trx
      .selectFrom('streams')
      .select(['status', 'deleted_at', 'key_version', 'session_epoch', 'scheduled_for'])
      .where('id', '=', claim.stream_id)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!stream || stream.deleted_at !== null || OVER.includes(stream.status)) return { kind: 'over' };
    if (claim.key_version !== null && claim.key_version !== stream.key_version) return { kind: 'key_unknown' };
    const open = await trx
      .selectFrom('stream_sessions')
      .select(['id', 'host_id', isAlive.as('alive')])
      .where('stream_id', '=', claim.stream_id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    const orphaned = open !== undefined && open.host_id === claim.host_id && !held.includes(open.id);
    if (open?.alive && !orphaned) return { kind: 'busy' };
    if (open) await closeRow(trx, open.id, orphaned ? 'media_host_died' : 'taken_over', 'A newer session took the stream over.').execute();
    const epoch = stream.session_epoch + 1;
    const { session_id, ...facts } = claim;
    await trx.insertInto('stream_sessions').values({ id: session_id, epoch, ...facts }).execute();
    await trx.updateTable('streams').set({ session_epoch: epoch }).where('id', '=', claim.stream_id).execute();
    return { kind: 'claimed', epoch, scheduled_for: stream.scheduled_for, taken_over: open?.id ?? null };
  });

const isAlive = sql<boolean>`last_media_at > now() - make_interval(secs => ${ALIVE_S})`;

const closeRow = (db: Db, id: string, reason: SessionEndReason, detail: string | null) =>
  db.updateTable('stream_sessions').set({ ended_at: sql<Date>`now()`, end_reason: reason, end_detail: detail }).where('id', '=', id).where('ended_at', 'is', null);

/** Ends a session's row, unless it has ended. */
export const endSessionRow = async (db: Db, id: string, { reason, detail }: Pick<SessionEnd, 'reason' | 'detail'>): Promise<void> => {
  await closeRow(db, id, reason, detail).execute();
};

/** Ends the sessions of a host that its process does not hold: it died with them, and was started again. */
export async function endLeftSessions(db: Db, hostId: string, held: readonly string[]): Promise<string[]> {
  const rows = await db
    .updateTable('stream_sessions')
    .set({ ended_at: sql<Date>`now()`, end_reason: 'media_host_died', end_detail: 'The media host was started again.' })
    .where('host_id', '=', hostId)
    .where('ended_at', 'is', null)
    .where(sql<boolean>`id <> all(${held}::uuid[])`)
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Ends a session that is said to be dead, unless it has had media just now.
 * @returns whether it lives
 */
export async function endUnlessAlive(db: Db, id: string, { reason, detail }: Pick<SessionEnd, 'reason' | 'detail'>): Promise<boolean> {
  await closeRow(db, id, reason, detail).where(sql<boolean>`not (${isAlive})`).execute();
  const row = await db.selectFrom('stream_sessions').select('ended_at').where('id', '=', id).executeTakeFirst();
  return row !== undefined && row.ended_at === null;
}

/** What the table says of a session that a host holds. */
export interface SessionNews {
  id: string;
  ended_at: Date | null;
  end_reason: SessionEndReason | null;
  status: StreamStatus;
  deleted_at: Date | null;
  key_version: number | null;
  /** Of the stream's present key. */
  stream_key_version: number;
}

/** Notes which sessions have had media, and reads what became of all of them: one statement for a host's beat. */
export async function touchSessions(db: Db, ids: readonly string[], grown: readonly string[]): Promise<SessionNews[]> {
  const { rows } = await sql<SessionNews>`
    with touched as (
      update stream_sessions set last_media_at = now() where id = any(${grown}::uuid[]) and ended_at is null
    )
    select e.id, e.ended_at, e.end_reason, s.status, s.deleted_at, e.key_version, s.key_version as stream_key_version
    from stream_sessions e join streams s on s.id = e.stream_id
    where e.id = any(${ids}::uuid[])`.execute(db);
  return rows;
}

/** Of streams whose encoder has left this host: which of them may still come back to it. */
export async function listAwaited(db: Db, streamIds: readonly string[], hostId: string): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select s.id from streams s
    where s.id = any(${streamIds}::uuid[]) and s.deleted_at is null and s.status not in ('ending', 'ended')
      and not exists (select from stream_sessions e where e.stream_id = s.id and e.ended_at is null and e.host_id <> ${hostId})`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

/** Where viewers find the stream's media. A host that is not in the table yet is none. */
export const setMediaHost = async (db: Db, streamId: string, hostId: string): Promise<void> => {
  await sql`update streams set media_host_id = (select id from media_hosts where id = ${hostId}) where id = ${streamId}`.execute(db);
};
