import type { Logger } from 'pino';
import { AppError } from '../../domain/errors.ts';
import type { LiveSession, MediaGate, PublishGrant, SessionBook } from '../live-session.ts';
import type { StageProducer } from '../stage.ts';
import { HostSession } from './host-session.ts';
import { Peer, type PeerOptions } from './peer.ts';
import { producerFacts } from './stage-room.ts';
import type { Rooms } from './rooms.ts';
import type { StageRole } from './messages.ts';

/** Whom a handshake's token belongs to. */
export type Identity = { kind: 'user'; user_id: string; name: string } | { kind: 'viewer' };

export interface SeatOptions {
  socket_id: string;
  identity: Identity;
  token: string;
  remote_address: string | null;
  user_agent: string | null;
  request_id: string;
  gate: MediaGate;
  sessions: SessionBook;
  rooms: Rooms;
  host_id: string;
  iceServers: readonly object[];
  tell: PeerOptions['tell'];
  logger: Logger;
}

/** The stream is held by another media host. */
export class Elsewhere extends AppError {
  readonly url: string;

  constructor(url: string) {
    super('stream_not_live', 'this stream is on another media host');
    this.url = url;
  }
}

/** One socket: who it is, the stream that it joined, and what it may do there. */
export class Seat {
  readonly #options: SeatOptions;
  #peer: Peer | null = null;
  /** Of the peer's own stream, and there only together with the peer: it is what lets the peer publish the main picture. */
  #hosting: HostSession | null = null;
  #joining = false;
  #gone = false;

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  get iceServers(): readonly object[] {
    return this.#options.iceServers;
  }

  /** @throws AppError media_session_gone before `join` */
  peer(): Peer {
    if (!this.#peer || this.#peer.left) throw new AppError('media_session_gone', 'join a stream first');
    return this.#peer;
  }

  /** @throws AppError forbidden */
  host(): Peer {
    const peer = this.peer();
    if (peer.role !== 'host') throw new AppError('forbidden', 'this is the host’s to do');
    return peer;
  }

  /** One stream at a time. @throws what the gate refuses by; Elsewhere; stream_not_live, forbidden, conflict */
  async join(streamId: string, role: StageRole): Promise<Record<string, unknown>> {
    if (this.#joining || (this.#peer && !this.#peer.left)) throw new AppError('conflict', 'leave the stream that you joined first');
    this.#joining = true;
    try {
      const grant = await this.#allow(streamId, role);
      const { identity, socket_id, tell, rooms } = this.#options;
      const room = await rooms.enter(streamId, role === 'host');
      if (this.#gone) {
        rooms.tidy(room);
        throw new AppError('media_session_gone');
      }
      const peer = new Peer({ id: socket_id, user: identity.kind === 'user' ? identity : null, role, room, tell, onLeft: () => this.#left() });
      this.#peer = peer;
      this.#hosting = grant && this.#hostBy(grant, peer);
      room.add(peer);
      return { peer: peer.facts, capabilities: room.stage.capabilities, peers: room.onStage, producers: room.stage.producers().map(producerFacts) };
    } finally {
      this.#joining = false;
    }
  }

  /** @returns the session that the peer's main producers belong to; null: it is on stage beside the main picture. @throws AppError forbidden, stream_over, media_full, media_session_gone */
  async mayPublish(): Promise<LiveSession | null> {
    const peer = this.peer();
    if (peer.role === 'viewer') throw new AppError('forbidden', 'viewers only watch: ask the host to be let on stage');
    return (await this.#hosting?.begin()) ?? null;
  }

  show(entry: StageProducer): void {
    this.peer().room.stage.add(entry);
    const { logger } = this.#options;
    if (entry.main) this.#hosting?.added(entry, (error) => logger.error({ err: error }, 'a stage’s session was not announced'));
  }

  leave(reason: 'closed' | 'connection_lost'): void {
    if (reason === 'connection_lost') this.#gone = true;
    this.#hosting?.end(reason);
    this.#peer?.leave();
  }

  /** @returns a host's right to publish; null: guests and viewers have none. */
  async #allow(streamId: string, role: StageRole): Promise<PublishGrant | null> {
    const { gate, token, identity, host_id, rooms } = this.#options;
    if (role !== 'viewer' && identity.kind !== 'user') throw new AppError('unauthenticated', 'an access token is needed to come on stage');
    const { host } = await gate.viewer(streamId, token);
    if (host !== null && host.id !== host_id) throw new Elsewhere(host.public_url);
    if (role === 'host') return gate.publisherByToken(token, streamId);
    if (role === 'guest' && !(identity.kind === 'user' && rooms.find(streamId)?.invites(identity.user_id))) {
      // Who may edit the stream needs no invitation.
      await gate.publisherByToken(token, streamId).catch((error: unknown) => {
        throw error instanceof AppError && error.code === 'not_found' ? new AppError('forbidden', 'the host has not invited you') : error;
      });
    }
    return null;
  }

  #hostBy(grant: PublishGrant, peer: Peer): HostSession {
    const { sessions, remote_address, user_agent, request_id } = this.#options;
    return new HostSession({
      ...{ sessions, grant, remote_address, user_agent, request_id },
      // The socket may be at another stream by then, whose transports are not this session's.
      onEnded: ({ reason, detail }) => {
        peer.dropTransports();
        peer.tell('session_ended', { reason, detail });
      },
    });
  }

  #left(): void {
    if (!this.#peer) return;
    const { room } = this.#peer;
    this.#peer = null;
    this.#hosting?.end('closed');
    this.#hosting = null;
    this.#options.rooms.tidy(room);
  }
}
