import { sql } from 'kysely';
import type { BroadcastFacts, PublishKind, SessionEnd, StatusChange } from '../domain/contracts/stream.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import { endUnlessAlive } from './stream-session.repository.ts';

interface FactsRow extends Pick<BroadcastFacts, 'status' | 'key_version'> {
  is_deleted: boolean;
  start_time: Date | null;
  scheduled_for: Date | null;
  session_id: string | null;
  session_epoch: number;
  session_kind: PublishKind;
  session_key_version: number | null;
  session_started_at: Date;
  session_request_id: string | null;
  task_queue: string;
}

/** What the tables say of a stream, and of the session whose media flows. */
export async function readBroadcastFacts(db: Db, streamId: string): Promise<BroadcastFacts | null> {
  const { rows } = await sql<FactsRow>`
    select s.status, s.deleted_at is not null as is_deleted, s.start_time, s.scheduled_for, s.key_version,
      case when h.id is null then null else e.id end as session_id, coalesce(e.epoch, 0) as session_epoch, e.kind as session_kind, e.key_version as session_key_version,
      e.started_at as session_started_at, e.request_id as session_request_id, h.task_queue
    from streams s
    left join stream_sessions e on e.stream_id = s.id and e.ended_at is null
    left join media_hosts h on h.id = e.host_id and h.id = s.media_host_id
    where s.id = ${streamId}`.execute(db);
  const row = rows[0];
  if (!row) return null;
  return {
    status: row.status,
    is_deleted: row.is_deleted,
    started_at_ms: row.start_time?.getTime() ?? null,
    scheduled_for_ms: row.scheduled_for?.getTime() ?? null,
    key_version: row.key_version,
    session: row.session_id === null ? null : sessionOf(row, row.session_id),
  };
}

const sessionOf = (row: FactsRow, session_id: string): BroadcastFacts['session'] => ({
  session_id,
  epoch: row.session_epoch,
  kind: row.session_kind,
  key_version: row.session_key_version,
  host_task_queue: row.task_queue,
  at_ms: row.session_started_at.getTime(),
  request_id: row.session_request_id,
});

export interface ChangedStream {
  title: string;
  workspace_id: string;
  start_time: Date | null;
}

/** Writes a status; the same again changes nothing, and what has ended stays so. @returns the stream; undefined: there is none */
export async function writeStatus(db: Db, { stream_id, status, reason, code, at_ms }: StatusChange): Promise<ChangedStream | undefined> {
  const at = new Date(at_ms);
  const isOnAir = status === 'live';
  const isOff = status === 'ending' || status === 'ended';
  await db
    .updateTable('streams')
    .set({
      status,
      status_reason: reason,
      status_code: code,
      updated_at: sql<Date>`now()`,
      ...(isOnAir && { start_time: sql<Date>`coalesce(start_time, ${at})` }),
      ...(isOff && { viewer_count: 0, end_time: sql<Date>`coalesce(end_time, ${at})`, media_host_id: null }),
    })
    .where('id', '=', stream_id)
    .where('status', '<>', 'ended')
    .execute();
  return db.selectFrom('streams').select(['title', 'workspace_id', 'start_time']).where('id', '=', stream_id).executeTakeFirst();
}

/** Ends a session's row unless it has media right now. @returns how it ended; null: it lives */
export async function closeUnlessAlive(db: Db, sessionId: string, end: SessionEnd): Promise<SessionEnd | null> {
  return (await endUnlessAlive(db, sessionId, end)) ? null : ((await readSessionEnd(db, sessionId)) ?? end);
}

/** How a session ended; null: it has not, or was never there. */
export async function readSessionEnd(db: Db, sessionId: string): Promise<SessionEnd | null> {
  const row = await db.selectFrom('stream_sessions').select(['end_reason', 'end_detail', 'ended_at']).where('id', '=', sessionId).executeTakeFirst();
  return row?.ended_at ? { reason: row.end_reason ?? 'closed', detail: row.end_detail, at_ms: row.ended_at.getTime() } : null;
}

/** The id of the video that a stream's recording is, or will be; null: it has no segment, nor a run of which one may come. */
export async function recordingVodId(db: Db, streamId: string): Promise<string | null> {
  const vod = await db.selectFrom('vods').select('id').where('stream_id', '=', streamId).where('source', '=', 'recording').executeTakeFirst();
  if (vod) return vod.id;
  const segment = await db.selectFrom('recording_segments').select('sequence').where('stream_id', '=', streamId).limit(1).executeTakeFirst();
  if (segment) return newId();
  const run = await db.selectFrom('recording_runs').select('id').where('stream_id', '=', streamId).where('ended_at', 'is', null).limit(1).executeTakeFirst();
  return run ? newId() : null;
}

/** Streams whose workflow should run. */
export const listUnendedStreams = (db: Db, after: string | null, limit: number) =>
  db
    .selectFrom('streams')
    .select(['id', 'workspace_id', 'record', 'scheduled_for'])
    .where('status', '<>', 'ended')
    .$if(after !== null, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
