import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { Context } from '@temporalio/activity';
import { findVod, vodReceived, type VodRow } from '../../../db/vod.repository.ts';
import { vodSourceKey, type IngestOutcome } from '../../../domain/contracts/vod.ts';
import { AppError } from '../../../domain/errors.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { VodDeps } from './vod-deps.ts';
import { settleFailure } from './vod-failure.ts';

export function createFetchVod({ db, storage, download, importRoot, maxBytes }: Pick<VodDeps, 'db' | 'storage' | 'download' | 'importRoot' | 'maxBytes'>) {
  return {
    fetchVod: ({ vod_id }: { vod_id: string }): Promise<IngestOutcome> =>
      heartbeating(async () => {
        try {
          const vod = await findVod(db, vod_id);
          if (!vod) throw new AppError('not_found', 'the video was deleted');
          if (vod.storage_key === null) await fetchSource(vod);
          return { ok: true, status: 'ready' };
        } catch (error) {
          return settleFailure(db, vod_id, error);
        }
      }),
  };

  async function fetchSource(vod: VodRow): Promise<void> {
    const storage_key = vodSourceKey(vod.id);
    const { body, size_bytes } = await openSource(vod.source_url ?? '', Context.current().cancellationSignal);
    if ((size_bytes ?? 0) > maxBytes) {
      body.on('error', () => undefined).destroy();
      throw tooLarge();
    }
    const file = await storage.put(storage_key, body, maxBytes, Context.current().cancellationSignal).catch((error: unknown) => {
      throw error instanceof AppError && error.code === 'media_too_large' ? tooLarge() : error;
    });
    if (size_bytes !== null && file.size_bytes !== size_bytes) throw new AppError('unavailable', `${file.size_bytes} bytes came instead of ${size_bytes}`);
    if (!(await vodReceived(db, vod.id, { storage_key, size_bytes: file.size_bytes, sha256: file.sha256 }))) await storage.delete(storage_key);
  }

  function openSource(source: string, signal: AbortSignal): Promise<{ body: Readable; size_bytes: number | null }> {
    return /^https?:\/\//i.test(source) ? download.open(source, signal) : openBelow(importRoot, source);
  }

  function tooLarge(): AppError {
    return new AppError('vod_too_large', `at most ${maxBytes} bytes`);
  }
}

/** A file below a folder of the operator's, whatever links lie in between. */
async function openBelow(root: string | null, path: string): Promise<{ body: Readable; size_bytes: number }> {
  if (root === null) throw new AppError('vod_source_refused', 'files are taken from no folder here: VOD_IMPORT_DIR is not set');
  const folder = await realpath(root);
  const real = await realpath(resolve(folder, path)).catch((error: unknown) => {
    throw new AppError('vod_source_refused', 'there is no such file', { cause: error });
  });
  if (!real.startsWith(folder + sep)) throw new AppError('vod_source_refused', 'the file lies outside of VOD_IMPORT_DIR');
  // What was looked at is what is opened: no link may have come in between, no pipe may keep us waiting.
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const facts = await file.stat();
  if (facts.isFile()) return { body: file.createReadStream(), size_bytes: facts.size };
  await file.close();
  throw new AppError('vod_source_refused', 'it is no file');
}
