import { BitWriter } from './bits.ts';

const MACROBLOCK = 16;
/** Samples of one macroblock in 4:2:0: 256 of brightness, 64 of each colour. */
const MACROBLOCK_BYTES = 384;
/** mb_type I_PCM as ue(25), zeros up to the next byte. */
const PCM_HEADER = [0x0d, 0x00] as const;
const [IDR, P_SLICE, SPS, PPS] = [5, 1, 7, 8];
const MAX_FRAME_NUM = 16;

/** One colour, 16 to 235 each: no sample is 0, so that the samples need no escaping. */
export interface Colour {
  y: number;
  cb: number;
  cr: number;
}

/**
 * The least of an H.264 encoder (ITU-T H.264, baseline): pictures stored as they are, and pictures that repeat the one before.
 * Sides in macroblocks of 16 pixels.
 */
export class H264 {
  readonly #columns: number;
  readonly #rows: number;
  #frameNum = 0;
  #idrPicId = 0;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  get width(): number {
    return this.#columns * MACROBLOCK;
  }

  get height(): number {
    return this.#rows * MACROBLOCK;
  }

  /** Section 7.3.2.1.1: baseline, level 5.1. */
  get sps(): Buffer {
    const bits = new BitWriter().bits(66, 8).bits(0xc0, 8).bits(51, 8);
    // id 0, frame numbers of 4 bits, output in decoding order, one reference
    bits.unsigned(0).unsigned(0).unsigned(2).unsigned(1).bits(0, 1);
    bits.unsigned(this.#columns - 1).unsigned(this.#rows - 1);
    // whole frames, 8×8 inference; no cropping, no VUI
    return unit(3, SPS!, bits.bits(0b11, 2).bits(0b00, 2).trailing().toBuffer());
  }

  /** Section 7.3.2.2: CAVLC, and each slice may switch deblocking off. */
  get pps(): Buffer {
    const bits = new BitWriter().unsigned(0).unsigned(0).bits(0b00, 2).unsigned(0).unsigned(0).unsigned(0).bits(0b000, 3);
    return unit(3, PPS!, bits.signed(0).signed(0).signed(0).bits(0b100, 3).trailing().toBuffer());
  }

  /** A picture of its own: each macroblock in the colour that `colourAt` says. */
  picture(colourAt: (column: number, row: number) => Colour): Buffer {
    this.#frameNum = 0;
    this.#idrPicId = 1 - this.#idrPicId;
    // slice of all macroblocks, type I, pps 0, frame number, IDR number, two flags of marking, QP, no deblocking
    const start = new BitWriter().unsigned(0).unsigned(7).unsigned(0).bits(0, 4).unsigned(this.#idrPicId).bits(0b00, 2).signed(0).unsigned(1);
    const head = start.unsigned(25).align().toBuffer();
    const count = this.#columns * this.#rows;
    const samples = Buffer.alloc(count * (MACROBLOCK_BYTES + PCM_HEADER.length) - PCM_HEADER.length);
    for (let index = 0, at = 0; index < count; index += 1) {
      if (index > 0) at = samples.writeUInt16BE((PCM_HEADER[0] << 8) | PCM_HEADER[1], at);
      const { y, cb, cr } = colourAt(index % this.#columns, Math.floor(index / this.#columns));
      samples.fill(y, at, at + 256).fill(cb, at + 256, at + 320).fill(cr, at + 320, at + MACROBLOCK_BYTES);
      at += MACROBLOCK_BYTES;
    }
    return Buffer.concat([Buffer.from([(3 << 5) | IDR!]), escaped(head), samples, Buffer.from([0x80])]);
  }

  /** The picture before, once more: every macroblock is skipped. */
  repeat(): Buffer {
    this.#frameNum = (this.#frameNum + 1) % MAX_FRAME_NUM;
    const bits = new BitWriter().unsigned(0).unsigned(5).unsigned(0).bits(this.#frameNum, 4).bits(0b000, 3).signed(0).unsigned(1);
    return unit(2, P_SLICE!, bits.unsigned(this.#columns * this.#rows).trailing().toBuffer());
  }
}

const unit = (importance: number, type: number, payload: Buffer): Buffer => Buffer.concat([Buffer.from([(importance << 5) | type]), escaped(payload)]);

/** Section 7.4.1: no start code may appear inside of a unit. */
function escaped(payload: Buffer): Buffer {
  const bytes: number[] = [];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(bytes);
}
