import type { types } from 'mediasoup';

/** Who sends into a stage. main: what viewers see and what is recorded; guests are heard and seen by those who signal by Socket.IO. */
export interface StageProducer {
  producer: types.Producer;
  /** The session or guest that it belongs to. */
  participant_id: string;
  main: boolean;
}

/** A router that takes viewers; another one is opened, and the producers piped to it, before one has too many. */
export interface Edge {
  router: types.Router;
  /** Makes the producer consumable on this router. @returns its id there */
  reach(producer: types.Producer): Promise<string>;
  /** Give the place back. Idempotent. */
  leave(): void;
}

export interface StageEvents {
  producer: [StageProducer];
  producer_gone: [StageProducer];
  viewers: [number];
  /** Its mediasoup worker died and was replaced: transports, producers and consumers are gone, the stage goes on. */
  reset: [];
  closed: [];
}

/** What belongs to one stream in mediasoup: the router that encoders send to, and those that viewers take from. */
export interface Stage {
  readonly stream_id: string;
  /** What browsers may send and take. */
  readonly capabilities: types.RtpCapabilities;
  /** The router that encoders send to; another one after `reset`. */
  readonly origin: types.Router;
  /** Listen options (WebRtcServer) for transports on this router. */
  webRtcServerOf(router: types.Router): types.WebRtcServer;
  add(producer: StageProducer): void;
  producers(): readonly StageProducer[];
  /** What viewers see. */
  main(kind: types.MediaKind): types.Producer | null;
  /**
   * A place for one viewer. `dialect`: on a router that sends with these codecs' payload types alone, for players who say theirs
   * first (WHEP); mediasoup gives all who take from one router the same. @throws AppError media_full, media_worker_died
   */
  edge(dialect?: types.RouterRtpCodecCapability[]): Promise<Edge>;
  viewers(): number;
  /** Bytes that came from main producers so far: stands still where an encoder vanished without a goodbye. */
  receivedBytes(): Promise<number>;
  on<E extends keyof StageEvents>(event: E, listener: (...args: StageEvents[E]) => void): () => void;
}

/** For the metrics; counts are of now, `deaths` since the start. */
export interface StagePoolStats {
  /** CPU that each living worker has used, seconds; by its number. */
  workers: readonly { index: number; pid: number; cpu_s: number; memory_bytes: number; stages: number; viewers: number }[];
  deaths: number;
  stages: number;
  viewers: number;
  routers: number;
  transports: number;
  producers: number;
  consumers: number;
}

/** All mediasoup workers of this process, one a core; one that dies is replaced. */
export interface StagePool {
  /** What every stage takes: an offer is checked against it before a stream is claimed for it. */
  readonly capabilities: types.RtpCapabilities;
  /** The stream's stage, made where it is not there. */
  open(streamId: string): Promise<Stage>;
  find(streamId: string): Stage | null;
  close(streamId: string): void;
  /** Asks the workers; one that does not answer within 2 s is left out. */
  stats(): Promise<StagePoolStats>;
  /** Ends all workers. */
  shutdown(): Promise<void>;
}
