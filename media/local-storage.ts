import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../domain/errors.ts';
import { FileRange } from './file-range.ts';
import { createByteCounter } from './byte-counter.ts';
import type { MediaStorage, StoredObject } from './storage.ts';

/** Files below one folder of this machine's disk; API and workers must share it. */
export function createLocalStorage(folder: string): MediaStorage {
  const root = resolve(folder);
  const pathOf = (key: string): string => {
    const path = resolve(root, key);
    if (!path.startsWith(root + sep)) throw new Error(`Not a storage key: ${key}`);
    return path;
  };
  return {
    async put(key, source, maxBytes, signal) {
      const path = pathOf(key);
      const unfinished = `${path}.${randomUUID()}.part`;
      const counter = createByteCounter(maxBytes);
      // A source may fail before anything reads it, as a file that is not there does: with nobody listening, that would end the process.
      source.once('error', () => undefined);
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        if (source.errored) throw source.errored;
        await pipeline(source, counter.stream, createWriteStream(unfinished, { mode: 0o600, flush: true }), { signal });
        // Nobody writes to a stored file again: what was checked is what is sent.
        await chmod(unfinished, 0o400);
        await rename(unfinished, path);
      } catch (error) {
        source.destroy();
        await rm(unfinished, { force: true });
        throw error;
      }
      return { ...(await facts(path))!, sha256: counter.sha256() };
    },
    stat: (key) => facts(pathOf(key)),
    async read(key, first, last) {
      const path = pathOf(key);
      if ((await facts(path)) === null) throw new AppError('media_missing', key);
      return new FileRange(path, first, last);
    },
    async localPath(key) {
      const path = pathOf(key);
      if ((await facts(path)) === null) throw new AppError('media_missing', key);
      return { path, close: async () => undefined };
    },
    delete: (key) => rm(pathOf(key), { force: true }),
  };
}

/** Where DATA_DIR keeps media. */
export const mediaFolder = (dataDir: string): string => join(dataDir, 'media');

async function facts(path: string): Promise<StoredObject | null> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return { size_bytes: size, version: `${ino}-${Math.round(mtimeMs)}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
