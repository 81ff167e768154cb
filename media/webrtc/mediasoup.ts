import { env } from 'node:process';
import type { types } from 'mediasoup';
import type { Logger } from 'pino';

/** What of the module is used. */
export interface Mediasoup {
  createWorker(settings: types.WorkerSettings): Promise<types.Worker>;
}

/**
 * Loads mediasoup so that it runs this worker binary, and hands its log to ours. The first binary counts for the whole process.
 * @throws where another one is loaded already
 */
export async function loadMediasoup(workerBin: string, logger: Pick<Logger, 'warn' | 'error'>): Promise<Mediasoup> {
  // mediasoup takes the path from the environment alone, at the moment it is loaded: written here for it, read nowhere.
  env.MEDIASOUP_WORKER_BIN = workerBin;
  const mediasoup = await import('mediasoup');
  if (mediasoup.workerBin !== workerBin) throw new Error(`mediasoup runs ${mediasoup.workerBin} in this process already`);
  mediasoup.setLogEventListeners({
    onwarn: (namespace, log) => logger.warn({ namespace }, log),
    onerror: (namespace, log, err) => logger.error({ namespace, ...(err ? { err } : {}) }, log),
  });
  return mediasoup;
}
