/** The last message ids of a livestream: most repeats are seen here, the table's constraint sees the rest. */
export class RecentMessages {
  readonly #limit: number;
  readonly #ids = new Set<string>();

  constructor(ids: Iterable<string> = [], limit = 20_000) {
    this.#limit = limit;
    for (const id of ids) this.add(id);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size <= this.#limit) return;
    // A Set keeps the order of insertion: its first is the oldest.
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      break;
    }
  }
}
