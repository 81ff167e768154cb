import type { AttemptRecord } from '../../domain/contracts/action.ts';
import type { ActionType } from '../../domain/contracts/rule.ts';

/** A device takes its commands one after another, in order; the others bear some at once. */
const CONCURRENCY: Record<ActionType, number> = { device_control: 1, webhook: 8, notification: 8, log: 64, shop_inventory: 4 };
/** What waits longer than this many before it goes to deliverActions: first attempts are for now, not for later. */
const MAX_WAITING = 1_000;
/** Failures in a row that open the breaker, and how long it stays open before one attempt may probe. */
const BREAK_AFTER = 3;
const OPEN_MS = 5_000;

type Attempted = AttemptRecord | 'expired';
type Job = { attempt: () => Promise<Attempted>; settle: (record: Attempted | null) => void };

/** The first attempts of one target. `settle` gets null for an action that was not tried. */
export class TargetLane {
  readonly #limit: number;
  readonly #onIdle: () => void;
  readonly #waiting: Job[] = [];
  #running = 0;
  #failures = 0;
  #openUntil = 0;

  constructor(type: ActionType, onIdle: () => void) {
    this.#limit = CONCURRENCY[type];
    this.#onIdle = onIdle;
  }

  run(attempt: Job['attempt'], settle: Job['settle']): void {
    if (this.#isOpen() || this.#waiting.length >= MAX_WAITING) {
      settle(null);
      return;
    }
    this.#waiting.push({ attempt, settle });
    this.#next();
  }

  get idle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  #isOpen(): boolean {
    return this.#openUntil > Date.now();
  }

  #next(): void {
    while (this.#running < this.#limit) {
      const job = this.#waiting.shift();
      if (!job) break;
      this.#running += 1;
      void job.attempt().then((record) => {
        this.#running -= 1;
        this.#learn(record);
        job.settle(record);
        this.#next();
      });
    }
    // A lane with a memory of failures is kept: it is the breaker.
    if (this.idle && this.#failures === 0) this.#onIdle();
  }

  #learn(record: Attempted): void {
    if (record === 'expired') return;
    if (record.result.outcome !== 'retryable') {
      this.#failures = 0;
      return;
    }
    this.#failures += 1;
    if (this.#failures < BREAK_AFTER) return;
    this.#openUntil = Date.now() + OPEN_MS;
    this.#waiting.splice(0).forEach((job) => job.settle(null));
  }
}
