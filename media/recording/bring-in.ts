import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { initKey, segmentKey, type RecordingSegment } from '../../domain/contracts/recording.ts';
import type { RecordingLedger, Unsettled } from '../recording-ledger.ts';
import type { MediaStorage } from '../storage.ts';
import { initFile, isMissing, newSegmentOf, runFolder, segmentOf, segmentPath, type RecordingDisk } from './recording-disk.ts';
import { FILE_GONE, takeInRuns } from './take-in.ts';

export interface BringInOptions {
  disk: RecordingDisk;
  ledger: RecordingLedger;
  storage: MediaStorage;
  folder: string;
  /** Runs that this process writes. */
  active: { has(runId: string): boolean };
  /** Told of each that is in storage. @returns whether players still take it from its file */
  onStored(streamId: string, runId: string, sequence: number): boolean;
  onStorage(up: boolean, streamIds: readonly string[], detail: string | null): void;
  /** Folders of runs that are over are looked at so often, milliseconds. */
  takeInMs?: number;
  logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface BringIn {
  /** There is something to bring in. */
  wake(): void;
  /** What waited when it was last looked; null: not looked yet. */
  readonly waiting: number | null;
  /** What is under way ends, or is given up. */
  close(): Promise<void>;
}

/** Looked at and uploaded at once; the rest stays on disk, its lines in the ledger. */
const BATCH = 100;
const AT_ONCE = 4;
const IDLE_MS = 5_000;
const TAKE_IN_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** One upload; a segment is a few megabytes. */
const UPLOAD_MS = 60_000;
const MAX_BYTES = 1024 ** 3;

/**
 * Brings what this host recorded into storage, oldest first, for as long as the process runs: the ledger says what is missing, so nothing
 * is kept in memory, and a new process goes on where the former one ended.
 */
export function createBringIn(options: BringInOptions): BringIn {
  const { disk, ledger, storage, folder, active, onStored, onStorage, takeInMs = TAKE_IN_MS, logger } = options;
  const closing = new AbortController();
  let resume: (() => void) | null = null;
  let woken = true;
  let waiting: number | null = null;
  let down: string[] | null = null;
  let failures = 0;
  let tookInAt = Number.NEGATIVE_INFINITY;

  async function round(): Promise<void> {
    const faults: unknown[] = [];
    if (performance.now() - tookInAt > takeInMs) {
      await takeInRuns({ disk, ledger, folder, active, logger }).catch((error: unknown) => faults.push(error));
      tookInAt = performance.now();
    }
    const left = await ledger.unsettled(BATCH);
    waiting = left.segments.length + left.inits.length;
    faults.push(...(await giveUpMissing(left)));
    await uploadAll(left);
    if (down && waiting > 0) {
      onStorage(true, down, null);
      down = null;
    }
    // A full batch: there is more.
    if (left.segments.length === BATCH) woken = true;
    // What is wrong with one run holds up no other.
    if (faults.length > 0) throw faults[0];
  }

  /**
   * Open, of a run that nobody writes, and without a file: takeInRuns has seen to all others. A file that has no number yet may be its.
   * @returns what was wrong with some
   */
  async function giveUpMissing({ segments }: Unsettled): Promise<unknown[]> {
    const faults: unknown[] = [];
    for (const { stream_id, run_id, sequence, state } of segments) {
      if (state !== 'open' || active.has(run_id)) continue;
      try {
        const names = await disk.list(runFolder(folder, stream_id, run_id));
        if (!names.some((name) => segmentOf(name) === sequence || newSegmentOf(name) !== null)) await ledger.loseSegment(stream_id, sequence, FILE_GONE);
      } catch (error) {
        faults.push(error);
      }
    }
    return faults;
  }

  /** Storage that takes nothing ends it; what is wrong with one file holds up no other. @throws the first fault */
  async function uploadAll({ segments, inits }: Unsettled): Promise<void> {
    try {
      const closed = segments.filter(({ state }) => state === 'closed');
      const faults = await uploadEach(inits, 1, uploadInit);
      faults.push(...(await uploadEach(closed, AT_ONCE, uploadSegment)));
      if (faults.length > 0) throw faults[0];
    } catch (error) {
      if (error instanceof StorageFault && !down && !closing.signal.aborted) {
        down = [...new Set([...segments, ...inits].map(({ stream_id }) => stream_id))];
        onStorage(false, down, error.message);
      }
      throw error;
    }
  }

  /** @returns faults of single ones. @throws StorageFault */
  async function uploadEach<T>(all: readonly T[], atOnce: number, one: (of: T) => Promise<void>): Promise<unknown[]> {
    const faults: unknown[] = [];
    for (let at = 0; at < all.length; at += atOnce) {
      for (const result of await Promise.allSettled(all.slice(at, at + atOnce).map(one))) if (result.status === 'rejected') faults.push(result.reason);
      const storageFault = faults.find((fault) => fault instanceof StorageFault);
      if (storageFault) throw storageFault;
    }
    return faults;
  }

  async function uploadInit({ id, stream_id, init_sha256 }: Unsettled['inits'][number]): Promise<void> {
    const outcome = await upload(initKey(stream_id, id), initFile(runFolder(folder, stream_id, id)), init_sha256);
    if (outcome === 'stored') await ledger.initStored(id);
    // One that is being written is not there yet.
    else if (!active.has(id)) await ledger.loseInit(id);
  }

  async function uploadSegment({ stream_id, run_id, sequence, sha256 }: RecordingSegment): Promise<void> {
    const path = segmentPath(runFolder(folder, stream_id, run_id), sequence);
    const outcome = await upload(segmentKey(stream_id, run_id, sequence), path, sha256);
    if (outcome !== 'stored') {
      logger.warn({ stream_id, run_id, sequence, outcome }, 'a segment is lost');
      return ledger.loseSegment(stream_id, sequence, outcome === 'missing' ? FILE_GONE : 'the file was changed on the media host’s disk');
    }
    await ledger.segmentStored(stream_id, sequence);
    if (!onStored(stream_id, run_id, sequence)) await disk.remove(path);
  }

  async function upload(key: string, path: string, sha256: string | null): Promise<'stored' | 'missing' | 'changed'> {
    let file: FileHandle;
    try {
      file = await open(path);
    } catch (error) {
      if (isMissing(error)) return 'missing';
      throw error;
    }
    const source = file.createReadStream();
    // Also before the storage listens; it is told by its own error.
    source.on('error', () => undefined);
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(new Error(`the upload took longer than ${UPLOAD_MS} ms`)), UPLOAD_MS);
    const stop = (): void => over.abort(new Error('this media host is being stopped'));
    closing.signal.addEventListener('abort', stop, { once: true });
    try {
      const stored = await storage.put(key, source, MAX_BYTES, over.signal);
      return sha256 === null || stored.sha256 === sha256 ? 'stored' : 'changed';
    } catch (error) {
      // A disk that can not be read is no matter of the storage.
      if ((source.errored as NodeJS.ErrnoException | null)?.syscall === 'read') throw error;
      throw new StorageFault(((over.signal.aborted ? over.signal.reason : error) as Error).message, { cause: error });
    } finally {
      clearTimeout(timer);
      closing.signal.removeEventListener('abort', stop);
      source.destroy();
    }
  }

  async function wait(ms: number, wakes: boolean): Promise<void> {
    const woke = new Promise<void>((resolve) => (resume = resolve));
    if (wakes && woken) return;
    const pause = new AbortController();
    const signal = AbortSignal.any([pause.signal, closing.signal]);
    await Promise.race([delay(ms, undefined, { signal }).catch(() => undefined), ...(wakes ? [woke] : [])]);
    pause.abort();
  }

  async function work(): Promise<void> {
    while (!closing.signal.aborted) {
      woken = false;
      try {
        await round();
        failures = 0;
      } catch (error) {
        if (failures++ === 0 && !closing.signal.aborted) logger.warn({ err: error }, 'what is recorded can not be brought in now; it waits on disk');
      }
      await wait(failures === 0 ? IDLE_MS : Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS), failures === 0);
    }
  }

  const working = work();
  return {
    wake() {
      woken = true;
      resume?.();
    },
    get waiting() {
      return waiting;
    },
    async close() {
      closing.abort();
      await working;
    },
  };
}

/** The storage did not take it; the file is there. */
class StorageFault extends Error {}
