import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { Db } from '../../../db/client.ts';
import { findVod, type VodRow } from '../../../db/vod.repository.ts';
import { vodSourceKey, type IngestOutcome, type VodStretch } from '../../../domain/contracts/vod.ts';
import { AppError } from '../../../domain/errors.ts';
import { FfmpegError } from '../../../media/ffmpeg/machine-fault.ts';
import { encodeTo, REPEATABLE, targetOf } from '../../../media/vod/encode.ts';
import { convert, inputOf, type Tools } from '../../../media/vod/ffmpeg.ts';
import { inspectVideo, isFaststart, playsEverywhere, type InspectedVideo } from '../../../media/vod/inspect.ts';
import { COPY_MS, encodeMs } from '../../../media/vod/join.ts';
import { withWorkFolder } from '../../../media/vod/work-folder.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { putVideo } from './put-video.ts';
import type { VodDeps } from './vod-deps.ts';
import { settleFailure } from './vod-failure.ts';

/** What is encoded anew may become larger than it was. */
const ROOM_FACTOR = 2;

export function createProcessVod(deps: VodDeps) {
  const { db, storage, workRoot, ffmpeg, ffprobe } = deps;
  return {
    processVod: ({ vod_id }: { vod_id: string }): Promise<IngestOutcome> =>
      heartbeating(async () => {
        try {
          const vod = await findVod(db, vod_id);
          if (!vod || vod.storage_key === null) throw new AppError('not_found', 'the video was deleted');
          // Only the last step writes this.
          if (vod.probe === null) await process(vod, vod.storage_key);
          await storage.delete(vodSourceKey(vod_id));
          return { ok: true, status: 'ready' };
        } catch (error) {
          return settleFailure(db, vod_id, error);
        }
      }),
  };

  async function process(vod: VodRow, sourceKey: string): Promise<void> {
    const tools: Tools = { ffmpeg, ffprobe, signal: Context.current().cancellationSignal };
    const size = vod.size_bytes ?? 0;
    await withWorkFolder(workRoot, vod.id, size * ROOM_FACTOR, async (folder) => {
      const source = await storage.localPath(sourceKey);
      try {
        const inspected = await inspectVideo(source.path, ffprobe);
        if (inspected.video === null || !inspected.probe.duration_ms) throw new AppError('vod_unreadable', 'it has no video track that lasts any time');
        const path = join(folder, 'video.mp4');
        const made = await makePlayable(tools, source.path, inspected, path);
        const timeline = { stretches: await stretchOf(db, vod, made.probe.duration_ms ?? 0), gaps: [], segments_total: 0, segments_lost: 0 };
        await putVideo(deps, tools, folder, { vod_id: vod.id, path, inspected: made, timeline });
      } finally {
        await source.close();
      }
    });
  }
}

/** Copies the tracks into an MP4 with its index in front, or encodes what not every browser plays. @returns what it became */
async function makePlayable(tools: Tools, source: string, inspected: InspectedVideo, path: string): Promise<InspectedVideo> {
  if (inspected.probe.container.startsWith('mov')) await isFaststart(source);
  const copied = playsEverywhere(inspected);
  const how = copied ? ['-map', '0:v:0', '-map', '0:a:0?', '-c', 'copy'] : encodeTo(targetOf([inspected])!, inspected);
  const args = [...inputOf(source), ...how, ...REPEATABLE, '-movflags', '+faststart', path];
  try {
    await convert(tools, args, copied ? COPY_MS : encodeMs(inspected));
  } catch (error) {
    // ffprobe reads the headers only; what is behind them shows here.
    throw error instanceof FfmpegError && !error.isMachineFault ? new AppError('vod_unreadable', error.detail, { cause: error }) : error;
  }
  const made = await inspectVideo(path, tools.ffprobe);
  if (!made.probe.duration_ms) throw new AppError('vod_unreadable', 'nothing of it can be decoded');
  return made;
}

/** Where in time the video comes from, for the chat beside it: as said with the upload, else the stream's start. */
async function stretchOf(db: Db, { stream_id, recorded_from }: VodRow, duration_ms: number): Promise<VodStretch[]> {
  const from = recorded_from ?? (await startOf(db, stream_id));
  return from === null ? [] : [{ at_ms: 0, duration_ms, from: from.toISOString() }];
}

async function startOf(db: Db, streamId: string | null): Promise<Date | null> {
  if (streamId === null) return null;
  const stream = await db.selectFrom('streams').select('start_time').where('id', '=', streamId).executeTakeFirst();
  return stream?.start_time ?? null;
}

