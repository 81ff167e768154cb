import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { findMedia, insertMedia, type MediaRow } from '../../../db/media.repository.ts';
import { createPosts, type AccountRow } from '../../../db/post-request.repository.ts';
import { postsOfGroup } from '../../../db/post.repository.ts';
import { changeClip, findClip, type ClipRow } from '../../../db/vod-clip.repository.ts';
import { findVod } from '../../../db/vod.repository.ts';
import type { PublishClipActivities } from '../../../domain/contracts/vod.ts';
import { AppError } from '../../../domain/errors.ts';
import { publishWorkflowId, taskQueue } from '../../../domain/names.ts';
import { checkMedia } from '../../../domain/publishing/media-check.ts';
import { cutClip } from '../../../media/vod/clip.ts';
import { inspectVideo } from '../../../media/vod/inspect.ts';
import { withWorkFolder } from '../../../media/vod/work-folder.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { VodDeps } from './vod-deps.ts';
import { FFMPEG_TRIES, type Refusal } from './vod-failure.ts';

const START_MS = 5_000;
/** Most bytes a second of a clip: the encoder stays far below. */
const ROOM_BYTES_PER_MS = 2_500;

export function createPublishClip({ db, client, taskQueuePrefix, storage, ffmpeg, ffprobe, workRoot, clipMaxBytes, logger }: VodDeps): PublishClipActivities {
  return {
    makeClip: ({ clip_id }) =>
      heartbeating(() =>
        answered(async () => {
          const clip = await requireClip(clip_id);
          if (await findMedia(db, clip.workspace_id, clip.id)) return;
          await withWorkFolder(workRoot, clip.id, (clip.end_ms - clip.start_ms) * ROOM_BYTES_PER_MS, (folder) => make(clip, join(folder, 'clip.mp4')));
        }),
      ),

    postClip: ({ clip_id }) =>
      answered(async () => {
        const clip = await requireClip(clip_id);
        const media = await findMedia(db, clip.workspace_id, clip.id);
        if (!media) throw new AppError('media_missing');
        const group_id = clip.group_id ?? (await post(clip, media));
        await start(clip.workspace_id, group_id);
        await changeClip(db, clip.id, { state: 'published', media_id: media.id, group_id });
      }),

    failClip: ({ clip_id, code, reason }) => changeClip(db, clip_id, { state: 'failed', state_code: code, state_reason: reason }),
  };

  async function answered(run: () => Promise<void>): Promise<{ ok: true } | Refusal> {
    try {
      await run();
      return { ok: true };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.permanent || (error.code === 'ffmpeg_failed' && Context.current().info.attempt >= FFMPEG_TRIES)) return { ok: false, code: error.code, reason: error.message };
      throw ApplicationFailure.create({ message: error.message, type: error.code, cause: error });
    }
  }

  async function requireClip(id: string): Promise<ClipRow> {
    const clip = await findClip(db, id);
    if (!clip) throw new AppError('not_found', 'the video was deleted');
    return clip;
  }

  /** The clip's id is also its file's: a repeat finds it. */
  async function make(clip: ClipRow, path: string): Promise<void> {
    const vod = await findVod(db, clip.vod_id);
    if (!vod || vod.storage_key === null) throw new AppError('not_found', 'the video was deleted');
    const tools = { ffmpeg, ffprobe, signal: Context.current().cancellationSignal };
    const source = await storage.localPath(vod.storage_key);
    try {
      await cutClip(tools, source.path, await inspectVideo(source.path, ffprobe), clip, path);
    } finally {
      await source.close();
    }
    const { probe } = await inspectVideo(path, ffprobe);
    const storage_key = `${clip.workspace_id}/clip-${clip.id}`;
    const { size_bytes, sha256, version } = await storage.put(storage_key, createReadStream(path), clipMaxBytes, tools.signal);
    const facts = { size_bytes, content_type: 'video/mp4', probe };
    const [fault] = checkMedia({ facts, kind: 'video', mode: clip.request.mode, max_duration_ms: null, sniffed: 'video/mp4', truncated: null });
    if (fault) {
      await storage.delete(storage_key);
      throw new AppError(fault.code, fault.message);
    }
    const { id, workspace_id, created_by } = clip;
    await insertMedia(db, { id, workspace_id, storage_key, file_name: `${vod.title.slice(0, 200)}.mp4`, content_type: 'video/mp4', size_bytes, sha256, storage_version: version, probe: JSON.stringify(probe), created_by });
    logger.info({ clip_id: id, vod_id: vod.id, size_bytes }, 'a clip was cut');
  }

  /** Once, whatever dies in between: a request with this key is made once. */
  async function post({ id, workspace_id, created_by, request }: ClipRow, media: MediaRow): Promise<string> {
    const made = await createPosts(
      db,
      {
        ...request,
        workspace_id,
        created_by,
        kind: 'video',
        source: 'file',
        publish_at: request.publish_at === null ? null : new Date(request.publish_at),
        video_url: null,
        photo_urls: null,
        media,
        idempotency: { key: `clip:${id}`, fingerprint: id },
      },
      (accounts) => refuseGone(request.social_account_ids, accounts),
    );
    if (made.kind === 'key_taken') throw new AppError('conflict', 'the clip’s posts were made by somebody else');
    await changeClip(db, id, { group_id: made.group_id });
    return made.group_id;
  }

  /** What Temporal does not take now, the sweep of posts starts. */
  async function start(workspaceId: string, groupId: string): Promise<void> {
    for (const { id, social_account_id, workspace_id, publish_at } of await postsOfGroup(db, workspaceId, groupId)) {
      const input = { post_id: id, social_account_id, workspace_id, publish_at_ms: publish_at?.getTime() ?? null };
      await client.withDeadline(Date.now() + START_MS, () =>
        client.workflow.start('publishVideo', { taskQueue: taskQueue('publish', taskQueuePrefix), workflowId: publishWorkflowId(id), workflowIdConflictPolicy: 'USE_EXISTING', args: [input] }),
      );
    }
  }
}

/** They were fine when the clip was asked for. */
function refuseGone(ids: readonly string[], accounts: readonly AccountRow[]): void {
  const usable = new Set(accounts.filter(({ state }) => state !== 'disconnected').map(({ id }) => id));
  if (ids.some((id) => !usable.has(id))) throw new AppError('account_disconnected');
}
