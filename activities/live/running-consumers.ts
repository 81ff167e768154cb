import type { ConsumeLivestreamInput, ConsumeOutcome } from '../../domain/contracts/livestream.ts';
import type { ConsumerProgress } from './consumer.ts';

export type RunConsumer = (
  input: ConsumeLivestreamInput,
  onProgress: (progress: ConsumerProgress) => void,
  signal: AbortSignal,
) => Promise<ConsumeOutcome | null>;

export interface RunningConsumer {
  readonly outcome: Promise<ConsumeOutcome | null>;
  readonly progress: ConsumerProgress | null;
  /** Ends it in order; resolves when all is stored. */
  stop(reason: Error): Promise<void>;
  /** The activity that held it is gone without having asked for its end: it lives on for a while, for the next attempt to take. */
  leave(): void;
}

interface Entry {
  /** For one more activity: from now on it alone can leave the consumer. */
  hold(): RunningConsumer;
  stop(reason: Error): Promise<void>;
}

/** How long a consumer goes on without an activity that holds it. */
const ORPHAN_MS = 60_000;

/**
 * The consumers of this process. When Temporal is away for a while, the activity that holds a consumer times out, but
 * the socket stands and events go on being stored; the next attempt of the activity takes the same consumer over.
 */
export class RunningConsumers {
  readonly #run: RunConsumer;
  readonly #entries = new Map<string, Entry>();

  constructor(run: RunConsumer) {
    this.#run = run;
  }

  /** The consumer of this livestream that runs here, or a new one. */
  take(input: ConsumeLivestreamInput): RunningConsumer {
    const entry = this.#entries.get(input.livestream_id) ?? this.#start(input);
    this.#entries.set(input.livestream_id, entry);
    return entry.hold();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Ends all of them in order. */
  async close(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry.stop(new Error('this worker shuts down'))));
  }

  #start(input: ConsumeLivestreamInput): Entry {
    const abort = new AbortController();
    let progress: ConsumerProgress | null = null;
    let orphaned: NodeJS.Timeout | null = null;
    let newest = 0;
    const keep = (): void => {
      if (orphaned) clearTimeout(orphaned);
      orphaned = null;
    };
    const outcome = this.#run(input, (next) => (progress = next), abort.signal).finally(() => {
      keep();
      this.#entries.delete(input.livestream_id);
    });
    // Nobody may be waiting just then; who takes it up sees the rejection all the same.
    outcome.catch(() => undefined);
    const stop = async (reason: Error): Promise<void> => {
      abort.abort(reason);
      await outcome.catch(() => undefined);
    };
    return {
      stop,
      hold() {
        keep();
        const holder = ++newest;
        return {
          outcome,
          get progress() {
            return progress;
          },
          stop,
          leave() {
            // An attempt that Temporal has given up learns of it late, when the next one holds the consumer already.
            if (holder !== newest) return;
            orphaned ??= setTimeout(() => abort.abort(new Error('no activity holds this consumer any more')), ORPHAN_MS);
          },
        };
      },
    };
  }
}
