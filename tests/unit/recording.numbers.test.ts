import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fragment } from '../../domain/contracts/recording.ts';
import { createFragmentReader } from '../../domain/streaming/fragments.ts';
import type { Mp4Init } from '../../domain/streaming/mp4-init.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import { createBringIn, type BringInOptions } from '../../media/recording/bring-in.ts';
import { createLedgerQueue, type LedgerQueue } from '../../media/recording/ledger-queue.ts';
import { Recorder } from '../../media/recording/recorder.ts';
import { recordingDisk, type RecordingDisk } from '../../media/recording/recording-disk.ts';
import { takeInRuns } from '../../media/recording/take-in.ts';
import type { MediaStorage } from '../../media/storage.ts';
import { eventually } from '../helpers/eventually.ts';
import { fragmentedClip } from '../helpers/fragmented-mp4.ts';
import { LedgerInMemory } from '../helpers/ledger-in-memory.ts';
import { quietLog } from '../helpers/quiet-log.ts';

const FIRST = 100;
const COUNT = 10;
/** Of another host, which has taken 100 to 102 meanwhile. */
const TAKEN = 3;

let init: Mp4Init;
/** Each segment's fragments. */
let segments: Fragment[][];
beforeAll(async () => {
  const events = createFragmentReader().push(await fragmentedClip({ seconds: 4, gop: 6 }));
  init = events.flatMap((event) => (event.kind === 'init' ? [event.init] : []))[0]!;
  const fragments = events.flatMap((event) => (event.kind === 'fragment' ? [event.fragment] : []));
  segments = Array.from({ length: COUNT }, (_, at) => fragments.slice(at * 4, at * 4 + 4));
}, 60_000);

let root: string;
let folder: string;
let storage: MediaStorage;
let ledger: LedgerInMemory;
let queue: LedgerQueue;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'showrunner-numbers-'));
  folder = join(root, 'streams');
  storage = createLocalStorage(join(root, 'storage'));
  ledger = new LedgerInMemory();
  queue = createLedgerQueue({ logger: quietLog });
});
afterEach(async () => {
  queue.stop();
  await rm(root, { recursive: true, force: true });
});

const stream_id = randomUUID();
const MEDIA_ZERO = new Date('2026-03-01T12:00:00.123Z');
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (segment: readonly Fragment[]): Buffer => Buffer.concat(segment.map(({ bytes }) => bytes));
const startOf = (segment: readonly Fragment[]): Date => new Date(Math.round(MEDIA_ZERO.getTime() + segment[0]!.start_ms));
const durationOf = (segment: readonly Fragment[]): number => segment.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
const filesOf = (runId: string): Promise<string[]> => readdir(join(folder, stream_id, runId));

/** Records the segments under 100 and up. @param open the last one is not closed @returns the run and what the disk said */
async function record({ disk = recordingDisk, open = false }: { disk?: RecordingDisk; open?: boolean } = {}): Promise<{ run_id: string; faults: string[] }> {
  const run_id = randomUUID();
  const faults: string[] = [];
  const options = { disk, folder, stream_id, session_id: randomUUID(), ledger: { rows: ledger, queue }, onTrouble: ({ detail }: { detail: string }) => void faults.push(detail), onRoom: () => undefined, onClosed: () => undefined };
  const recorder = new Recorder(options);
  recorder.begin({ id: run_id, init: init.bytes, started_at: MEDIA_ZERO, media_zero: MEDIA_ZERO, codecs: init.codecs, width: init.width, height: init.height });
  for (const [at, segment] of segments.entries()) {
    recorder.openSegment(FIRST + at, startOf(segment));
    for (const { bytes, duration_ms } of segment) recorder.write(bytes, duration_ms);
    if (open && at === COUNT - 1) continue;
    recorder.closeSegment(durationOf(segment));
    await recorder.settled();
    // The database comes back in the middle: the rest is written while the backlog is numbered.
    if (at === COUNT - 4 && !ledger.away) await queue.drained();
  }
  await recorder.settled();
  if (!open) recorder.endRun('closed');
  return { run_id, faults };
}

