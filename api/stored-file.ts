import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { findMedia, type NewMedia } from '../db/media.repository.ts';
import { newId } from '../db/ids.ts';
import type { MediaFacts, MediaFault } from '../domain/contracts/media.ts';
import type { PostMode } from '../domain/contracts/post.ts';
import { AppError } from '../domain/errors.ts';
import { checkMedia } from '../domain/publishing/media-check.ts';
import { sniffMediaType, SNIFF_BYTES, type MediaType } from '../domain/publishing/media-type.ts';
import { beginBoxWalk, feed, nextRead, truncation } from '../domain/publishing/mp4-boxes.ts';
import type { MediaStorage } from '../media/storage.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

/** Room for the other part and the boundaries of a multipart body. */
const AROUND_THE_FILE_BYTES = 1024 * 1024;

export interface FileOwner {
  workspace_id: string;
  user_id: string;
}

/** Refuses a body that says of itself that it is too long, before any of it is read. @param declared Content-Length */
export function refuseTooLarge(declared: string | undefined, maxBytes: number): void {
  if (Number(declared ?? 0) > maxBytes + AROUND_THE_FILE_BYTES) throw tooLarge(maxBytes);
}

/**
 * Streams a file to storage and looks at what it is. A refused file is not kept.
 * @throws ApiError by the first fault's code, naming all of them under `file`
 */
export async function storeFile(
  { media, probe, config }: Pick<ApiDeps, 'media' | 'probe' | 'config'>,
  { file, file_name, mode }: { file: Readable; file_name: string; mode: PostMode },
  owner: FileOwner,
): Promise<NewMedia> {
  const storage_key = `${owner.workspace_id}/${randomUUID()}`;
  try {
    const { size_bytes, sha256, version } = await media.put(storage_key, file, config.mediaMaxBytes).catch((error: unknown) => {
      throw error instanceof AppError && error.code === 'media_too_large' ? tooLarge(config.mediaMaxBytes) : error;
    });
    const { facts, faults } = await inspect({ media, probe }, storage_key, size_bytes, mode);
    if (faults.length > 0) throw fileError(faults);
    return {
      id: newId(),
      workspace_id: owner.workspace_id,
      storage_key,
      file_name,
      content_type: facts.content_type,
      size_bytes,
      sha256,
      storage_version: version,
      probe: facts.probe && JSON.stringify(facts.probe),
      created_by: owner.user_id,
    };
  } catch (error) {
    await media.delete(storage_key);
    throw error;
  }
}

/**
 * Removes a stored file that did not become a row. Where the database can't say, the file stays: one that nobody knows of costs
 * room, one that a post needs costs the post.
 */
export async function discardUnused({ db, media }: Pick<ApiDeps, 'db' | 'media'>, { workspace_id, id, storage_key }: NewMedia): Promise<void> {
  const isNeeded = await findMedia(db, workspace_id, id).then(
    (row) => row !== undefined,
    () => true,
  );
  if (!isNeeded) await media.delete(storage_key);
}

/** A 422 or 413 about the file: the first fault's code, and every fault's words. */
export function fileError(faults: readonly Pick<MediaFault, 'code' | 'message'>[], field = 'file'): ApiError {
  return new ApiError(faults[0]!.code, {
    detail: faults.map(({ message }) => message).join(' '),
    errors: faults.map(({ message }) => ({ field, message })),
  });
}

const tooLarge = (maxBytes: number): ApiError => fileError([{ code: 'media_too_large', message: `A file may have at most ${maxBytes} bytes here.` }]);

async function inspect({ media, probe }: Pick<ApiDeps, 'media' | 'probe'>, key: string, size: number, mode: PostMode): Promise<{ facts: MediaFacts; faults: MediaFault[] }> {
  const sniffed = size === 0 ? null : sniffMediaType(await bytesAt(media, key, 0, Math.min(SNIFF_BYTES, size)));
  const truncated = isBoxed(sniffed) ? await walkBoxes(media, key, size) : null;
  const probed = sniffed?.startsWith('video/') && truncated === null ? await probeStored({ media, probe }, key) : null;
  const facts: MediaFacts = {
    size_bytes: size,
    content_type: sniffed ?? 'application/octet-stream',
    probe: probed?.kind === 'probed' ? probed.probe : null,
  };
  const faults = checkMedia({ facts, kind: 'video', mode, max_duration_ms: null, sniffed, truncated });
  if (faults.length === 0 && probed?.kind === 'unreadable') faults.push({ code: 'media_truncated', message: `ffprobe can not read the video: ${probed.reason}` });
  return { facts, faults };
}

const isBoxed = (type: MediaType | null): boolean => type === 'video/mp4' || type === 'video/quicktime';

async function walkBoxes(media: MediaStorage, key: string, size: number): Promise<string | null> {
  let walk = beginBoxWalk(size);
  for (let next = nextRead(walk); next; next = nextRead(walk)) walk = feed(walk, await bytesAt(media, key, next.offset, next.length));
  return truncation(walk);
}

async function probeStored({ media, probe }: Pick<ApiDeps, 'media' | 'probe'>, key: string) {
  const local = await media.localPath(key);
  try {
    return await probe(local.path);
  } finally {
    await local.close();
  }
}

const bytesAt = async (media: MediaStorage, key: string, offset: number, length: number): Promise<Buffer> =>
  buffer(await media.read(key, offset, offset + length - 1));
