import { Context } from '@temporalio/activity';
import { findVod } from '../../../db/vod.repository.ts';
import { loseStoredSegments, readRecording } from '../../../db/vod-recording.repository.ts';
import type { IngestOutcome } from '../../../domain/contracts/vod.ts';
import { AppError } from '../../../domain/errors.ts';
import { layOut } from '../../../domain/streaming/vod-timeline.ts';
import { joinPieces } from '../../../media/vod/join.ts';
import { withWorkFolder } from '../../../media/vod/work-folder.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { fetchRecording, type FetchedRecording } from './fetch-recording.ts';
import { putVideo } from './put-video.ts';
import type { VodDeps } from './vod-deps.ts';
import { settleFailure } from './vod-failure.ts';

/** The pieces, one of them straightened beside itself, and the joined file, which faststart writes in place. */
const ROOM_FACTOR = 3;

export function createJoinRecording(deps: VodDeps) {
  const { db, storage, workRoot, ffmpeg, ffprobe, logger } = deps;

  return {
    joinRecording: ({ vod_id, stream_id }: { vod_id: string; stream_id: string }): Promise<IngestOutcome> =>
      heartbeating(async () => {
        try {
          return (await doneBefore(vod_id)) ?? (await join(vod_id, stream_id));
        } catch (error) {
          return settleFailure(db, vod_id, error);
        }
      }),
  };

  /** An attempt may have died between its last write and its answer. */
  async function doneBefore(vodId: string): Promise<IngestOutcome | null> {
    const vod = await findVod(db, vodId);
    if (!vod) throw new AppError('not_found', 'the video was deleted');
    if (vod.storage_key === null || (await storage.stat(vod.storage_key)) === null) return null;
    return { ok: true, status: vod.segments_lost > 0 ? 'incomplete' : 'ready' };
  }

  async function join(vod_id: string, stream_id: string): Promise<IngestOutcome> {
    const recording = await readRecording(db, stream_id);
    const kept = recording.segments.filter(({ state }) => state === 'stored');
    if (kept.length === 0) throw new AppError('recording_empty', recording.segments.length === 0 ? null : `all ${recording.segments.length} segments are lost`);
    const bytes = kept.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
    const tools = { ffmpeg, ffprobe, signal: Context.current().cancellationSignal };
    return withWorkFolder(workRoot, vod_id, bytes * ROOM_FACTOR, async (folder) => {
      const fetched = await fetchRecording(storage, { stream_id, ...recording }, folder, tools.signal);
      await loseStoredSegments(db, stream_id, fetched.spoilt, 'The stored bytes are not those that were recorded.');
      if (fetched.pieces.length === 0) throw new AppError('recording_empty', `all ${fetched.lost} segments are lost`);
      const joined = await joinPieces(tools, folder, fetched.pieces.map(({ file }) => file));
      logger.info({ vod_id, stream_id, pieces: fetched.pieces.length, lost: fetched.lost, encoded: joined.encoded }, 'a recording was joined');
      const { stretches, gaps } = timelineOf(fetched, joined.durations_ms);
      const timeline = { stretches, gaps, segments_total: kept.length - fetched.spoilt.length + fetched.lost, segments_lost: fetched.lost };
      await putVideo(deps, tools, folder, { vod_id, path: joined.path, inspected: joined.inspected, timeline });
      return { ok: true, status: fetched.lost > 0 ? 'incomplete' : 'ready' };
    });
  }
}

const timelineOf = ({ pieces, lost_after }: FetchedRecording, durations: readonly number[]) =>
  layOut(pieces.map(({ from_ms, lost_before }, index) => ({ from_ms, lost_before, duration_ms: durations[index]! })), lost_after);