const bringing = (over: Partial<BringInOptions> = {}): BringInOptions => ({
  disk: recordingDisk,
  ledger,
  storage,
  folder,
  active: { has: () => false },
  onStored: () => false,
  onStorage: () => undefined,
  takeInMs: 1,
  logger: quietLog,
  ...over,
});

const stored = async (key: string): Promise<Buffer> => {
  const { size_bytes } = (await storage.stat(key))!;
  const chunks: Buffer[] = [];
  for await (const chunk of await storage.read(key, 0, size_bytes - 1)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** Each segment has one row, each row its bytes, in storage; nothing is left on disk. */
async function expectAllStored(run_id: string): Promise<void> {
  const bringIn = createBringIn(bringing());
  try {
    await eventually(() => (bringIn.wake(), ledger.of(run_id).every(({ state }) => state === 'stored' || state === 'lost')));
    await eventually(async () => (bringIn.wake(), (await readdir(folder)).length === 0));
  } finally {
    await bringIn.close();
  }
  const rows = ledger.of(run_id);
  expect(rows.map(({ state, sha256, started_at }) => ({ state, sha256, started_at }))).toEqual(segments.map((segment) => ({ state: 'stored', sha256: sha(bytesOf(segment)), started_at: startOf(segment) })));
  for (const [at, { sequence }] of rows.entries()) expect(sha(await stored(`streams/${stream_id}/${run_id}/${sequence}.m4s`))).toBe(sha(bytesOf(segments[at]!)));
}

describe('Another host took the numbers of segments of which the database did not hear: each keeps its bytes', () => {
  beforeEach(() => ledger.take(stream_id, FIRST, TAKEN));

  test('when the backlog is written at the end', async () => {
    ledger.away = true;
    const { run_id, faults } = await record();
    ledger.away = false;
    await queue.drained();
    expect(faults).toEqual([]);
    expect(ledger.of(run_id).map(({ sequence }) => sequence)).toEqual(segments.map((_, at) => FIRST + TAKEN + at));
    await expectAllStored(run_id);
  });

  test('when it is written while the recording goes on: later files meet none that was renamed', async () => {
    const { run_id, faults } = await record();
    await queue.drained();
    expect(faults).toEqual([]);
    await expectAllStored(run_id);
  });

  test('when the process is killed before it wrote a line', async () => {
    ledger.away = true;
    const { run_id } = await record({ open: true });
    queue.stop();
    ledger.away = false;
    await expectAllStored(run_id);
  });

  test.each([1, 2, 5, 11])('when it is killed after %i renames, the last of them not made', async (renames) => {
    let left = renames;
    ledger.away = true;
    // The row is there, the name is not; nothing of what stands behind it is done.
    const killed: RecordingDisk = { ...recordingDisk, rename: (from, to) => (--left <= 0 ? (queue.stop(), new Promise(() => undefined)) : recordingDisk.rename(from, to)) };
    const { run_id } = await record({ disk: killed });
    ledger.away = false;
    await eventually(() => left <= 0 || queue.pending === 0);
    await expectAllStored(run_id);
  });

  test('when what takes it in is killed in turn, at each of its steps', async () => {
    ledger.away = true;
    const { run_id } = await record({ open: true });
    queue.stop();
    ledger.away = false;
    for (let steps = 1, over = false; !over; steps++) {
      let left = steps;
      const dies = (): void => {
        if (left-- <= 0) throw new Error('killed');
      };
      const disk: RecordingDisk = { ...recordingDisk, rename: async (from, to) => (dies(), recordingDisk.rename(from, to).then(dies)) };
      over = await takeInRuns({ disk, ledger, folder, active: { has: () => false }, logger: quietLog }).then(() => true, () => false);
    }
    await expectAllStored(run_id);
  });

  test('when files are from a process that named them by the numbers they were to have', async () => {
    ledger.away = true;
    const { run_id } = await record({ open: true });
    queue.stop();
    ledger.away = false;
    const path = join(folder, stream_id, run_id);
    for (const name of await filesOf(run_id)) if (/^\d+\..*m4s$/.test(name)) await recordingDisk.rename(join(path, name), join(path, `${name.split('.')[0]!}.m4s`));
    // It died between the row and the name: row 103 is of file 100, and 103 is another file's name.
    await ledger.beginRun({ id: run_id, stream_id });
    expect(await ledger.openSegment({ stream_id, run_id, sequence: FIRST, started_at: startOf(segments[0]!) })).toBe(FIRST + TAKEN);
    await expectAllStored(run_id);
  });
});

test('A disk that renames nothing holds up no line: what it leaves is numbered when the run is taken in', async () => {
  const { run_id } = await record({ disk: { ...recordingDisk, rename: () => Promise.reject(Object.assign(new Error('EIO: i/o error, rename'), { code: 'EIO' })) } });
  await queue.drained();
  expect(ledger.of(run_id).map(({ state }) => state)).toEqual(segments.map(() => 'open'));
  expect(ledger.runs.get(run_id)!.end_reason).toBe('closed');
  await expectAllStored(run_id);
});

test('Nothing is ever renamed onto what is there', async () => {
  const [one, other] = [join(root, 'one'), join(root, 'other')];
  for (const path of [one, other]) await writeFile(path, path);
  await expect(recordingDisk.rename(one, other)).rejects.toMatchObject({ code: 'EEXIST' });
  expect((await recordingDisk.read(other)).toString()).toBe(other);
});

describe('What is wrong with one run holds up no other', () => {
  test('an init segment that can not be read: all segments are stored, and the fault is said', async () => {
    const [broken, whole] = [await record(), await record()];
    await queue.drained();
    const path = join(folder, stream_id, broken.run_id, 'init.mp4');
    // A folder can be opened and not be read: EISDIR, by the same call as EIO.
    await rm(path);
    await recordingDisk.writeWhole(join(path, 'in the way'), Buffer.alloc(1));
    const said: unknown[] = [];
    const bringIn = createBringIn(bringing({ takeInMs: Number.POSITIVE_INFINITY, logger: { ...quietLog, warn: (fields) => void said.push(fields) } }));
    try {
      await eventually(() => [...ledger.of(broken.run_id), ...ledger.of(whole.run_id)].every(({ state }) => state === 'stored'));
      await eventually(() => said.length > 0);
    } finally {
      await bringIn.close();
    }
    expect(ledger.runs.get(whole.run_id)!.init_state).toBe('stored');
    expect(ledger.runs.get(broken.run_id)!.init_state).toBe('closed');
    expect(said).toMatchObject([{ err: { code: 'EISDIR' } }]);
  });

  test('a folder that can not be listed: what has no file in another is given up, and what is closed is stored', async () => {
    const [unreadable, gone] = [randomUUID(), randomUUID()];
    for (const run_id of [unreadable, gone]) {
      await ledger.beginRun({ id: run_id, stream_id });
      await ledger.openSegment({ stream_id, run_id, sequence: 1, started_at: MEDIA_ZERO });
    }
    const { run_id } = await record();
    await queue.drained();
    const disk: RecordingDisk = {
      ...recordingDisk,
      list: (path) => (path.endsWith(unreadable) ? Promise.reject(Object.assign(new Error('EIO: i/o error, scandir'), { code: 'EIO' })) : recordingDisk.list(path)),
    };
    const bringIn = createBringIn(bringing({ disk }));
    try {
      await eventually(() => ledger.of(gone)[0]!.state === 'lost' && ledger.of(run_id).every(({ state }) => state === 'stored'));
    } finally {
      await bringIn.close();
    }
    expect(ledger.of(unreadable)[0]!.state).toBe('open');
  });
});
