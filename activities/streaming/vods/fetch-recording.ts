import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordedRun, RecordedSegment } from '../../../db/vod-recording.repository.ts';
import { initKey, segmentKey } from '../../../domain/contracts/recording.ts';
import { AppError } from '../../../domain/errors.ts';
import type { LostStretch } from '../../../domain/streaming/vod-timeline.ts';
import type { MediaStorage } from '../../../media/storage.ts';

/** Segments of one run that follow each other, behind its init, as one fragmented file. */
export interface FetchedPiece {
  file: string;
  from_ms: number;
  segments: number;
  /** By the ledger. */
  duration_ms: number;
  lost_before: LostStretch[];
}

export interface FetchedRecording {
  pieces: FetchedPiece[];
  lost_after: LostStretch[];
  /** Sequences that are stored and are not what was recorded. */
  spoilt: number[];
  lost: number;
}

const SPOILT = 'The stored bytes are not those that were recorded.';
const NO_RECORD = 'The recording has no record of it.';
const MAX_INIT_BYTES = 1024 * 1024;

/** Brings a recording's bytes into a folder, each segment checked against the ledger. What is wrong or missing is left out, and said. */
export async function fetchRecording(
  storage: MediaStorage,
  { stream_id, runs, segments }: { stream_id: string; runs: readonly RecordedRun[]; segments: readonly RecordedSegment[] },
  folder: string,
  signal: AbortSignal,
): Promise<FetchedRecording> {
  const inits = await fetchInits(storage, stream_id, runs);
  const result: FetchedRecording = { pieces: [], lost_after: [], spoilt: [], lost: 0 };
  let open_: { run_id: string; handle: FileHandle; piece: FetchedPiece; bytes: number } | null = null;
  const close = async (): Promise<void> => {
    await open_?.handle.close();
    // Its only segments were spoilt.
    if (open_ && open_.piece.segments === 0) await rm(join(folder, open_.piece.file));
    else if (open_) result.pieces.push(open_.piece);
    open_ = null;
  };
  const lose = async (lost: LostStretch): Promise<void> => {
    if (open_ && open_.piece.segments === 0) result.lost_after.unshift(...open_.piece.lost_before);
    await close();
    result.lost_after.push(lost);
    result.lost += 1;
  };

  try {
    let last: RecordedSegment | null = null;
    for (const segment of segments) {
      signal.throwIfAborted();
      for (let missing = (last?.sequence ?? segment.sequence - 1) + 1; missing < segment.sequence; missing += 1)
        await lose({ from_ms: last!.started_at.getTime() + last!.duration_ms, duration_ms: null, reason: NO_RECORD });
      last = segment;
      const init = inits.get(segment.run_id);
      const stretch = { from_ms: segment.started_at.getTime(), duration_ms: segment.duration_ms || null };
      const reason = segment.state !== 'stored' ? (segment.reason ?? 'It was never stored.') : init === undefined ? NO_RECORD : init.reason;
      if (reason !== null) {
        await lose({ ...stretch, reason });
        continue;
      }
      if (open_ && (open_ as { run_id: string }).run_id !== segment.run_id) await close();
      open_ ??= await begin(folder, segment, init!.bytes!, result);
      const current: { handle: FileHandle; piece: FetchedPiece; bytes: number } = open_;
      if (await append(storage, segmentKey(stream_id, segment.run_id, segment.sequence), segment, current.handle, current.bytes)) {
        current.bytes += segment.size_bytes;
        current.piece.segments += 1;
        current.piece.duration_ms += segment.duration_ms;
      } else {
        await current.handle.truncate(current.bytes);
        result.spoilt.push(segment.sequence);
        await lose({ ...stretch, reason: SPOILT });
      }
    }
    await close();
    return result;
  } finally {
    await (open_ as { handle: FileHandle } | null)?.handle.close();
  }
}

async function begin(folder: string, segment: RecordedSegment, init: Buffer, result: FetchedRecording) {
  const file = `piece-${String(result.pieces.length).padStart(5, '0')}.mp4`;
  const handle = await open(join(folder, file), 'w', 0o600);
  await handle.write(init);
  const piece: FetchedPiece = { file, from_ms: segment.started_at.getTime(), segments: 0, duration_ms: 0, lost_before: result.lost_after };
  result.lost_after = [];
  return { run_id: segment.run_id, handle, piece, bytes: init.length };
}

/** Writes the segment's bytes at `at`. @returns false: they are missing, or not those of the ledger */
async function append(storage: MediaStorage, key: string, { size_bytes, sha256 }: RecordedSegment, handle: FileHandle, at: number): Promise<boolean> {
  const stored = await storage.stat(key);
  if (stored === null || stored.size_bytes !== size_bytes) return false;
  const hash = createHash('sha256');
  let position = at;
  for await (const part of await storage.read(key, 0, size_bytes - 1)) {
    hash.update(part as Buffer);
    await handle.write(part as Buffer, 0, (part as Buffer).length, position);
    position += (part as Buffer).length;
  }
  // Less than it said: the connection broke, which is no fault of the file.
  if (position - at < size_bytes) throw new AppError('storage_unavailable', `${key} came only in part`);
  return hash.digest('hex') === sha256;
}

/** The first bytes of each run, or why its segments can not be read. */
async function fetchInits(storage: MediaStorage, streamId: string, runs: readonly RecordedRun[]): Promise<Map<string, { bytes: Buffer | null; reason: string | null }>> {
  const inits = new Map<string, { bytes: Buffer | null; reason: string | null }>();
  for (const { id, init_state, init_sha256 } of runs) {
    const bytes = init_state === 'stored' ? await readWhole(storage, initKey(streamId, id)) : null;
    const isRight = bytes !== null && createHash('sha256').update(bytes).digest('hex') === init_sha256;
    inits.set(id, isRight ? { bytes, reason: null } : { bytes: null, reason: 'The beginning of its run is missing, without which it can not be read.' });
  }
  return inits;
}

async function readWhole(storage: MediaStorage, key: string): Promise<Buffer | null> {
  const stored = await storage.stat(key);
  if (stored === null || stored.size_bytes === 0 || stored.size_bytes > MAX_INIT_BYTES) return null;
  const parts: Buffer[] = [];
  for await (const part of await storage.read(key, 0, stored.size_bytes - 1)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
