import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { storeVodFacts, type VodFacts } from '../../../db/vod.repository.ts';
import { posterKey, vodKey } from '../../../domain/contracts/vod.ts';
import { AppError } from '../../../domain/errors.ts';
import type { InspectedVideo } from '../../../media/vod/inspect.ts';
import type { Tools } from '../../../media/vod/ffmpeg.ts';
import { takePoster } from '../../../media/vod/poster.ts';
import type { VodDeps } from './vod-deps.ts';

const MAX_POSTER_BYTES = 10 * 1024 * 1024;

export interface MadeVideo {
  vod_id: string;
  path: string;
  inspected: InspectedVideo;
  timeline: Pick<VodFacts, 'stretches' | 'gaps' | 'segments_total' | 'segments_lost'>;
}

/**
 * Puts a video and its poster into storage, then into the row.
 * @throws AppError not_found where the row was deleted meanwhile, AbortError where it was cancelled; nothing is then kept
 */
export async function putVideo({ db, storage }: Pick<VodDeps, 'db' | 'storage'>, tools: Tools, folder: string, made: MadeVideo): Promise<void> {
  const poster = join(folder, 'poster.jpg');
  const poster_key = (await takePoster(tools, made.path, made.inspected, poster)) ? posterKey(made.vod_id) : null;
  if (poster_key) await storage.put(poster_key, createReadStream(poster), MAX_POSTER_BYTES, tools.signal);
  const storage_key = vodKey(made.vod_id);
  // What came in was bounded when it came.
  const { size_bytes, sha256 } = await storage.put(storage_key, createReadStream(made.path), Number.MAX_SAFE_INTEGER, tools.signal);
  const isKept = await storeVodFacts(db, made.vod_id, { storage_key, size_bytes, sha256, ...made.timeline, poster_key, content_type: 'video/mp4', probe: made.inspected.probe });
  if (isKept) return;
  await Promise.all([storage_key, ...(poster_key ? [poster_key] : [])].map((key) => storage.delete(key)));
  throw new AppError('not_found', 'the video was deleted');
}
