import type { types } from 'mediasoup';
import type { StagePoolStats } from '../stage.ts';
import type { FleetWorker, WorkerFleet } from './worker-fleet.ts';

const ANSWER_MS = 2_000;

type Thing = 'routers' | 'transports' | 'producers' | 'consumers';
interface Observed {
  observer: { once(event: 'close', listener: () => void): unknown };
}

/** Counts what mediasoup holds, piped producers and consumers among it. */
export class Census {
  readonly counts: Record<Thing, number> = { routers: 0, transports: 0, producers: 0, consumers: 0 };

  watch(worker: types.Worker): void {
    worker.observer.on('newrouter', (router) => {
      this.#count('routers', router);
      router.observer.on('newtransport', (transport) => {
        this.#count('transports', transport);
        transport.observer.on('newproducer', (producer) => this.#count('producers', producer));
        transport.observer.on('newconsumer', (consumer) => this.#count('consumers', consumer));
      });
    });
  }

  #count(thing: Thing, { observer }: Observed): void {
    this.counts[thing] += 1;
    observer.once('close', () => (this.counts[thing] -= 1));
  }
}

/** @param viewers of all stages */
export async function measurePool(fleet: WorkerFleet, stages: number, viewers: number): Promise<StagePoolStats> {
  const living = fleet.workers.filter((worker) => worker !== null);
  const workers = (await Promise.all(living.map(measureWorker))).filter((worker) => worker !== null);
  return { workers, deaths: fleet.deaths, stages, viewers, ...fleet.census.counts };
}

/** @returns null where it does not answer in time, or died */
async function measureWorker({ index, worker, load }: FleetWorker): Promise<StagePoolStats['workers'][number] | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ANSWER_MS, null)));
  // Its death is counted elsewhere.
  const usage = await Promise.race([worker.getResourceUsage().catch(() => null), late]);
  clearTimeout(timer);
  if (!usage) return null;
  return { index, pid: worker.pid, cpu_s: (usage.ru_utime + usage.ru_stime) / 1_000, memory_bytes: usage.ru_maxrss * 1_024, ...load };
}
