import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { listUnfinishedClips } from '../../../db/vod-clip.repository.ts';
import { listUnfinishedVods } from '../../../db/vod.repository.ts';
import type { IngestVodInput, PublishClipInput, SweepVodsActivities } from '../../../domain/contracts/vod.ts';
import { ingestVodWorkflowId, publishClipWorkflowId, taskQueue } from '../../../domain/names.ts';
import { removeOldWork } from '../../../media/vod/work-folder.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import type { VodDeps } from './vod-deps.ts';

const MOST = 500;
const AT_ONCE = 10;
const START_MS = 5_000;
const UPLOAD_LIFE_MS = 24 * 3_600_000;

/** @param openForMs how long the API has to start a workflow itself */
export function createSweepVods({ db, client, taskQueuePrefix, workRoot, uploadRoot, logger }: VodDeps, openForMs = 60_000): SweepVodsActivities {
  return {
    async sweepVods() {
      const [vods, clips] = await Promise.all([listUnfinishedVods(db, openForMs, MOST), listUnfinishedClips(db, openForMs, MOST)]);
      await eachInLanes(vods, AT_ONCE, ({ id, ...vod }) => start('ingestVod', ingestVodWorkflowId(id), { vod_id: id, ...vod, request_id: null }));
      await eachInLanes(clips, AT_ONCE, ({ id, ...clip }) => start('publishClip', publishClipWorkflowId(id), { clip_id: id, ...clip, request_id: null }));
      Context.current().heartbeat();
      const removed = (await removeOldWork(workRoot)) + (await removeOldUploads(uploadRoot));
      if (vods.length + clips.length + removed > 0) logger.info({ vods: vods.length, clips: clips.length, removed }, 'unfinished videos are looked after');
      return vods.length + clips.length + removed;
    },
  };

  /** Nothing happens where it runs. */
  async function start(type: string, workflowId: string, input: IngestVodInput | PublishClipInput): Promise<void> {
    await client.withDeadline(Date.now() + START_MS, () => client.workflow.start(type, { taskQueue: taskQueue('media', taskQueuePrefix), workflowId, workflowIdConflictPolicy: 'USE_EXISTING', args: [input] }));
  }
}

/** Resumable uploads to which nothing was added for a day. The API does the same where it has a disk of its own. @returns how many files */
async function removeOldUploads(root: string): Promise<number> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  let removed = 0;
  for (const name of (await readdir(root)).slice(0, MOST)) {
    const path = join(root, name);
    const facts = await stat(path).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? null : Promise.reject(error)));
    if (facts === null || Date.now() - facts.mtimeMs < UPLOAD_LIFE_MS) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}
