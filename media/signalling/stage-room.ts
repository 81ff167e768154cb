import type { Stage, StageProducer } from '../stage.ts';
import type { Peer } from './peer.ts';
import type { PeerFacts, ProducerFacts } from './messages.ts';

/** Invitations that one stream keeps; the oldest go first. */
const MOST_INVITED = 100;

export const producerFacts = ({ producer, main, participant_id }: StageProducer): ProducerFacts => ({ producer_id: producer.id, kind: producer.kind, main, participant_id });

/** Everybody who signals about one stream on this host. */
export class StageRoom {
  readonly stage: Stage;
  readonly #peers = new Map<string, Peer>();
  readonly #invited = new Set<string>();
  readonly #stops: (() => void)[];

  constructor(stage: Stage, onClosed: () => void) {
    this.stage = stage;
    this.#stops = [
      stage.on('producer', (entry) => this.#each((peer) => peer.tell('new_producer', producerFacts(entry)))),
      stage.on('producer_gone', ({ producer }) => this.#each((peer) => peer.tell('producer_closed', { producer_id: producer.id }))),
      stage.on('reset', () =>
        this.#each((peer) => {
          peer.dropTransports();
          peer.tell('stage_reset', { capabilities: stage.capabilities });
        }),
      ),
      stage.on('closed', () => {
        this.#each((peer) => {
          peer.tell('stage_closed');
          peer.leave();
        });
        onClosed();
      }),
    ];
  }

  get empty(): boolean {
    return this.#peers.size === 0;
  }

  /** Hosts and guests. */
  get onStage(): PeerFacts[] {
    return [...this.#peers.values()].filter(({ role }) => role !== 'viewer').map(({ facts }) => facts);
  }

  add(peer: Peer): void {
    if (peer.role !== 'viewer') this.#each((other) => other.tell('peer_joined', peer.facts));
    this.#peers.set(peer.id, peer);
  }

  remove(peer: Peer): void {
    if (!this.#peers.delete(peer.id) || peer.role === 'viewer') return;
    this.#each((other) => other.tell('peer_left', { peer_id: peer.id }));
  }

  invites(userId: string): boolean {
    return this.#invited.has(userId);
  }

  invite(userId: string): void {
    this.#invited.delete(userId);
    this.#invited.add(userId);
    if (this.#invited.size > MOST_INVITED) this.#invited.delete(this.#invited.values().next().value!);
    for (const peer of this.#of(userId)) peer.tell('invited', { stream_id: this.stage.stream_id });
  }

  /** @returns how many were sent off the stage */
  dismiss(userId: string): number {
    this.#invited.delete(userId);
    const guests = this.#of(userId).filter(({ role }) => role === 'guest');
    for (const guest of guests) {
      guest.tell('dismissed', { stream_id: this.stage.stream_id });
      guest.leave();
    }
    return guests.length;
  }

  tellHosts(asking: PeerFacts): number {
    const hosts = [...this.#peers.values()].filter(({ role }) => role === 'host');
    for (const host of hosts) host.tell('guest_asked', asking);
    return hosts.length;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #of(userId: string): Peer[] {
    return [...this.#peers.values()].filter((peer) => peer.userId === userId);
  }

  #each(act: (peer: Peer) => void): void {
    for (const peer of [...this.#peers.values()]) act(peer);
  }
}
