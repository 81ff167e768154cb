import { Context } from '@temporalio/activity';
import { forgetAudio, listLostUploads, listSoundsToRemove, listUnfinishedVideos, listVideosToRemove } from '../../../db/video-sweep.repository.ts';
import { dropUpload } from '../../../db/video.repository.ts';
import { videoSourceKey, type ProcessVideoInput, type SweepVideosActivities } from '../../../domain/contracts/video.ts';
import { processVideoWorkflowId, taskQueue } from '../../../domain/names.ts';
import { removeOldWork } from '../../../media/vod/work-folder.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import { removeFiles } from './remove-files.ts';
import type { VideoDeps } from './video-deps.ts';

const MOST = 500;
const AT_ONCE = 10;
const START_MS = 5_000;

export interface SweepPatience {
  /** How long the API has to start a workflow itself. */
  start_ms: number;
  /** No upload takes so long: its process died. */
  upload_ms: number;
}

export function createSweepVideos(deps: VideoDeps, { start_ms, upload_ms }: SweepPatience = { start_ms: 60_000, upload_ms: 6 * 3_600_000 }): SweepVideosActivities {
  const { db, client, storage, taskQueuePrefix, workRoot, logger } = deps;
  return {
    async sweepVideos() {
      const unfinished = await listUnfinishedVideos(db, start_ms, MOST);
      await eachInLanes(unfinished, AT_ONCE, ({ id, workspace_id }) => start({ video_id: id, workspace_id, request_id: null }));
      Context.current().heartbeat();
      const lost = await listLostUploads(db, upload_ms, MOST);
      await eachInLanes(lost, AT_ONCE, async ({ id }) => {
        await storage.delete(videoSourceKey(id));
        await dropUpload(db, id);
      });
      Context.current().heartbeat();
      const deleted = await listVideosToRemove(db, MOST);
      await eachInLanes(deleted, AT_ONCE, ({ id }) => removeFiles(deps, id));
      Context.current().heartbeat();
      const sounds = await listSoundsToRemove(db, MOST);
      await eachInLanes(sounds, AT_ONCE, async ({ id, audio_key }) => {
        await storage.delete(audio_key);
        await forgetAudio(db, id);
      });
      const work = await removeOldWork(workRoot);
      const count = unfinished.length + lost.length + deleted.length + sounds.length + work;
      if (count > 0) logger.info({ unfinished: unfinished.length, lost: lost.length, deleted: deleted.length, sounds: sounds.length, work }, 'videos of the app are looked after');
      return count;
    },
  };

  /** Nothing happens where it runs. */
  async function start(input: ProcessVideoInput): Promise<void> {
    const options = { taskQueue: taskQueue('social', taskQueuePrefix), workflowId: processVideoWorkflowId(input.video_id), workflowIdConflictPolicy: 'USE_EXISTING' as const };
    await client.withDeadline(Date.now() + START_MS, () => client.workflow.start('processVideo', { ...options, args: [input] }));
  }
}
