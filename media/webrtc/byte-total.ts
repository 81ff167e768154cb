import type { types } from 'mediasoup';

/** Bytes that came from several producers, those that are gone among them. */
export class ByteTotal {
  readonly #last = new Map<types.Producer, number>();
  #gone = 0;

  add(producer: types.Producer): void {
    this.#last.set(producer, 0);
  }

  /** What it had sent when it was last asked stays in the total. */
  remove(producer: types.Producer): void {
    this.#gone += this.#last.get(producer) ?? 0;
    this.#last.delete(producer);
  }

  async read(): Promise<number> {
    await Promise.all([...this.#last.keys()].map((producer) => this.#ask(producer)));
    return [...this.#last.values()].reduce((sum, bytes) => sum + bytes, this.#gone);
  }

  async #ask(producer: types.Producer): Promise<void> {
    try {
      const bytes = (await producer.getStats()).reduce((sum, { byteCount }) => sum + byteCount, 0);
      if (this.#last.has(producer)) this.#last.set(producer, bytes);
    } catch (error) {
      // Closed while it was asked; what it last said counts.
      if (!producer.closed) throw error;
    }
  }
}
