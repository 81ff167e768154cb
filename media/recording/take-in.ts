import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { RecordingLedger } from '../recording-ledger.ts';
import { factsFile, initFile, isMissing, newSegmentOf, newSegmentPath, runFolder, segmentOf, segmentPath, type NewSegment, type RecordingDisk } from './recording-disk.ts';
import { parseRunFacts, type RunFacts } from './run-facts.ts';
import { salvageSegment } from './salvage.ts';

export interface TakeInDeps {
  disk: RecordingDisk;
  ledger: RecordingLedger;
  /** Folder of this host. */
  folder: string;
  /** Runs that this process writes right now: they are left alone. */
  active: { has(runId: string): boolean };
  logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

const RUN_FOLDER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Why a segment is lost of which the ledger knows and the disk does not. */
export const FILE_GONE = 'the file is gone from the media host’s disk';

/**
 * Makes disk and ledger agree about runs that nobody writes any more: segments that a kill left open are cut to what is whole and closed,
 * those that the ledger does not know (the database was away) get their line, files that are in storage are removed.
 * @throws the first fault of the database or the disk, after all other runs were seen to; it may be repeated
 */
export async function takeInRuns(deps: TakeInDeps): Promise<void> {
  const faults: unknown[] = [];
  for (const streamId of await deps.disk.list(deps.folder)) {
    for (const runId of await deps.disk.list(join(deps.folder, streamId)).catch(notAFolder)) {
      if (!deps.active.has(runId)) await takeInRun(deps, streamId, runId).catch((error: unknown) => faults.push(error));
    }
    await deps.disk.removeEmpty(join(deps.folder, streamId));
  }
  if (faults.length > 0) throw faults[0];
}

/** A probe of the disk, or somebody's note. */
const notAFolder = (error: unknown): string[] => {
  if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [];
  throw error;
};

async function takeInRun(deps: TakeInDeps, streamId: string, runId: string): Promise<void> {
  const { disk, ledger, folder, logger } = deps;
  const path = runFolder(folder, streamId, runId);
  if (!RUN_FOLDER.test(runId)) return disk.removeEmpty(path);
  const facts = await readFacts(disk, path);
  const init = await readInit(disk, path);
  const wanted = facts?.recorded && init ? await hasLine(deps, facts) : (await ledger.knownRuns([runId])).has(runId);
  if (!wanted) {
    logger.info({ stream_id: streamId, run_id: runId }, 'files of a run that nobody wants are removed: it is not recorded, has no beginning, or its stream was deleted');
    return disk.remove(path);
  }
  await ledger.endRun(runId, 'media_host_died');
  const run: LeftRun = { stream_id: streamId, run_id: runId, facts, init: init ?? NOTHING, path };
  await numberSegments(deps, run);
  const known = (await ledger.knownRuns([runId])).get(runId);
  let left = 0;
  for (const sequence of await sequencesIn(disk, path)) {
    const state = known?.segments.get(sequence);
    if (state === 'stored' || state === 'lost') await disk.remove(segmentPath(path, sequence));
    else {
      left++;
      if (state === 'open') await closeSegment(deps, run, sequence);
    }
  }
  if (left === 0 && known?.init_settled) await disk.remove(path);
}

const NOTHING = new Uint8Array();

/** @returns false: the stream was deleted, with all that belongs to it */
async function hasLine({ ledger }: TakeInDeps, facts: RunFacts): Promise<boolean> {
  try {
    await ledger.beginRun(facts);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.permanent) return false;
    throw error;
  }
}

async function readFacts(disk: RecordingDisk, path: string): Promise<RunFacts | null> {
  const text = await readIfThere(disk, factsFile(path));
  return text && parseRunFacts(text.toString('utf8'));
}

const readInit = (disk: RecordingDisk, path: string): Promise<Buffer | null> => readIfThere(disk, initFile(path));

async function readIfThere(disk: RecordingDisk, path: string): Promise<Buffer | null> {
  try {
    return await disk.read(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

interface LeftRun {
  stream_id: string;
  run_id: string;
  /** null: they can not be read. */
  facts: RunFacts | null;
  init: Uint8Array;
  path: string;
}

/** Oldest first. */
const sequencesIn = async (disk: RecordingDisk, path: string): Promise<number[]> => (await disk.list(path)).flatMap((name) => segmentOf(name) ?? []).sort((a, b) => a - b);
const newSegmentsIn = async (disk: RecordingDisk, path: string): Promise<NewSegment[]> =>
  (await disk.list(path)).flatMap((name) => newSegmentOf(name) ?? []).sort((a, b) => a.sequence - b.sequence);

/**
 * Has each file named by its row. The number that a file was to have and that of its row are two: 100 may be row 103 while another file was
 * to be 103, so what has no row gets out of the way before any is given its number.
 */
async function numberSegments(deps: TakeInDeps, run: LeftRun): Promise<void> {
  const { disk, ledger } = deps;
  const known = (await ledger.knownRuns([run.run_id])).get(run.run_id);
  for (const sequence of await sequencesIn(disk, run.path)) if (!known?.segments.has(sequence)) await setAside(deps, run, sequence);
  for (let left = await newSegmentsIn(disk, run.path); left.length > 0; left = await newSegmentsIn(disk, run.path)) await numberSegment(deps, run, left[0]!);
}

/** A file with the name of a row that is not its own, as a process of before wrote them. */
async function setAside({ disk }: TakeInDeps, { facts, init, path }: LeftRun, sequence: number): Promise<void> {
  const file = segmentPath(path, sequence);
  const { size_bytes, start_ms } = salvageSegment(init, await disk.read(file));
  if (size_bytes === 0 || facts === null) return disk.remove(file);
  await disk.rename(file, newSegmentPath(path, { sequence, started_at: new Date(Math.round(facts.media_zero.getTime() + start_ms)) }));
}

async function numberSegment(deps: TakeInDeps, run: LeftRun, segment: NewSegment): Promise<void> {
  const { disk, ledger, logger } = deps;
  const { stream_id, run_id, path } = run;
  const sequence = await ledger.openSegment({ stream_id, run_id, ...segment });
  if ((await sequencesIn(disk, path)).includes(sequence)) await setAside(deps, run, sequence);
  await disk.rename(newSegmentPath(path, segment), segmentPath(path, sequence));
  if (sequence !== segment.sequence) logger.info({ stream_id, run_id, sequence, wanted: segment.sequence }, 'another host took the number of a segment meanwhile: it has the next one');
}

/** Cuts it to what is whole. */
async function closeSegment({ disk, ledger, logger }: TakeInDeps, { stream_id, run_id, init, path }: LeftRun, sequence: number): Promise<void> {
  const file = segmentPath(path, sequence);
  const bytes = await disk.read(file);
  const { size_bytes, duration_ms, sha256 } = salvageSegment(init, bytes);
  if (size_bytes < bytes.length) await disk.writeWhole(file, bytes.subarray(0, size_bytes));
  if (size_bytes === 0) await ledger.loseSegment(stream_id, sequence, 'nothing of it was whole');
  else await ledger.closeSegment({ stream_id, sequence, duration_ms, size_bytes, sha256 });
  logger.info({ stream_id, run_id, sequence, size_bytes, cut_bytes: bytes.length - size_bytes, duration_ms }, 'a segment that was left open is closed');
}
