import { FLV_SCRIPT, parseFlvPacket, type FlvPacket } from './flv-packet.ts';

const FILE_HEADER = 13;
const TAG_HEADER = 11;
/** A keyframe at 4K and 60 Mbit/s is about 3 MiB. */
const LARGEST_TAG = 8 * 1024 * 1024;

/** Reads an FLV file as it comes; keeps no more than one tag. */
export class FlvReader {
  readonly #onPacket: (packet: FlvPacket) => void;
  readonly #parts: Buffer[] = [];
  #size = 0;
  #need = FILE_HEADER;
  #begun = false;

  constructor(onPacket: (packet: FlvPacket) => void) {
    this.#onPacket = onPacket;
  }

  /** @throws on what is no FLV */
  read(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size < this.#need) return;
    let buffer = Buffer.concat(this.#parts);
    while (buffer.length >= this.#need) {
      const used = this.#take(buffer);
      buffer = buffer.subarray(used);
    }
    this.#parts.length = 0;
    this.#parts.push(buffer);
    this.#size = buffer.length;
  }

  /** @returns how many bytes were used; 0: more are needed, and it is known how many */
  #take(buffer: Buffer): number {
    if (!this.#begun) {
      if (buffer.toString('latin1', 0, 3) !== 'FLV') throw new Error('no FLV');
      this.#begun = true;
      this.#need = TAG_HEADER;
      return FILE_HEADER;
    }
    const size = buffer.readUIntBE(1, 3);
    if (size > LARGEST_TAG) throw new Error(`an FLV tag of ${size} bytes`);
    const whole = TAG_HEADER + size + 4;
    if (buffer.length < whole) {
      this.#need = whole;
      return 0;
    }
    this.#need = TAG_HEADER;
    const type = buffer[0]!;
    const timeMs = buffer.readUIntBE(4, 3) + buffer[7]! * 2 ** 24;
    const packet = type === FLV_SCRIPT ? null : parseFlvPacket(type, timeMs, buffer.subarray(TAG_HEADER, TAG_HEADER + size));
    if (packet) this.#onPacket(packet);
    return whole;
  }
}
