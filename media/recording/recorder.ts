import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import type { RecordingLedger } from '../recording-ledger.ts';
import type { LedgerQueue } from './ledger-queue.ts';
import { factsFile, initFile, isFull, isMissing, newSegmentPath, runFolder, segmentPath, type GrowingFile, type RecordingDisk } from './recording-disk.ts';
import { factsOf, type RunFacts } from './run-facts.ts';
import type { SegmentFile } from './segment-file.ts';

export interface RecorderOptions {
  disk: RecordingDisk;
  /** Folder of this host. */
  folder: string;
  stream_id: string;
  session_id: string;
  /** null: kept for players only, and in no ledger. */
  ledger: { rows: RecordingLedger; queue: LedgerQueue } | null;
  /** Begins again once so many bytes are free. */
  leastRoom?: number;
  /** The disk takes no more: `full`, or another fault. */
  onTrouble(fault: { full: boolean; detail: string }): void;
  /** There is room again. */
  onRoom(): void;
  /** A segment is closed, or a run has begun: there is something to bring in. */
  onClosed(): void;
}

export interface RecordedRunInit {
  id: string;
  init: Uint8Array;
  started_at: Date;
  /** Wall clock at 0 of the media's own clock. */
  media_zero: Date;
  codecs: string;
  width: number | null;
  height: number | null;
}

interface Segment {
  run_id: string;
  /** Its sequence in the ledger, once its file has the name of it; null: not yet, or what a new process will see to. */
  numbered: number | null;
  file: SegmentFile;
  growing: GrowingFile | null;
  /** Bytes and time of whole fragments on disk. */
  size: number;
  duration_ms: number;
  hash: Hash;
  /** Not all that came for it was written. */
  cut: boolean;
}

