import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import { AppError } from '../../domain/errors.ts';
import { VIEWERS_PER_WORKER } from '../../domain/streaming/placement.ts';
import type { StagePool } from '../stage.ts';
import { MEDIA_CODECS } from './codecs.ts';
import { listenInfos } from './listen.ts';
import { openStage, type LiveStage } from './live-stage.ts';
import { loadMediasoup } from './mediasoup.ts';
import { measurePool } from './pool-stats.ts';
import { WorkerFleet } from './worker-fleet.ts';

export interface StagePoolOptions {
  /** Path of the mediasoup-worker binary. */
  workerBin: string;
  /** How many; one a core. */
  workers: number;
  /** First port, UDP and TCP, one for each worker; 0: free ones. */
  rtcPort: number;
  /** Address to listen on. */
  listenIp: string;
  announcedAddress: string | undefined;
  /** WebRTC viewers that all stages together take. */
  maxViewers: number;
  /** Viewers on one worker from which on further ones go to another, while one has room. */
  viewersPerWorker?: number;
  logger: Logger;
}

/** Starts the mediasoup workers. @throws where one does not start, or a port is taken */
export async function createStagePool(options: StagePoolOptions): Promise<StagePool> {
  const { workerBin, workers, maxViewers, viewersPerWorker = VIEWERS_PER_WORKER, logger } = options;
  const stages = new Map<string, LiveStage>();
  const opening = new Map<string, Promise<LiveStage>>();
  let viewers = 0;
  let down = false;
  const [mediasoup, infos] = await Promise.all([loadMediasoup(workerBin, logger), listenInfos(options)]);
  const fleet = new WorkerFleet({ mediasoup, workers, infos, logger, onChange: () => void Promise.all([...stages.values()].map((stage) => stage.workersChanged())) });
  await fleet.start();
  const capabilities = await capabilitiesOf(fleet);

  const takePlace = (): void => {
    if (viewers >= maxViewers) throw new AppError('media_full', `This media host takes ${maxViewers} viewers.`);
    viewers += 1;
  };
  const givePlace = (): void => {
    viewers -= 1;
  };

  const open = async (streamId: string): Promise<LiveStage> => {
    const stage = await openStage({ streamId, fleet, viewersPerWorker, takePlace, givePlace, logger });
    if (down) {
      stage.close();
      throw new AppError('media_full', 'This media host is being ended.');
    }
    stages.set(streamId, stage);
    return stage;
  };

  return {
    capabilities,
    open(streamId) {
      const there = stages.get(streamId) ?? opening.get(streamId);
      if (there) return Promise.resolve(there);
      const opened = open(streamId).finally(() => opening.delete(streamId));
      opening.set(streamId, opened);
      return opened;
    },
    find: (streamId) => stages.get(streamId) ?? null,
    close(streamId) {
      stages.get(streamId)?.close();
      stages.delete(streamId);
    },
    stats: () => measurePool(fleet, stages.size, viewers),
    async shutdown() {
      down = true;
      for (const stage of stages.values()) stage.close();
      stages.clear();
      await fleet.close();
    },
  };
}

/** Numbered by mediasoup, the same for each router. */
async function capabilitiesOf(fleet: WorkerFleet): Promise<types.RtpCapabilities> {
  const router = await fleet.workers[0]!.worker.createRouter({ mediaCodecs: MEDIA_CODECS });
  const { rtpCapabilities } = router;
  router.close();
  return rtpCapabilities;
}
