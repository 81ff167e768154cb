import { lstat, mkdir, open, readdir, readFile, rename, rm, rmdir, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file that grows. */
export interface GrowingFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Cuts off what was written behind `size`, has the rest on the disk for good, and closes it. */
  finish(size: number): Promise<void>;
}

/** What the recording does to the file system: a seam, so that faults of disks can be caused in tests. */
export interface RecordingDisk {
  create(path: string): Promise<GrowingFile>;
  /** All or nothing. */
  writeWhole(path: string, bytes: Uint8Array): Promise<void>;
  read(path: string): Promise<Buffer>;
  /** @throws EEXIST where there is something by the new name: nothing is ever put in its place */
  rename(from: string, to: string): Promise<void>;
  /** Files and folders; what is not there is no fault. */
  remove(path: string): Promise<void>;
  /** A folder, where it is empty. */
  removeEmpty(folder: string): Promise<void>;
  /** Names; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Bytes that may still be written below the folder. */
  room(folder: string): Promise<number>;
}

const PRIVATE = 0o600;

export const recordingDisk: RecordingDisk = {
  async create(path) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'wx', PRIVATE);
    return { write: (bytes) => writeAll(file, bytes), finish: (size) => finish(file, size) };
  },
  async writeWhole(path, bytes) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const unfinished = `${path}.part`;
    try {
      const file = await open(unfinished, 'w', PRIVATE);
      try {
        await writeAll(file, bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  },
  read: (path) => readFile(path),
  async rename(from, to) {
    // A run's folder has one writer: nothing comes between the two.
    if (await isThere(to)) throw Object.assign(new Error(`EEXIST: file already exists, rename '${from}' -> '${to}'`), { code: 'EEXIST' });
    await rename(from, to);
  },
  remove: (path) => rm(path, { recursive: true, force: true }),
  async removeEmpty(folder) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  },
  async list(folder) {
    try {
      return await readdir(folder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  async room(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}

async function finish(file: FileHandle, size: number): Promise<void> {
  try {
    await file.truncate(size);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
/** No room: full, or over a quota. */
export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Where a host keeps its runs: one folder each. */
export const runFolder = (folder: string, streamId: string, runId: string): string => join(folder, streamId, runId);
export const initFile = (run: string): string => join(run, 'init.mp4');
/** Of the segment that has this sequence in the ledger. */
export const segmentPath = (run: string, sequence: number): string => join(run, `${sequence}.m4s`);
const SEGMENT = /^(\d+)\.m4s$/;
/** @returns its sequence; null: it is no such file */
export const segmentOf = (name: string): number | null => {
  const digits = SEGMENT.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
};

/** A segment that the ledger has not numbered yet: the number that it is to have, and its time, by which the ledger knows it again. */
export interface NewSegment {
  sequence: number;
  started_at: Date;
}

/**
 * Of such a segment. Another host may have its number, and the one that it is given then may be what a later segment of this folder is to
 * have: a name of its own stands in nobody's way.
 */
export const newSegmentPath = (run: string, { sequence, started_at }: NewSegment): string => join(run, `${sequence}.${started_at.getTime()}.new.m4s`);
const NEW_SEGMENT = /^(\d+)\.(\d+)\.new\.m4s$/;
export const newSegmentOf = (name: string): NewSegment | null => {
  const [, sequence, started] = NEW_SEGMENT.exec(name) ?? [];
  return sequence === undefined ? null : { sequence: Number(sequence), started_at: new Date(Number(started)) };
};
/** What a process that finds the folder must know to bring it in: RunFacts. */
export const factsFile = (run: string): string => join(run, 'run.json');
