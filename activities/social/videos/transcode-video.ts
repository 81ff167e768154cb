import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { originalSoundId } from '../../../db/video-life.repository.ts';
import { findVideo, storeVideoFacts, type VideoRow } from '../../../db/video.repository.ts';
import { soundKey, videoFileKey, type ProcessVideoActivities, type VideoFile } from '../../../domain/contracts/video.ts';
import { AppError } from '../../../domain/errors.ts';
import { ladderOf, MAX_SIDE, shownPicture, type Rendition, type ShownPicture } from '../../../domain/social/video.ts';
import { isHdr } from '../../../media/app-video/picture-filter.ts';
import { transcodeToHls } from '../../../media/app-video/transcode.ts';
import type { Tools } from '../../../media/vod/ffmpeg.ts';
import { inspectVideo, isFaststart, type InspectedVideo } from '../../../media/vod/inspect.ts';
import { takePoster } from '../../../media/vod/poster.ts';
import { withWorkFolder } from '../../../media/vod/work-folder.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { removeFiles } from './remove-files.ts';
import type { VideoDeps } from './video-deps.ts';
import { settleFailure } from './video-failure.ts';

/** Bytes that a second of all renditions, and of the sound, may take. */
const ROOM_BYTES_PER_S = 1_000_000;
/** Rounding to frames and packets, and clocks of phones. */
const TOLERANCE_S = 0.5;
/** What is beyond the limit need not be decoded; that it is there shows. */
const BEYOND_S = 2;

type Made = { duration_ms: number; picture: Rendition; files: VideoFile[]; hasSound: boolean };

export function createTranscodeVideo(deps: VideoDeps): Pick<ProcessVideoActivities, 'transcodeVideo'> {
  const { db, storage, workRoot, ffmpeg, ffprobe, maxS, logger } = deps;
  return {
    async transcodeVideo({ video_id }) {
      const progress = { done_ms: 0, duration_ms: 0 };
      return heartbeating(
        async () => {
          try {
            const video = await findVideo(db, video_id);
            if (!video || video.deleted_at !== null) {
              await removeFiles(deps, video_id);
              throw new AppError('video_gone', 'it was deleted');
            }
            // Only the last step writes this.
            if (video.playlist_key === null) await transcode(video, progress);
            return { ok: true, has_sound: (await storage.stat(soundKey(originalSoundId(video_id)))) !== null };
          } catch (error) {
            return settleFailure(db, video_id, error);
          }
        },
        () => progress,
      );
    },
  };

  async function transcode(video: VideoRow, progress: { done_ms: number; duration_ms: number }): Promise<void> {
    if (video.source_key === null) throw new AppError('media_missing', 'the upload is gone');
    const tools: Tools = { ffmpeg, ffprobe, signal: Context.current().cancellationSignal };
    const source = await storage.localPath(video.source_key);
    try {
      await withWorkFolder(workRoot, video.id, maxS * ROOM_BYTES_PER_S, async (folder) => {
        const { inspected, picture } = await accepted(source.path);
        progress.duration_ms = inspected.probe.duration_ms ?? 0;
        const made = await make(tools, source.path, inspected, picture, folder, (done_ms) => (progress.done_ms = done_ms));
        await put(video.id, folder, made);
      });
    } finally {
      await source.close();
    }
  }

  /** @throws AppError vod_unreadable, video_too_long */
  async function accepted(path: string): Promise<{ inspected: InspectedVideo; picture: ShownPicture }> {
    const inspected = await inspectVideo(path, ffprobe);
    const picture = inspected.video && shownPicture(inspected.video);
    if (!picture) throw new AppError('vod_unreadable', 'it has no video track');
    if (Math.max(picture.width, picture.height) > MAX_SIDE) throw new AppError('vod_unreadable', `its picture has ${picture.width}x${picture.height} pixels, and at most ${MAX_SIDE} a side are taken`);
    if ((inspected.probe.duration_ms ?? 0) > (maxS + TOLERANCE_S) * 1_000) throw tooLong(inspected.probe.duration_ms!);
    // A file that breaks off before its end.
    if (inspected.probe.container.startsWith('mov')) await isFaststart(path);
    return { inspected, picture };
  }

  async function make(tools: Tools, source: string, inspected: InspectedVideo, picture: ShownPicture, folder: string, onProgress: (done_ms: number) => void): Promise<Made> {
    const renditions = ladderOf(picture);
    const hls = join(folder, 'hls');
    await mkdir(hls);
    const hasSound = inspected.audio !== null;
    const plan = { renditions, hasAudio: hasSound, fromHdr: isHdr(inspected.video?.color_transfer), soundPath: join(folder, 'audio.m4a'), mostS: maxS + BEYOND_S };
    const duration_ms = await transcodeToHls(tools, source, plan, hls, onProgress);
    // The header may have said less than there is, or nothing.
    if (duration_ms > (maxS + TOLERANCE_S) * 1_000) throw tooLong(duration_ms);
    const first = join(hls, `${renditions[0]!.name}.m4s`);
    await takePoster(tools, first, { video: inspected.video, probe: { ...inspected.probe, duration_ms } }, join(hls, 'thumbnail.jpg'));
    const files: VideoFile[] = [...renditions.flatMap(({ name }): VideoFile[] => [`${name}.m4s`, `${name}.m3u8`]), 'thumbnail.jpg', 'master.m3u8'];
    return { duration_ms, picture: renditions[0]!, files, hasSound };
  }

  function tooLong(duration_ms: number): AppError {
    return new AppError('video_too_long', `at most ${maxS} s; this one lasts ${Math.round(duration_ms / 1_000)} s`);
  }

  /** Into storage, then into the row. @throws AppError video_gone where it was deleted meanwhile; nothing is then kept */
  async function put(id: string, folder: string, { duration_ms, picture: { width, height }, files, hasSound }: Made): Promise<void> {
    for (const file of files) await putFile(videoFileKey(id, file), join(folder, 'hls', file));
    if (hasSound) await putFile(soundKey(originalSoundId(id)), join(folder, 'audio.m4a'));
    const facts = { playlist_key: videoFileKey(id, 'master.m3u8'), thumbnail_key: videoFileKey(id, 'thumbnail.jpg'), duration_ms, width, height };
    if (await storeVideoFacts(db, id, facts)) {
      logger.info({ video_id: id, duration_ms, width, height }, 'a video was made to play everywhere');
      return;
    }
    // Another attempt that was thought dead may have been faster: then these are its files.
    if ((await findVideo(db, id))?.deleted_at === null) return;
    await removeFiles(deps, id);
    throw new AppError('video_gone', 'it was deleted meanwhile');
  }

  async function putFile(key: string, path: string): Promise<void> {
    // What came in was bounded when it came.
    await storage.put(key, createReadStream(path), Number.MAX_SAFE_INTEGER, Context.current().cancellationSignal);
  }
}
