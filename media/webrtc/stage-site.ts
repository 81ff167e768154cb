import type { types } from 'mediasoup';
import { AppError } from '../../domain/errors.ts';
import { MEDIA_CODECS } from './codecs.ts';
import { Dialects } from './dialects.ts';
import type { FleetWorker } from './worker-fleet.ts';

/** A stage's router on one worker: its origin, an edge, or a dialect of either. */
export interface StageSite {
  readonly home: FleetWorker;
  readonly router: types.Router;
  /** The origin's producers on this router, by their id there: what is being piped, or was. */
  readonly piped: Map<string, Promise<string>>;
  readonly dialects: Dialects;
}

/** @throws AppError media_worker_died where the worker is not alive, or dies meanwhile */
export async function openSite(home: FleetWorker, mediaCodecs = MEDIA_CODECS): Promise<StageSite> {
  try {
    return { home, router: await home.worker.createRouter({ mediaCodecs }), piped: new Map(), dialects: new Dialects() };
  } catch (error) {
    if (home.worker.closed) throw new AppError('media_worker_died', null, { cause: error });
    throw error;
  }
}

/**
 * Makes a producer of the stage consumable at `to`, once however often it is asked for.
 * @param id what it is called at `from` @returns its id at `to`
 */
export function pipe(producer: types.Producer, id: string, from: StageSite, to: StageSite): Promise<string> {
  if (to.router === from.router) return Promise.resolve(id);
  const under = to.piped.get(producer.id);
  if (under) return under;
  const piping = pipeAnew(id, from, to);
  to.piped.set(producer.id, piping);
  const forget = (): void => void to.piped.delete(producer.id);
  piping.catch(forget);
  producer.observer.once('close', forget);
  return piping;
}

async function pipeAnew(producerId: string, from: StageSite, to: StageSite): Promise<string> {
  // An id of its own: two routers of one worker can not hold the same.
  const { pipeProducer } = await from.router.pipeToRouter({ producerId, router: to.router, keepId: false, enableSctp: false });
  return pipeProducer!.id;
}
