import type { RecordingSegment, SegmentState } from '../../domain/contracts/recording.ts';
import type { ClosedSegment, NewRun, OpenedSegment, RecordingLedger, Unsettled } from '../../media/recording-ledger.ts';

interface RunRow {
  stream_id: string;
  init_sha256: string | null;
  init_state: SegmentState;
  end_reason: string | null;
}

const UNSETTLED: readonly SegmentState[] = ['open', 'closed'];

/** The ledger's rules (db/recording.repository.ts) without its database: numbers by the stream, states that never go back. */
export class LedgerInMemory implements RecordingLedger {
  readonly runs = new Map<string, RunRow>();
  readonly #rows: RecordingSegment[] = [];
  readonly #last = new Map<string, number>();
  /** Nothing can be read or written. */
  away = false;

  /** Another host takes so many numbers. */
  take(streamId: string, first: number, count: number): void {
    for (let sequence = first; sequence < first + count; sequence++) this.#make({ stream_id: streamId, run_id: 'of another host', sequence, started_at: new Date(sequence) });
    this.#last.set(streamId, first + count - 1);
  }
  /** A run's segments in their order. */
  of(runId: string): RecordingSegment[] {
    return this.#rows.filter(({ run_id }) => run_id === runId).sort((a, b) => a.sequence - b.sequence);
  }

  lastSequence = (streamId: string): Promise<number> => this.#do(() => this.#last.get(streamId) ?? 0);
  beginRun = ({ id, stream_id, init_sha256 = null }: Pick<NewRun, 'id' | 'stream_id'> & { init_sha256?: string | null }): Promise<void> =>
    this.#do(() => void (this.runs.has(id) || this.runs.set(id, { stream_id, init_sha256, init_state: 'closed', end_reason: null })));
  initStored = (runId: string): Promise<void> => this.#do(() => void (this.runs.get(runId)!.init_state = 'stored'));
  loseInit = (runId: string): Promise<void> => this.#do(() => void (this.runs.get(runId)!.init_state = 'lost'));
  endRun = (runId: string, reason: string): Promise<void> => this.#do(() => void (this.runs.get(runId)!.end_reason ??= reason));
  openSegment = (segment: OpenedSegment): Promise<number> =>
    this.#do(() => {
      const there = this.#rows.find(({ run_id, started_at }) => run_id === segment.run_id && started_at.getTime() === segment.started_at.getTime());
      if (there) return there.sequence;
      const sequence = Math.max((this.#last.get(segment.stream_id) ?? 0) + 1, segment.sequence);
      this.#last.set(segment.stream_id, sequence);
      this.#make({ ...segment, sequence });
      return sequence;
    });
  closeSegment = ({ stream_id, sequence, ...facts }: ClosedSegment): Promise<void> => this.#do(() => this.#set(stream_id, sequence, ['open'], { state: 'closed', ...facts }));
  segmentStored = (streamId: string, sequence: number): Promise<void> => this.#do(() => this.#set(streamId, sequence, ['closed'], { state: 'stored' }));
  loseSegment = (streamId: string, sequence: number, reason: string): Promise<void> => this.#do(() => this.#set(streamId, sequence, UNSETTLED, { state: 'lost', reason }));
  unsettled = (limit: number): Promise<Unsettled> =>
    this.#do(() => ({
      segments: this.#rows.filter(({ run_id, state }) => this.runs.has(run_id) && UNSETTLED.includes(state)).slice(0, limit).map((row) => ({ ...row })),
      inits: [...this.runs].flatMap(([id, { stream_id, init_sha256, init_state }]) => (UNSETTLED.includes(init_state) ? [{ id, stream_id, number: 1, init_sha256 }] : [])),
    }));
  knownRuns: RecordingLedger['knownRuns'] = (runIds) =>
    this.#do(() => {
      const known = runIds.flatMap((id) => this.runs.get(id) ?? []);
      return new Map(known.map((run, at) => [runIds[at]!, { init_settled: !UNSETTLED.includes(run.init_state), segments: new Map(this.of(runIds[at]!).map(({ sequence, state }) => [sequence, state])) }]));
    });
  notify = (): Promise<void> => Promise.resolve();
  thumbnailTaken = (): Promise<void> => Promise.resolve();

  #make(segment: OpenedSegment): void {
    this.#rows.push({ ...segment, state: 'open', duration_ms: 0, size_bytes: 0, sha256: null, reason: null });
  }
  #set(streamId: string, sequence: number, from: readonly SegmentState[], facts: Partial<RecordingSegment>): void {
    const row = this.#rows.find((one) => one.stream_id === streamId && one.sequence === sequence);
    if (row && from.includes(row.state)) Object.assign(row, facts);
  }
  async #do<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    if (this.away) throw new Error('the database is away');
    return work();
  }
}
