import type { DbHandle } from '../../db/client.ts';
import { stableId } from '../../db/ids.ts';
import { createNotification } from '../../db/notification.repository.ts';
import {
  closeSegmentRow,
  endRunRow,
  insertRun,
  insertSegment,
  listKnownSegments,
  listUnsettledInits,
  listUnsettledSegments,
  loseSegmentRow,
  readLastSegment,
  setInitState,
  setThumbnailTaken,
  storeSegmentRow,
  workspaceOfStream,
} from '../../db/recording.repository.ts';
import { AppError } from '../../domain/errors.ts';
import type { RecordingLedger } from '../../media/recording-ledger.ts';

export interface RecordingLedgerOptions {
  database: Pick<DbHandle, 'db' | 'pool'>;
  hostId: string;
  /** Tells those who are connected that their feed grew. */
  hint: (workspaceId: string) => void;
}

/** The ledger of what this host records, in PostgreSQL. */
export function createRecordingLedger({ database: { db, pool }, hostId, hint }: RecordingLedgerOptions): RecordingLedger {
  return {
    lastSequence: (streamId) => readLastSegment(db, streamId),
    async beginRun(run) {
      if (!(await unlessGone(() => insertRun(db, { ...run, host_id: hostId })))) throw new AppError('not_found', `stream ${run.stream_id}`);
    },
    initStored: (runId) => setInitState(db, runId, 'stored'),
    loseInit: (runId) => setInitState(db, runId, 'lost'),
    endRun: (runId, reason) => endRunRow(db, runId, reason),
    async openSegment(segment) {
      const sequence = await unlessGone(() => insertSegment(db, segment));
      if (sequence === null) throw new AppError('not_found', `stream ${segment.stream_id}`);
      return sequence;
    },
    closeSegment: (segment) => closeSegmentRow(db, segment),
    segmentStored: (streamId, sequence) => storeSegmentRow(db, streamId, sequence),
    loseSegment: (streamId, sequence, reason, duration_ms) => loseSegmentRow(db, streamId, sequence, reason, duration_ms),
    unsettled: async (limit) => ({ segments: await listUnsettledSegments(db, hostId, limit), inits: await listUnsettledInits(db, hostId, limit) }),
    async knownRuns(runIds) {
      const known: Awaited<ReturnType<RecordingLedger['knownRuns']>> = new Map();
      for (const { run_id, init_state, sequence, state } of await listKnownSegments(db, runIds)) {
        const run = known.get(run_id) ?? { init_settled: init_state === 'stored' || init_state === 'lost', segments: new Map() };
        if (sequence !== null && state !== null) run.segments.set(sequence, state);
        known.set(run_id, run);
      }
      return known;
    },
    async notify(streamId, key, message) {
      const workspace_id = await workspaceOfStream(db, streamId);
      if (workspace_id === null) return;
      const created = await createNotification(pool, { workspace_id, action_id: stableId(`recording:${streamId}:${key}`), livestream_id: null, message });
      if (created) hint(workspace_id);
    },
    thumbnailTaken: (streamId, at) => setThumbnailTaken(db, streamId, at),
  };
}

const FOREIGN_KEY_VIOLATION = '23503';

/** The stream or its session was deleted with all that belongs to it: what is still written for it is for nothing. */
async function unlessGone<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) throw new AppError('not_found', 'the stream or its session', { cause: error });
    throw error;
  }
}
