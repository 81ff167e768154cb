import { sql } from 'kysely';
import type { RecordingSegment, SegmentState } from '../domain/contracts/recording.ts';
import type { StreamLatency, StreamStatus } from '../domain/contracts/stream.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export type NewRunRow = Pick<Row<'recording_runs'>, 'id' | 'stream_id' | 'session_id' | 'host_id' | 'started_at' | 'codecs' | 'width' | 'height' | 'init_sha256'>;

/** The stream's last sequence. */
export async function readLastSegment(db: Db, streamId: string): Promise<number> {
  const { last_segment } = await db.selectFrom('streams').select('last_segment').where('id', '=', streamId).executeTakeFirstOrThrow();
  return last_segment;
}

/** Takes the stream's next run number; the same run again changes nothing. @returns false: the stream is no longer there */
export async function insertRun(db: Db, run: NewRunRow): Promise<boolean> {
  const { rows } = await sql`
    with there as (
      select id from recording_runs where id = ${run.id}
    ), taken as (
      update streams set last_run = last_run + 1 where id = ${run.stream_id} and not exists (select from there) returning last_run
    ), made as (
      insert into recording_runs (id, stream_id, session_id, host_id, number, started_at, codecs, width, height, init_state, init_sha256)
      select ${run.id}, ${run.stream_id}, ${run.session_id}, ${run.host_id}, last_run, ${run.started_at}, ${run.codecs}, ${run.width}, ${run.height}, 'closed', ${run.init_sha256} from taken
      returning id
    )
    select id from made union all select id from there`.execute(db);
  return rows.length > 0;
}

/** From a state that comes before it, never back. */
export const setInitState = async (db: Db, runId: string, state: 'stored' | 'lost'): Promise<void> => {
  await db.updateTable('recording_runs').set({ init_state: state }).where('id', '=', runId).where('init_state', 'in', ['open', 'closed']).execute();
};

/** The first reason counts. */
export const endRunRow = async (db: Db, runId: string, reason: string): Promise<void> => {
  await db.updateTable('recording_runs').set({ ended_at: sql<Date>`now()`, end_reason: reason }).where('id', '=', runId).where('ended_at', 'is', null).execute();
};

export interface OpenedSegmentRow {
  stream_id: string;
  run_id: string;
  sequence: number;
  started_at: Date;
}

/**
 * Makes a segment's row under the sequence asked for, or under the stream's next one where that was taken: one statement, under the lock of
 * the stream's row. The same segment (run and time) again changes nothing.
 * @returns its sequence; null: the stream is no longer there
 */
export async function insertSegment(db: Db, { stream_id, run_id, sequence, started_at }: OpenedSegmentRow): Promise<number | null> {
  const { rows } = await sql<{ sequence: number }>`
    with there as (
      select sequence from recording_segments where run_id = ${run_id} and started_at = ${started_at}
    ), taken as (
      update streams set last_segment = greatest(last_segment + 1, ${sequence}) where id = ${stream_id} and not exists (select from there) returning last_segment
    ), made as (
      insert into recording_segments (stream_id, sequence, run_id, state, started_at, size_bytes)
      select ${stream_id}, last_segment, ${run_id}, 'open', ${started_at}, 0 from taken returning sequence
    )
    select sequence from made union all select sequence from there`.execute(db);
  return rows[0]?.sequence ?? null;
}

export const closeSegmentRow = async (db: Db, { stream_id, sequence, ...facts }: { stream_id: string; sequence: number; duration_ms: number; size_bytes: number; sha256: string }): Promise<void> => {
  await segmentRow(db, stream_id, sequence, ['open'])
    .set({ state: 'closed', ...facts, duration_ms: Math.round(facts.duration_ms), updated_at: sql<Date>`now()` })
    .execute();
};

export const storeSegmentRow = async (db: Db, streamId: string, sequence: number): Promise<void> => {
  await segmentRow(db, streamId, sequence, ['closed']).set({ state: 'stored', updated_at: sql<Date>`now()` }).execute();
};

export const loseSegmentRow = async (db: Db, streamId: string, sequence: number, reason: string, durationMs?: number): Promise<void> => {
  await segmentRow(db, streamId, sequence, ['open', 'closed'])
    .set({ state: 'lost', reason, ...(durationMs === undefined ? {} : { duration_ms: Math.round(durationMs) }), updated_at: sql<Date>`now()` })
    .execute();
};

