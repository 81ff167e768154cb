/** Writes bit by bit, as the codes of ITU-T H.264, section 9.1, want it. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #current = 0;
  #filled = 0;

  /** u(n): the lowest `count` bits of the value. */
  bits(value: number, count: number): this {
    for (let shift = count - 1; shift >= 0; shift -= 1) this.#bit((value >>> shift) & 1);
    return this;
  }

  /** ue(v): Exp-Golomb. */
  unsigned(value: number): this {
    const code = value + 1;
    const length = 32 - Math.clz32(code);
    return this.bits(0, length - 1).bits(code, length);
  }

  /** se(v): 0, 1, -1, 2, … */
  signed(value: number): this {
    return this.unsigned(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** Zeros up to the next byte. */
  align(): this {
    while (this.#filled > 0) this.#bit(0);
    return this;
  }

  /** The stop bit that ends every unit, and zeros up to the next byte. */
  trailing(): this {
    return this.bits(1, 1).align();
  }

  toBuffer(): Buffer {
    return Buffer.from(this.#bytes);
  }

  #bit(bit: number): void {
    this.#current = (this.#current << 1) | bit;
    this.#filled += 1;
    if (this.#filled < 8) return;
    this.#bytes.push(this.#current);
    this.#current = 0;
    this.#filled = 0;
  }
}
