import type { LiveConnection, RoomState } from '../../domain/contracts/live-connection.ts';

export interface WatchdogOptions {
  connection: Pick<LiveConnection, 'ping'>;
  roomState: () => Promise<RoomState>;
  /** A socket without a frame for so long is suspected, milliseconds. */
  suspect_ms: number;
  ping_timeout_ms?: number;
  now?: () => number;
}

export type WatchdogVerdict = 'fine' | 'dead' | 'room_ended';

const PING_TIMEOUT_MS = 5_000;
/** A quiet room is asked about at TikTok only every so many suspicions: each costs a web request. */
const ROOM_CHECK_EVERY = 4;

/**
 * Silence is no proof: a quiet room says nothing for minutes. What a dead socket can't do is answer a ping,
 * so that decides; and a room that ended without a word is found by asking TikTok for its state.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #now: () => number;
  #lastSign: number;
  #suspicions = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#lastSign = this.#now();
  }

  /** Call for each frame. */
  sawFrame(): void {
    this.#lastSign = this.#now();
    this.#suspicions = 0;
  }

  /** Call often; checks only where there is a suspicion. */
  async check(): Promise<WatchdogVerdict> {
    if (this.#now() - this.#lastSign < this.#options.suspect_ms) return 'fine';
    const before = this.#lastSign;
    const answered = await this.#options.connection.ping(this.#options.ping_timeout_ms ?? PING_TIMEOUT_MS);
    if (this.#lastSign !== before) return 'fine';
    if (!answered) return 'dead';
    this.#lastSign = this.#now();
    this.#suspicions += 1;
    if (this.#suspicions % ROOM_CHECK_EVERY !== 0) return 'fine';
    return (await this.#options.roomState()) === 'offline' ? 'room_ended' : 'fine';
  }
}
