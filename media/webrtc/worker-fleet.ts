import { setTimeout as delay } from 'node:timers/promises';
import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { WorkerLoad } from '../../domain/streaming/placement.ts';
import type { ListenInfos } from './listen.ts';
import type { Mediasoup } from './mediasoup.ts';
import { Census } from './pool-stats.ts';

/** One mediasoup worker with its port; `load` is counted by the stages. */
export interface FleetWorker {
  readonly index: number;
  readonly worker: types.Worker;
  readonly server: types.WebRtcServer;
  readonly load: WorkerLoad;
}

export interface FleetOptions {
  mediasoup: Mediasoup;
  workers: number;
  infos: ListenInfos;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** A worker died and its replacement was tried, or has come: stages without a worker look for one. */
  onChange: () => void;
}

const RETRY_MS = { first: 500, longest: 10_000 };
const CLOSE_MS = 5_000;

/** All mediasoup workers; one that dies is replaced at once, on the same port. */
export class WorkerFleet {
  readonly census = new Census();
  readonly #options: FleetOptions;
  readonly #slots: (FleetWorker | null)[];
  readonly #stop = new AbortController();
  #deaths = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, () => null);
  }

  /** @throws where a worker does not start, or its port is taken */
  async start(): Promise<void> {
    const started = await Promise.allSettled(this.#slots.map((_, index) => this.#fill(index)));
    const failed = started.find((result) => result.status === 'rejected');
    if (!failed) return;
    await this.close();
    throw failed.reason;
  }

  /** null: dead, and not yet replaced. */
  get workers(): readonly (FleetWorker | null)[] {
    return this.#slots;
  }

  get deaths(): number {
    return this.#deaths;
  }

  /** Ends all of them and waits until their processes are gone. */
  async close(): Promise<void> {
    this.#stop.abort();
    const living = this.#slots.filter((slot) => slot !== null);
    this.#slots.fill(null);
    await Promise.all(living.map(({ worker }) => ended(worker)));
  }

  async #fill(index: number): Promise<void> {
    const { mediasoup, infos } = this.#options;
    const worker = await mediasoup.createWorker({ logLevel: 'warn' });
    this.census.watch(worker);
    try {
      const server = await worker.createWebRtcServer({ listenInfos: infos(index) });
      if (this.#stop.signal.aborted) throw new Error('the media workers are being ended');
      const slot: FleetWorker = { index, worker, server, load: { stages: 0, viewers: 0 } };
      this.#slots[index] = slot;
      worker.once('died', (error) => void this.#replace(slot, error));
    } catch (error) {
      await ended(worker);
      throw error;
    }
  }

  async #replace(lost: FleetWorker, error: Error): Promise<void> {
    const { logger, onChange } = this.#options;
    this.#deaths += 1;
    this.#slots[lost.index] = null;
    logger.error({ err: error, worker: lost.index }, 'a mediasoup worker died');
    for (let wait = RETRY_MS.first; !this.#stop.signal.aborted; wait = Math.min(wait * 2, RETRY_MS.longest)) {
      const replaced = await this.#fill(lost.index).then(
        () => true,
        (reason: unknown) => {
          logger.error({ err: reason, worker: lost.index, again_in_ms: wait }, 'the mediasoup worker was not replaced');
          return false;
        },
      );
      // Also where it was not: another worker may be alive.
      onChange();
      if (replaced) return logger.info({ worker: lost.index }, 'the mediasoup worker was replaced');
      await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

/** `close` asks the process to end; one that does not answer is killed. */
async function ended(worker: types.Worker): Promise<void> {
  if (worker.subprocessClosed) return;
  const gone = new Promise<void>((resolve) => worker.once('subprocessclose', () => resolve()));
  worker.close();
  const timer = setTimeout(() => kill(worker.pid), CLOSE_MS);
  await gone;
  clearTimeout(timer);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
