import { AppError } from '../../domain/errors.ts';

/** How many of something one address may have at a time. */
export class AddressLimit {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws AppError rate_limited @returns gives the place back; idempotent */
  enter(address: string | null): () => void {
    // Without a socket there is no network either.
    if (address === null) return () => undefined;
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#most) throw new AppError('rate_limited', `${this.#most} connections at a time from one address are the limit.`);
    this.#counts.set(address, count + 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      const left = this.#counts.get(address)! - 1;
      if (left === 0) this.#counts.delete(address);
      else this.#counts.set(address, left);
    };
  }
}
