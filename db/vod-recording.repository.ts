import { sql } from 'kysely';
import type { SegmentState } from '../domain/contracts/recording.ts';
import type { LedgerState } from '../domain/contracts/vod.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export interface RecordedRun extends Pick<Row<'recording_runs'>, 'id' | 'number' | 'init_sha256' | 'end_reason'> {
  init_state: SegmentState;
}

export type RecordedSegment = Pick<Row<'recording_segments'>, 'sequence' | 'run_id' | 'state' | 'started_at' | 'duration_ms' | 'size_bytes' | 'sha256' | 'reason'>;

/**
 * How far the recording is settled: an init that is not in storage yet holds its run's segments up, too, and a run without an end may have
 * segments that the host has not written down yet.
 */
export async function readLedger(db: Db, streamId: string): Promise<LedgerState> {
  const { rows } = await sql<LedgerState>`
    select count(*)::int as total,
           (count(*) filter (where s.state in ('open', 'closed') or (s.state = 'stored' and r.init_state in ('open', 'closed')))
             + (select count(*) from recording_runs o where o.stream_id = ${streamId} and o.ended_at is null))::int as unsettled,
           count(*) filter (where s.state = 'lost')::int as lost
    from recording_segments s join recording_runs r on r.id = s.run_id
    where s.stream_id = ${streamId}`.execute(db);
  return rows[0]!;
}

/** Runs with all of their segments, in the order they were recorded in. */
export async function readRecording(db: Db, streamId: string): Promise<{ runs: RecordedRun[]; segments: RecordedSegment[] }> {
  const runs = await db.selectFrom('recording_runs').select(['id', 'number', 'init_state', 'init_sha256', 'end_reason']).where('stream_id', '=', streamId).orderBy('number').execute();
  const segments = await db
    .selectFrom('recording_segments')
    .select(['sequence', 'run_id', 'state', 'started_at', 'duration_ms', 'size_bytes', 'sha256', 'reason'])
    .where('stream_id', '=', streamId)
    .orderBy('sequence')
    .execute();
  return { runs, segments };
}

/** What no host has brought in. @returns how many segments */
export async function giveUpSegments(db: Db, streamId: string, reason: string): Promise<number> {
  return db.transaction().execute(async (trx) => {
    await trx.updateTable('recording_runs').set({ init_state: 'lost' }).where('stream_id', '=', streamId).where('init_state', 'in', ['open', 'closed']).execute();
    const { numUpdatedRows } = await trx
      .updateTable('recording_segments')
      .set({ state: 'lost', reason, updated_at: sql<Date>`now()` })
      .where('stream_id', '=', streamId)
      .where('state', 'in', ['open', 'closed'])
      .executeTakeFirst();
    return Number(numUpdatedRows);
  });
}

/** Segments that were stored and turned out not to be what was recorded. */
export async function loseStoredSegments(db: Db, streamId: string, sequences: readonly number[], reason: string): Promise<void> {
  if (sequences.length === 0) return;
  await db
    .updateTable('recording_segments')
    .set({ state: 'lost', reason, updated_at: sql<Date>`now()` })
    .where('stream_id', '=', streamId)
    .where('sequence', '=', sql<number>`any(${[...sequences]}::int[])`)
    .execute();
}
