import type { LiveSession } from '../live-session.ts';
import type { RecordingLedger } from '../recording-ledger.ts';
import type { RecordingDisk } from '../recording/recording-disk.ts';
import type { HlsArchive } from './archive.ts';
import { LiveWindow, type WindowSegment } from './live-window.ts';

export interface LiveWindowsOptions {
  disk: RecordingDisk;
  ledger: RecordingLedger;
  archive: HlsArchive;
  /** Closed segments that players see. */
  segments: number;
  part_ms: number;
  logger: { warn(fields: object, message: string): void };
}

export interface LiveStreamWindow {
  window: LiveWindow;
  record: boolean;
  /** A session writes to it. */
  live: boolean;
  /** Performance time; null while a session writes to it. */
  leftAt: number | null;
}

/** How long players find what was not recorded, and what was without asking storage, after an encoder has gone. */
const KEPT_MS = 10 * 60_000;
/** Numbers of what is not recorded are in no table: each session begins behind whatever one before it can have had. */
const UNRECORDED_STRIDE = 1_000_000;

/** The windows of all streams of this host. */
export class LiveWindows {
  readonly #options: LiveWindowsOptions;
  readonly #streams = new Map<string, LiveStreamWindow>();

  constructor(options: LiveWindowsOptions) {
    this.#options = options;
  }

  find(streamId: string): LiveStreamWindow | null {
    return this.#streams.get(streamId) ?? null;
  }

  /** Whether players may still want files of this run. */
  hasRun(runId: string): boolean {
    return [...this.#streams.values()].some(({ window }) => window.init(runId) !== null);
  }

  /** The stream's window for a session that begins. @throws what the database says */
  async open({ grant: { stream_id, record }, epoch }: LiveSession): Promise<LiveStreamWindow> {
    const there = this.#streams.get(stream_id);
    const next = record ? (await this.#options.ledger.lastSequence(stream_id)) + 1 : epoch * UNRECORDED_STRIDE;
    // Where the database lags behind what this process wrote, the window is right; where another host went on meanwhile, it is not.
    const goesOn = there !== undefined && there.record === record && (!record || there.window.nextSequence >= next);
    const entry: LiveStreamWindow = goesOn ? there : { window: await this.#fresh(stream_id, next, record), record, live: true, leftAt: null };
    entry.live = true;
    entry.leftAt = null;
    this.#streams.set(stream_id, entry);
    return entry;
  }

  leave(entry: LiveStreamWindow): void {
    entry.live = false;
    entry.leftAt = performance.now();
    entry.window.wake();
  }

  /** It is in storage. @returns whether it is in a window still */
  stored(streamId: string, runId: string, sequence: number): boolean {
    const segment = this.#streams.get(streamId)?.window.segments.find((one) => one.run_id === runId && one.file?.path.endsWith(`/${sequence}.m4s`));
    if (!segment) return false;
    segment.file!.stored = true;
    return true;
  }

  /** Lets go of streams that nobody has published to for long. */
  async prune(): Promise<void> {
    for (const [streamId, { window, leftAt, record }] of this.#streams) {
      if (leftAt === null || performance.now() - leftAt < KEPT_MS) continue;
      this.#streams.delete(streamId);
      for (const segment of window.segments) await this.#remove(segment, record);
    }
  }

  async #fresh(streamId: string, next: number, record: boolean): Promise<LiveWindow> {
    const { segments, part_ms, archive } = this.#options;
    const window = new LiveWindow(next, { segments, part_ms, onDropped: (segment) => void this.#remove(segment, record) });
    if (!record) return window;
    const before = await archive.recent(streamId, segments);
    // Numbers in a playlist go up by one: with a hole between, players begin anew.
    if (before?.segments.at(-1)?.sequence === next - 1) window.restore(before.segments.map((segment) => ({ ...segment, parts: [], size_bytes: 0, file: null, bytes: null })));
    return window;
  }

  /** What is recorded stays on disk until it is in storage. */
  async #remove({ file }: WindowSegment, record: boolean): Promise<void> {
    if (!file || (record && !file.stored)) return;
    await this.#options.disk.remove(file.path).catch((error: unknown) => this.#options.logger.warn({ err: error, path: file.path }, 'a segment that nobody needs could not be removed'));
  }
}
