import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { initKey, segmentKey } from '../../domain/contracts/recording.ts';
import { AppError } from '../../domain/errors.ts';
import { joined } from '../../domain/streaming/mp4-boxes.ts';
import { FileRange } from '../file-range.ts';
import { isMissing } from '../recording/recording-disk.ts';
import type { MediaStorage } from '../storage.ts';
import type { HlsArchive } from './archive.ts';
import type { LiveWindows } from './live-windows.ts';
import type { WindowSegment } from './live-window.ts';

/** Bytes that players ask for, wherever they lie. */
export interface HlsBytes {
  size: number;
  /** Bytes first to last, both included. */
  read(first: number, last: number): Promise<Uint8Array | Readable>;
}

export interface HlsMedia {
  /** Each @throws AppError not_found */
  init(streamId: string, runId: string): Promise<HlsBytes>;
  segment(streamId: string, runId: string, sequence: number): Promise<HlsBytes>;
  /** Waits for a part that is announced. */
  part(streamId: string, runId: string, sequence: number, part: number, signal: AbortSignal): Promise<HlsBytes>;
}

export interface HlsMediaOptions {
  windows: LiveWindows;
  archive: HlsArchive;
  storage: MediaStorage;
  /** How long a part that is announced may take. */
  partWaitMs: number;
}

/** Memory first, then this host's disk, then storage. */
export function createHlsMedia({ windows, archive, storage, partWaitMs }: HlsMediaOptions): HlsMedia {
  async function stored(key: string): Promise<HlsBytes> {
    const facts = await storage.stat(key);
    if (!facts) throw new AppError('not_found', key);
    return { size: facts.size_bytes, read: (first, last) => storage.read(key, first, last) };
  }

  return {
    async init(streamId, runId) {
      const run = windows.find(streamId)?.window.init(runId);
      return run ? inMemory(run.init) : stored(initKey(streamId, runId));
    },
    async segment(streamId, runId, sequence) {
      const segment = windows.find(streamId)?.window.find(runId, sequence);
      // What grows has no size yet.
      if (segment && segment === windows.find(streamId)?.window.open) throw new AppError('not_found', 'the segment is not whole yet');
      const near = segment && (await ofWindow(segment));
      if (near) return near;
      const known = await archive.segment(streamId, runId, sequence);
      if (known?.state !== 'stored') throw new AppError('not_found', `segment ${sequence}`);
      return stored(segmentKey(streamId, runId, sequence));
    },
    async part(streamId, runId, sequence, part, signal) {
      const window = windows.find(streamId)?.window;
      if (!window) throw new AppError('not_found', `part ${part} of segment ${sequence}`);
      const reached = await window.reach({ sequence, part }, partWaitMs, signal);
      const bytes = reached === 'ready' ? window.find(runId, sequence)?.bytes?.[part] : undefined;
      if (!bytes) throw new AppError('not_found', `part ${part} of segment ${sequence}`);
      return inMemory(bytes);
    },
  };
}

/** @returns null where neither memory nor disk has it */
async function ofWindow({ bytes, file }: WindowSegment): Promise<HlsBytes | null> {
  if (bytes) return inMemory(joined(bytes));
  if (!file?.whole) return null;
  const { path } = file;
  try {
    const { size } = await stat(path);
    return { size, read: (first, last) => Promise.resolve(new FileRange(path, first, last)) };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const inMemory = (bytes: Uint8Array): HlsBytes => ({ size: bytes.length, read: (first, last) => Promise.resolve(bytes.subarray(first, last + 1)) });
