import { EventEmitter } from 'node:events';
import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import { AppError } from '../../domain/errors.ts';
import { leastLoaded } from '../../domain/streaming/placement.ts';
import type { Edge, Stage, StageEvents, StageProducer } from '../stage.ts';
import { ByteTotal } from './byte-total.ts';
import { openSite, pipe, type StageSite } from './stage-site.ts';
import { ViewerPlaces, type ViewerPlace } from './viewer-places.ts';
import type { WorkerFleet } from './worker-fleet.ts';

export interface LiveStageOptions {
  streamId: string;
  fleet: WorkerFleet;
  /** From here on a worker gets no further viewers while another one has room. */
  viewersPerWorker: number;
  /** Takes one of the host's places for viewers. @throws AppError media_full */
  takePlace: () => void;
  givePlace: () => void;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** @throws AppError media_worker_died where no worker is alive */
export async function openStage(options: LiveStageOptions): Promise<LiveStage> {
  return new LiveStage(options, await originOn(options.fleet));
}

async function originOn(fleet: WorkerFleet): Promise<StageSite> {
  const home = fleet.workers[leastLoaded(fleet.workers.map((worker) => worker?.load ?? null))];
  if (!home) throw new AppError('media_worker_died');
  // Counted at once: stages that open in the same moment are spread too.
  home.load.stages += 1;
  try {
    return await openSite(home);
  } catch (error) {
    home.load.stages -= 1;
    throw error;
  }
}

export class LiveStage implements Stage {
  readonly stream_id: string;
  readonly #options: LiveStageOptions;
  readonly #events = new EventEmitter<StageEvents>();
  readonly #producers = new Map<string, StageProducer>();
  readonly #received = new ByteTotal();
  #origin: StageSite;
  readonly #places: ViewerPlaces;
  #viewers = 0;
  #closed = false;
  #rehoming = false;

  constructor(options: LiveStageOptions, origin: StageSite) {
    this.stream_id = options.streamId;
    this.#options = options;
    this.#origin = origin;
    const { fleet, viewersPerWorker } = options;
    this.#places = new ViewerPlaces({ fleet, viewersPerWorker, onOpened: (site) => this.#pipeAll(site) }, origin);
    // One listener and more for each viewer.
    this.#events.setMaxListeners(0);
  }

  get capabilities(): types.RtpCapabilities {
    return this.#origin.router.rtpCapabilities;
  }

  get origin(): types.Router {
    return this.#origin.router;
  }

  webRtcServerOf(router: types.Router): types.WebRtcServer {
    const sites = [this.#origin, ...this.#places.edges];
    const site = [...sites, ...sites.flatMap(({ dialects }) => dialects.sites)].find((each) => each.router === router);
    if (!site) throw new AppError('media_worker_died', 'The router does not belong to this stage any more.');
    return site.home.server;
  }

  add(entry: StageProducer): void {
    const { producer } = entry;
    if (producer.closed || this.#closed) throw new AppError('media_session_gone');
    this.#producers.set(producer.id, entry);
    if (entry.main) this.#received.add(producer);
    producer.observer.once('close', () => this.#remove(entry));
    if (entry.main) for (const site of this.#places.edges) this.#pipe(producer, site);
    this.#events.emit('producer', entry);
  }

  producers(): readonly StageProducer[] {
    return [...this.#producers.values()];
  }

  main(kind: types.MediaKind): types.Producer | null {
    return this.producers().findLast((entry) => entry.main && entry.producer.kind === kind)?.producer ?? null;
  }

  async edge(dialect?: types.RouterRtpCodecCapability[]): Promise<Edge> {
    if (this.#closed) throw new AppError('stream_not_live');
    this.#options.takePlace();
    try {
      return await this.#lease(dialect);
    } catch (error) {
      this.#options.givePlace();
      throw error;
    }
  }

  viewers(): number {
    return this.#viewers;
  }

  receivedBytes(): Promise<number> {
    return this.#received.read();
  }

  on<E extends keyof StageEvents>(event: E, listener: (...args: StageEvents[E]) => void): () => void {
    const emitter = this.#events as EventEmitter;
    emitter.on(event, listener as (...args: unknown[]) => void);
    return () => void emitter.off(event, listener as (...args: unknown[]) => void);
  }

  /** The workers are not what they were: where the origin's is dead the stage moves, and tells. */
  async workersChanged(): Promise<void> {
    this.#places.forgetDead();
    if (!this.#origin.router.closed || this.#closed || this.#rehoming) return;
    this.#rehoming = true;
    try {
      const origin = await originOn(this.#options.fleet);
      if (this.#closed) return this.#shut(origin);
      this.#origin = origin;
      this.#places.moved(origin);
      this.#options.logger.warn({ stream_id: this.stream_id, worker: origin.home.index }, 'the stage moved to a new media worker');
      this.#events.emit('reset');
    } catch (error) {
      // The next change of the workers tries again.
      this.#options.logger.error({ err: error, stream_id: this.stream_id }, 'the stage found no media worker');
    } finally {
      this.#rehoming = false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#places.closeEdges();
    this.#shut(this.#origin);
    this.#events.emit('closed');
    this.#events.removeAllListeners();
  }

  #shut(origin: StageSite): void {
    origin.home.load.stages -= 1;
    origin.dialects.close();
    origin.router.close();
  }

  #pipeAll(site: StageSite): void {
    for (const { producer, main } of this.producers()) if (main) this.#pipe(producer, site);
  }

  /** Ahead of the viewers who ask for it; they are told if it fails again. */
  #pipe(producer: types.Producer, site: StageSite): void {
    this.#reach(producer, site).catch((error: unknown) => {
      if (!producer.closed && !site.router.closed) this.#options.logger.warn({ err: error, stream_id: this.stream_id }, 'a producer was not piped to another media worker');
    });
  }

  #reach(producer: types.Producer, site: StageSite): Promise<string> {
    return pipe(producer, producer.id, this.#origin, site);
  }

  async #lease(codecs?: types.RouterRtpCodecCapability[]): Promise<Edge> {
    const { place, site } = await this.#places.take();
    const dialect = codecs ? await this.#speak(place, site, codecs) : null;
    let left = false;
    this.#count(1);
    return {
      router: dialect?.site.router ?? site.router,
      reach: async (producer) => {
        const id = await this.#reach(producer, site);
        return dialect ? pipe(producer, id, site, dialect.site) : id;
      },
      leave: () => {
        if (left) return;
        left = true;
        dialect?.leave();
        this.#places.leave(place);
        this.#options.givePlace();
        this.#count(-1);
      },
    };
  }

  async #speak(place: ViewerPlace, site: StageSite, codecs: types.RouterRtpCodecCapability[]): Promise<{ site: StageSite; leave: () => void }> {
    try {
      return await site.dialects.take(site, codecs);
    } catch (error) {
      this.#places.leave(place);
      throw error;
    }
  }

  #count(change: number): void {
    this.#viewers += change;
    this.#events.emit('viewers', this.#viewers);
  }

  #remove(entry: StageProducer): void {
    this.#producers.delete(entry.producer.id);
    this.#received.remove(entry.producer);
    this.#events.emit('producer_gone', entry);
  }
}