/** Not yet written: a disk that is so far behind does not keep up. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
const LEAST_ROOM = 64 * 1024 * 1024;
const PROBE_BYTES = 1024 * 1024;
const PROBE_EVERY_MS = 5_000;

/**
 * Writes runs and their segments to disk, fragment by fragment, in the order of the calls, none of which waits. A fault of the disk ends
 * the run in the ledger; segments that then come are noted as lost until a new run is begun.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  #chain: Promise<void> = Promise.resolve();
  #pending = 0;
  #runId: string | null = null;
  #segment: Segment | null = null;
  /** Sequence and time of a segment that is not written. */
  #missing: { sequence: number; started_at: Date } | null = null;
  #broken: string | null = null;
  #hasRoom = false;
  #probedAt = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** The disk failed, and there is room again: a new run may begin. */
  get mayBeginAgain(): boolean {
    return this.#broken !== null && this.#hasRoom;
  }
  get broken(): boolean {
    return this.#broken !== null;
  }

  begin(run: RecordedRunInit): void {
    const { stream_id, session_id, folder, disk, ledger } = this.#options;
    this.#runId = run.id;
    this.#broken = null;
    this.#hasRoom = false;
    const facts: RunFacts = factsOf(run, { stream_id, session_id, recorded: ledger !== null });
    this.#step(async () => {
      const path = runFolder(folder, stream_id, run.id);
      await disk.writeWhole(factsFile(path), Buffer.from(JSON.stringify(facts)));
      await disk.writeWhole(initFile(path), run.init);
    });
    // Also where the disk failed: what is lost needs a run that it is of.
    this.#line('begin run', (rows) => rows.beginRun(facts));
    this.#line('tell of run', () => Promise.resolve(this.#options.onClosed()));
  }

  /** @returns its file; null: it is not written */
  openSegment(sequence: number, started_at: Date): SegmentFile | null {
    this.#probe();
    if (this.#broken !== null || this.#runId === null) {
      this.#missing = { sequence, started_at };
      return null;
    }
    const { folder, stream_id, disk, ledger } = this.#options;
    const run = runFolder(folder, stream_id, this.#runId);
    const file: SegmentFile = { path: ledger ? newSegmentPath(run, { sequence, started_at }) : segmentPath(run, sequence), whole: false, stored: false };
    const segment: Segment = { run_id: this.#runId, numbered: null, file, growing: null, size: 0, duration_ms: 0, hash: createHash('sha256'), cut: false };
    this.#segment = segment;
    this.#line('open segment', async (rows) => {
      await this.#number(segment, await rows.openSegment({ stream_id, run_id: segment.run_id, sequence, started_at }));
    });
    this.#step(async () => {
      segment.growing = await disk.create(file.path);
    });
    return file;
  }

  write(bytes: Uint8Array, duration_ms: number): void {
    const segment = this.#segment;
    if (!segment) return;
    if (this.#pending + bytes.length > MAX_PENDING_BYTES) this.#fail(new Error(`the disk does not keep up: ${this.#pending} bytes wait for it`));
    if (this.#broken !== null) {
      segment.cut = true;
      return;
    }
    this.#pending += bytes.length;
    this.#always(async () => {
      try {
        if (this.#broken !== null || segment.cut) segment.cut = true;
        else await this.#append(segment, bytes, duration_ms);
      } finally {
        this.#pending -= bytes.length;
      }
    });
  }

  closeSegment(duration_ms: number): void {
    const segment = this.#segment;
    const missing = this.#missing;
    this.#segment = null;
    this.#missing = null;
    if (missing) this.#lose(missing, duration_ms);
    if (segment) this.#always(() => this.#close(segment));
  }

  endRun(reason: string): void {
    const runId = this.#runId;
    if (runId === null) return;
    this.#runId = null;
    this.#line('end run', (rows) => rows.endRun(runId, reason));
  }

  /** All that was asked for is on disk, or has failed. */
  settled(): Promise<void> {
    return this.#chain;
  }

  async #append(segment: Segment, bytes: Uint8Array, duration_ms: number): Promise<void> {
    try {
      await segment.growing!.write(bytes);
    } catch (error) {
      segment.cut = true;
      throw error;
    }
    segment.hash.update(bytes);
    segment.size += bytes.length;
    segment.duration_ms += duration_ms;
  }

  async #close(segment: Segment): Promise<void> {
    const { growing, size, duration_ms } = segment;
    const { stream_id, onClosed } = this.#options;
    try {
      await growing?.finish(size);
    } catch (error) {
      this.#settle('lose segment', segment, (rows, sequence) => rows.loseSegment(stream_id, sequence, (error as Error).message));
      throw error;
    }
    segment.file.whole = growing !== null && !segment.cut;
    const sha256 = segment.hash.digest('hex');
    this.#settle('close segment', segment, (rows, sequence) =>
      size > 0 ? rows.closeSegment({ stream_id, sequence, duration_ms, size_bytes: size, sha256 }) : rows.loseSegment(stream_id, sequence, this.#broken ?? 'nothing of it was written'),
    );
    this.#lineNow('tell of segment', () => Promise.resolve(onClosed()));
  }

  /** Left out where the disk has failed. */
  #step(work: () => Promise<void>): void {
    this.#always(async () => {
      if (this.#broken === null) await work();
    });
  }

  #always(work: () => Promise<void>): void {
    this.#chain = this.#chain.then(work).catch((error: unknown) => this.#fail(error));
  }

  /** Behind what was asked of the disk before: a line tells of what is there. */
  #line(what: string, write: (rows: RecordingLedger) => Promise<void>): void {
    this.#always(() => Promise.resolve(this.#lineNow(what, write)));
  }

  #lineNow(what: string, write: (rows: RecordingLedger) => Promise<void>): void {
    const { ledger } = this.#options;
    ledger?.queue.add(what, () => write(ledger.rows));
  }

  /** What is open stays so until its segment ends: what is whole of it is kept. */
  #fail(error: unknown): void {
    if (this.#broken !== null) return;
    const full = isFull(error);
    const reason = full ? 'disk_full' : 'disk_failed';
    this.#broken = reason;
    this.#probedAt = performance.now();
    const runId = this.#runId;
    if (runId !== null) this.#line('end run', (rows) => rows.endRun(runId, reason));
    this.#options.onTrouble({ full, detail: (error as Error).message });
  }

  #lose({ sequence, started_at }: { sequence: number; started_at: Date }, duration_ms: number): void {
    const { stream_id } = this.#options;
    const run_id = this.#runId;
    const reason = this.#broken ?? 'not written';
    if (run_id === null) return;
    this.#line('note lost segment', async (rows) => {
      const taken = await rows.openSegment({ stream_id, run_id, sequence, started_at });
      await rows.loseSegment(stream_id, taken, reason, duration_ms);
    });
  }

  /** The line of a segment that ends. Without a number its row would be another one's; what takes in the run sees to it instead. */
  #settle(what: string, segment: Segment, write: (rows: RecordingLedger, sequence: number) => Promise<void>): void {
    this.#lineNow(what, (rows) => (segment.numbered === null ? Promise.resolve() : write(rows, segment.numbered)));
  }

  /** The file gets the name of its row: another one than it was to have where another host had that number. */
  async #number(segment: Segment, sequence: number): Promise<void> {
    const { folder, stream_id, disk } = this.#options;
    await this.#chain;
    // Where the disk had failed there is none.
    if (segment.growing) {
      const path = segmentPath(runFolder(folder, stream_id, segment.run_id), sequence);
      try {
        await disk.rename(segment.file.path, path);
      } catch (error) {
        // Later lines must not wait for the disk: the file keeps the name that it has, its row is open until the run is taken in.
        // One that somebody removed is no matter of its name: its upload says that it is gone.
        if (!isMissing(error)) return;
      }
      segment.file.path = path;
    }
    segment.numbered = sequence;
  }

  /** Looks whether there is room again, by writing. */
  #probe(): void {
    if (this.#broken === null || this.#hasRoom || performance.now() - this.#probedAt < PROBE_EVERY_MS) return;
    this.#probedAt = performance.now();
    const { disk, folder, leastRoom = LEAST_ROOM, onRoom } = this.#options;
    const path = join(folder, `${this.#options.stream_id}.probe`);
    this.#chain = this.#chain.then(async () => {
      try {
        if ((await disk.room(folder)) < leastRoom) return;
        await disk.writeWhole(path, Buffer.alloc(Math.min(PROBE_BYTES, leastRoom)));
        this.#hasRoom = true;
        onRoom();
      } catch {
        // Not yet.
      } finally {
        await disk.remove(path).catch(() => undefined);
      }
    });
  }
}