const segmentRow = (db: Db, streamId: string, sequence: number, from: SegmentState[]) =>
  db.updateTable('recording_segments').where('stream_id', '=', streamId).where('sequence', '=', sequence).where('state', 'in', from);

const SEGMENT = ['s.stream_id', 's.run_id', 's.sequence', 's.state', 's.started_at', 's.duration_ms', 's.size_bytes', 's.sha256', 's.reason'] as const;

/** What a host has not brought into storage, oldest first. */
export async function listUnsettledSegments(db: Db, hostId: string, limit: number): Promise<RecordingSegment[]> {
  return db
    .selectFrom('recording_segments as s')
    .innerJoin('recording_runs as r', 'r.id', 's.run_id')
    .select(SEGMENT)
    .where('r.host_id', '=', hostId)
    .where('s.state', 'in', ['open', 'closed'])
    .orderBy('s.started_at')
    .limit(limit)
    .execute();
}

export const listUnsettledInits = (db: Db, hostId: string, limit: number): Promise<Pick<Row<'recording_runs'>, 'id' | 'stream_id' | 'number' | 'init_sha256'>[]> =>
  db
    .selectFrom('recording_runs')
    .select(['id', 'stream_id', 'number', 'init_sha256'])
    .where('host_id', '=', hostId)
    .where('init_state', 'in', ['open', 'closed'])
    .orderBy('started_at')
    .limit(limit)
    .execute();

export interface KnownSegment {
  run_id: string;
  init_state: SegmentState;
  /** null: the run has none. */
  sequence: number | null;
  state: SegmentState | null;
}

/** Runs that the table has, with the states of their segments. */
export const listKnownSegments = (db: Db, runIds: readonly string[]): Promise<KnownSegment[]> =>
  db
    .selectFrom('recording_runs as r')
    .leftJoin('recording_segments as s', 's.run_id', 'r.id')
    .select(['r.id as run_id', 'r.init_state', 's.sequence', 's.state'])
    .where('r.id', '=', sql<string>`any(${[...runIds]}::uuid[])`)
    .execute();

export interface HlsStream {
  status: StreamStatus;
  latency: StreamLatency;
  record: boolean;
}

export const readHlsStream = (db: Db, streamId: string): Promise<HlsStream | undefined> =>
  db.selectFrom('streams').select(['status', 'latency', 'record']).where('id', '=', streamId).executeTakeFirst();

export interface RecordedHlsSegment extends RecordingSegment {
  /** How many runs with segments the stream had before this one's. */
  discontinuity: number;
  codecs: string | null;
  width: number | null;
  height: number | null;
}

/** The newest settled segments of a stream, in order; what is lost is one of them. */
export async function listHlsSegments(db: Db, streamId: string, limit: number): Promise<RecordedHlsSegment[]> {
  const { rows } = await sql<RecordedHlsSegment>`
    select s.*, r.codecs, r.width, r.height,
      (select count(distinct e.run_id)::int from recording_segments e where e.stream_id = s.stream_id and e.sequence < s.sequence and e.run_id <> s.run_id) as discontinuity
    from (
      select stream_id, run_id, sequence, state, started_at, duration_ms, size_bytes, sha256, reason from recording_segments
      where stream_id = ${streamId} and state <> 'open' order by sequence desc limit ${limit}
    ) s join recording_runs r on r.id = s.run_id
    order by s.sequence`.execute(db);
  return rows;
}

/** A segment that a player asks for; it need not be in any window. */
export const readSegment = (db: Db, streamId: string, runId: string, sequence: number): Promise<Pick<RecordingSegment, 'state' | 'sha256' | 'size_bytes'> | undefined> =>
  db.selectFrom('recording_segments').select(['state', 'sha256', 'size_bytes']).where('stream_id', '=', streamId).where('sequence', '=', sequence).where('run_id', '=', runId).executeTakeFirst();

export const setThumbnailTaken = async (db: Db, streamId: string, at: Date): Promise<void> => {
  await db.updateTable('streams').set({ thumbnail_taken_at: at }).where('id', '=', streamId).execute();
};

/** Whose people hear of it. */
export const workspaceOfStream = async (db: Db, streamId: string): Promise<string | null> =>
  (await db.selectFrom('streams').select('workspace_id').where('id', '=', streamId).executeTakeFirst())?.workspace_id ?? null;
