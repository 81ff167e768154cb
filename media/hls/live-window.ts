import type { PlaylistPart, PlaylistSegment } from '../../domain/streaming/hls-playlist.ts';
import { answerReload, type LiveEdge, type ReloadRequest } from '../../domain/streaming/hls-reload.ts';
import { joined } from '../../domain/streaming/mp4-boxes.ts';
import type { SegmentFile } from '../recording/segment-file.ts';

/** What players need before a run's segments. */
export interface WindowRun {
  id: string;
  init: Uint8Array;
  codecs: string;
  width: number | null;
  height: number | null;
}

export interface WindowSegment extends PlaylistSegment {
  parts: PlaylistPart[];
  size_bytes: number;
  /** Null: only in memory, or (with no bytes) only in storage. */
  file: SegmentFile | null;
  /** Bytes of its parts; null: no longer kept in memory. */
  bytes: Uint8Array[] | null;
}

export interface LiveWindowOptions {
  /** Closed segments that players see. */
  segments: number;
  part_ms: number;
  /** What leaves the window. */
  onDropped?: (segment: WindowSegment) => void;
}

/** Parts are asked for at the live edge only; whole segments are then read from disk. */
const IN_MEMORY = 4;
/** Of segments that could not be written to disk, bytes. */
const MEMORY_BYTES = 48 * 1024 * 1024;
/** Players of one stream that wait for its next part here. */
const MAX_WAITING = 20_000;

/** The newest segments of one stream, as HLS shows them: the open one part by part. */
export class LiveWindow {
  readonly #options: LiveWindowOptions;
  readonly #runs = new Map<string, WindowRun>();
  readonly #waiting = new Set<() => void>();
  #closed: WindowSegment[] = [];
  #open: WindowSegment | null = null;
  #run: WindowRun | null = null;
  #discontinuity = -1;
  #next: number;
  /** When something was last added: performance time. */
  changedAt = performance.now();

  /** @param next sequence of its first segment */
  constructor(next: number, options: LiveWindowOptions) {
    this.#next = next;
    this.#options = options;
  }

  get segments(): readonly WindowSegment[] {
    return this.#closed;
  }
  get open(): WindowSegment | null {
    return this.#open;
  }
  get nextSequence(): number {
    return this.#next;
  }
  /** The newest run; null: none has begun. */
  get run(): WindowRun | null {
    return this.#run;
  }
  get edge(): LiveEdge {
    return { last_sequence: this.#open ? this.#open.sequence - 1 : this.#next - 1, open_parts: this.#open?.parts.length ?? 0, last_parts: this.#closed.at(-1)?.parts.length ?? 0 };
  }

  /** Segments of before this process, from the ledger; only while there are none of its own. */
  restore(segments: readonly WindowSegment[]): void {
    if (this.#closed.length > 0 || this.#open) return;
    this.#closed = [...segments];
    this.#discontinuity = segments.at(-1)?.discontinuity ?? -1;
  }

  beginRun(run: WindowRun): void {
    this.#runs.set(run.id, run);
    this.#run = run;
  }

  openSegment(started_at_ms: number, file: SegmentFile | null): void {
    const run_id = this.#run!.id;
    if ((this.#closed.at(-1)?.run_id ?? null) !== run_id) this.#discontinuity++;
    this.#open = { sequence: this.#next++, run_id, started_at_ms, duration_ms: 0, parts: [], discontinuity: this.#discontinuity, gap: false, size_bytes: 0, file, bytes: [] };
  }

  addPart(bytes: readonly Uint8Array[], part: PlaylistPart): void {
    const open = this.#open!;
    const whole = joined(bytes);
    open.bytes!.push(whole);
    open.size_bytes += whole.length;
    open.duration_ms += part.duration_ms;
    open.parts.push(part);
    this.#changed();
  }

  closeSegment(duration_ms: number): void {
    const segment = this.#open!;
    this.#open = null;
    segment.duration_ms = duration_ms;
    this.#closed.push(segment);
    while (this.#closed.length > this.#options.segments) this.#drop();
    this.#forgetBytes();
    this.#changed();
  }

  find(runId: string, sequence: number): WindowSegment | null {
    return [...this.#closed, ...(this.#open ? [this.#open] : [])].find((one) => one.sequence === sequence && one.run_id === runId) ?? null;
  }

  init(runId: string): WindowRun | null {
    return this.#runs.get(runId) ?? null;
  }

  /** Peak of its segments, bits a second; null: nothing is known yet. */
  peakBandwidth(): number | null {
    const rates = this.#closed.filter(({ size_bytes, duration_ms }) => size_bytes > 0 && duration_ms > 0).map(({ size_bytes, duration_ms }) => (size_bytes * 8_000) / duration_ms);
    return rates.length > 0 ? Math.max(...rates) : null;
  }

  /** @returns what became of the wait; `full`: too many wait already */
  async reach(request: ReloadRequest, timeoutMs: number, signal: AbortSignal): Promise<'ready' | 'too_far' | 'timeout' | 'full'> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = answerReload(request, this.edge, this.#options.part_ms);
      if (answer !== 'wait') return answer;
      const left = deadline - performance.now();
      if (left <= 0 || signal.aborted) return 'timeout';
      if (this.#waiting.size >= MAX_WAITING) return 'full';
      await this.#change(left, signal);
    }
  }

  /** Ends all waits: nothing more comes. */
  wake(): void {
    for (const resume of this.#waiting) resume();
  }

  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.add(done);
    });
  }

  #changed(): void {
    this.changedAt = performance.now();
    this.wake();
  }

  #drop(): void {
    const gone = this.#closed.shift()!;
    this.#options.onDropped?.(gone);
    if (this.#run?.id !== gone.run_id && !this.#closed.some(({ run_id }) => run_id === gone.run_id)) this.#runs.delete(gone.run_id);
  }

  #forgetBytes(): void {
    for (const segment of this.#closed.slice(0, -IN_MEMORY)) if (segment.file?.whole) forget(segment);
    let kept = this.#closed.reduce((sum, { bytes, size_bytes }) => sum + (bytes ? size_bytes : 0), 0);
    for (const segment of this.#closed) {
      if (kept <= MEMORY_BYTES) return;
      if (!segment.bytes) continue;
      kept -= segment.size_bytes;
      forget(segment);
      // Neither on disk nor in memory.
      if (!segment.file?.whole) segment.gap = true;
    }
  }
}

/** Parts are in memory only: what is listed must be there to be fetched. */
function forget(segment: WindowSegment): void {
  segment.bytes = null;
  segment.parts = [];
}
