/**
 * A mediasoup worker is one thread on one core; its authors reckon with about 500 consumers on it:
 * https://mediasoup.org/documentation/v3/scalability/
 */
export const CONSUMERS_PER_WORKER = 500;
/** A viewer takes sound and picture. */
const CONSUMERS_PER_VIEWER = 2;
/** From here on a stage's further viewers are put on another worker, while there is one with room. */
export const VIEWERS_PER_WORKER = CONSUMERS_PER_WORKER / CONSUMERS_PER_VIEWER;
/** What a stage costs before anybody watches, in viewers: it is decrypted, recorded and made into HLS. */
const STAGE_COST = 4;

export interface WorkerLoad {
  stages: number;
  viewers: number;
}

/** @returns index of the worker for a new stage; the first among equals, -1 where there is none */
export function leastLoaded(workers: readonly (WorkerLoad | null)[]): number {
  const loads = workers.map((worker) => (worker === null ? Infinity : worker.viewers + worker.stages * STAGE_COST));
  const least = Math.min(...loads);
  return least === Infinity ? -1 : loads.indexOf(least);
}

/** join: a place of the stage that is open already, by its index. open: another one, on this worker. */
export type ViewerPlace = { kind: 'join'; site: number } | { kind: 'open'; worker: number };

/**
 * Where a stage's next viewer goes. Places are filled in order, the origin's first: each further one costs a copy of the media.
 * Where all workers are full the least loaded of the open places takes it: the host's limit of viewers is kept elsewhere.
 * @param sites workers (indexes) on which the stage has a router, the origin's first
 * @param workers all of them; null: dead just now
 */
export function placeViewer(sites: readonly number[], workers: readonly (WorkerLoad | null)[], limit: number): ViewerPlace {
  const hasRoom = (worker: number): boolean => (workers[worker]?.viewers ?? Infinity) < limit;
  const roomy = sites.findIndex(hasRoom);
  if (roomy !== -1) return { kind: 'join', site: roomy };
  const other = leastLoaded(workers.map((worker, index) => (sites.includes(index) || !hasRoom(index) ? null : worker)));
  if (other !== -1) return { kind: 'open', worker: other };
  const emptiest = leastLoaded(sites.map((worker) => workers[worker] ?? null));
  return { kind: 'join', site: Math.max(emptiest, 0) };
}
