import type { types } from 'mediasoup';
import { AppError } from '../../domain/errors.ts';
import type { Edge } from '../stage.ts';
import { madeOn } from '../webrtc/made-on.ts';
import type { PeerFacts, ServerEvents, StageRole } from './messages.ts';
import type { StageRoom } from './stage-room.ts';

/** What one socket may hold at a time; more is refused. */
export const PEER_LIMITS = { transports: 4, producers: 4, consumers: 64 };

export interface PeerOptions {
  id: string;
  user: { user_id: string; name: string } | null;
  role: StageRole;
  room: StageRoom;
  tell: <E extends keyof ServerEvents>(event: E, ...facts: Parameters<ServerEvents[E]>) => void;
  /** It has left, by whatever way. */
  onLeft: () => void;
}

/** One socket's place at one stream, and all that it holds in mediasoup. */
export class Peer {
  readonly id: string;
  readonly role: StageRole;
  readonly room: StageRoom;
  readonly tell: PeerOptions['tell'];
  readonly #options: PeerOptions;
  readonly #transports = new Map<string, { transport: types.WebRtcTransport; direction: 'send' | 'recv' }>();
  readonly #producers = new Map<string, types.Producer>();
  readonly #consumers = new Map<string, types.Consumer>();
  #edge: Promise<Edge> | null = null;
  #making = 0;
  #left = false;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.id = options.id;
    this.role = options.role;
    this.room = options.room;
    this.tell = options.tell;
  }

  get userId(): string | null {
    return this.#options.user?.user_id ?? null;
  }

  get facts(): PeerFacts {
    return { peer_id: this.id, user_id: this.userId, name: this.#options.user?.name ?? null, role: this.role };
  }

  get left(): boolean {
    return this.#left;
  }

  /** Sends go to the stage's origin; viewers take from a router that has room. @throws AppError media_full */
  async createTransport(direction: 'send' | 'recv'): Promise<types.WebRtcTransport> {
    this.#bound(this.#transports.size + this.#making, PEER_LIMITS.transports, 'transports');
    this.#making += 1;
    try {
      const { stage } = this.room;
      const router = direction === 'send' ? stage.origin : (await this.#place()).router;
      const transport = await router.createWebRtcTransport({ webRtcServer: stage.webRtcServerOf(router), enableUdp: true, enableTcp: true, preferUdp: true, initialAvailableOutgoingBitrate: 1_500_000 });
      if (this.#left) {
        transport.close();
        throw new AppError('media_session_gone');
      }
      this.#transports.set(transport.id, { transport, direction });
      transport.observer.once('close', () => {
        if (this.#transports.delete(transport.id) && !this.#left) this.tell('transport_closed', { transport_id: transport.id });
      });
      // ICE that ended, or DTLS that failed, leaves nothing that could be used.
      transport.on('dtlsstatechange', (state) => void ((state === 'failed' || state === 'closed') && transport.close()));
      return transport;
    } finally {
      this.#making -= 1;
    }
  }

  /** @throws AppError media_session_gone */
  transport(id: string, direction?: 'send' | 'recv'): types.WebRtcTransport {
    const held = this.#transports.get(id);
    if (!held) throw new AppError('media_session_gone', 'no such transport');
    if (direction && held.direction !== direction) throw new AppError('validation_failed', `the transport is not to ${direction}`);
    return held.transport;
  }

  /** @throws AppError media_session_gone, rate_limited */
  async produce(transportId: string, options: Pick<types.ProducerOptions, 'kind' | 'rtpParameters'>): Promise<types.Producer> {
    this.#bound(this.#producers.size, PEER_LIMITS.producers, 'producers');
    const transport = this.transport(transportId, 'send');
    const producer = madeOn(transport, await transport.produce(options));
    this.#producers.set(producer.id, producer);
    producer.observer.once('close', () => this.#producers.delete(producer.id));
    return producer;
  }

  /** Begins paused: the client asks for media once it can take it. @throws AppError codec_unsupported, not_found */
  async consume(transportId: string, producerId: string, rtpCapabilities: types.RtpCapabilities): Promise<types.Consumer> {
    this.#bound(this.#consumers.size, PEER_LIMITS.consumers, 'consumers');
    const transport = this.transport(transportId, 'recv');
    const entry = this.room.stage.producers().find(({ producer }) => producer.id === producerId);
    if (!entry) throw new AppError('not_found', 'no such producer');
    const edge = await this.#place();
    const reached = await edge.reach(entry.producer);
    if (!edge.router.canConsume({ producerId: reached, rtpCapabilities })) throw new AppError('codec_unsupported', 'the client can not take this producer');
    const consumer = madeOn(transport, await transport.consume({ producerId: reached, rtpCapabilities, paused: true }));
    this.#consumers.set(consumer.id, consumer);
    consumer.observer.once('close', () => {
      if (this.#consumers.delete(consumer.id) && !this.#left) this.tell('consumer_closed', { consumer_id: consumer.id, producer_id: producerId });
    });
    return consumer;
  }

  /** @throws AppError media_session_gone */
  consumer(id: string): types.Consumer {
    return this.#consumers.get(id) ?? gone('consumer');
  }

  /** @throws AppError media_session_gone */
  producer(id: string): types.Producer {
    return this.#producers.get(id) ?? gone('producer');
  }

  /** Everything in mediasoup is gone, or shall be; the peer stays. */
  dropTransports(): void {
    const held = [...this.#transports.values()];
    this.#transports.clear();
    this.#consumers.clear();
    for (const { transport } of held) transport.close();
    this.#leavePlace();
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.dropTransports();
    this.room.remove(this);
    this.#options.onLeft();
  }

  /** One place of the stage, taken with the first transport to receive; another one where its worker died. */
  async #place(): Promise<Edge> {
    const edge = this.#edge && (await this.#edge);
    if (edge && !edge.router.closed) return edge;
    if (edge) this.#leavePlace();
    this.#edge ??= this.room.stage.edge();
    try {
      const taken = await this.#edge;
      if (this.#left) taken.leave();
      return taken;
    } catch (error) {
      this.#edge = null;
      throw error;
    }
  }

  #leavePlace(): void {
    // One that could not be taken was told to who asked for it.
    this.#edge?.then((edge) => edge.leave()).catch(() => undefined);
    this.#edge = null;
  }

  #bound(has: number, most: number, what: string): void {
    if (this.#left) throw new AppError('media_session_gone');
    if (has >= most) throw new AppError('rate_limited', `no more than ${most} ${what}`);
  }
}

function gone(what: string): never {
  throw new AppError('media_session_gone', `no such ${what}`);
}
