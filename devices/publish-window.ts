/** Takes one place and gives it back through `release`. */
type Start = (release: () => void) => void;

/**
 * How many publishes may be unacknowledged at once (MQTT 5's Receive Maximum: a broker closes the connection of who exceeds it),
 * and how many more may wait for a place.
 */
export class PublishWindow {
  #limit: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<Start>();
  #generation = 0;
  #active = 0;

  constructor(limit: number, maxWaiting: number) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Calls `start` now or when a place is free.
   * @returns a function that takes a waiting one back, or null where the waiting room is full
   */
  enter(start: Start): (() => void) | null {
    if (this.#active < this.#limit) {
      this.#begin(start);
      return () => undefined;
    }
    if (this.#waiting.size >= this.#maxWaiting) return null;
    this.#waiting.add(start);
    return () => this.#waiting.delete(start);
  }

  /** A new connection: nothing is under way on it. */
  reset(limit: number): void {
    this.#limit = limit;
    this.#active = 0;
    this.#generation += 1;
    this.#waiting.clear();
  }

  #begin(start: Start): void {
    this.#active += 1;
    const generation = this.#generation;
    let released = false;
    start(() => {
      if (released || generation !== this.#generation) return;
      released = true;
      this.#active -= 1;
      this.#next();
    });
  }

  #next(): void {
    for (const start of this.#waiting) {
      if (this.#active >= this.#limit) return;
      this.#waiting.delete(start);
      this.#begin(start);
    }
  }
}
