import { randomInt } from 'node:crypto';

export interface RtpLineOptions {
  ssrc: number;
  payloadType: number;
  /** Hz. */
  clockRate: number;
}

const RTP_HEADER = 12;
const SENDER_REPORT = 200;
const SENDER_REPORT_BYTES = 28;
const SEQUENCES = 2 ** 16;
const TIMESTAMPS = 2 ** 32;

const modulo = (value: number, size: number): number => ((value % size) + size) % size;

/**
 * One unbroken RTP stream (RFC 3550) made of those of several senders, one after another: sequence numbers go on, and the
 * timestamps go on by the time that passed. A receiver notices only that nothing came for a while.
 */
export class RtpLine {
  readonly #options: RtpLineOptions;
  #sequence = randomInt(SEQUENCES / 2);
  #timestamp = randomInt(TIMESTAMPS);
  #at: number | null = null;
  #shift: { sequence: number; timestamp: number } | null = null;
  #report: Buffer | null = null;

  constructor(options: RtpLineOptions) {
    this.#options = options;
  }

  /** The next packet is another sender's. */
  restart(): void {
    this.#shift = null;
    this.#report = null;
  }

  /** Whether the present sender has sent anything. */
  get flowing(): boolean {
    return this.#shift !== null;
  }

  /** Rewrites a packet in place. @returns what is to be sent, in order; nothing where it is no RTP */
  media(packet: Buffer, nowMs: number): Buffer[] {
    if (packet.length < RTP_HEADER || packet[0]! >> 6 !== 2) return [];
    const timestamp = packet.readUInt32BE(4);
    const sequence = packet.readUInt16BE(2);
    this.#shift ??= this.#shiftFor(sequence, timestamp, nowMs);
    this.#sequence = modulo(sequence + this.#shift.sequence, SEQUENCES);
    this.#timestamp = modulo(timestamp + this.#shift.timestamp, TIMESTAMPS);
    this.#at = nowMs;
    packet[1] = (packet[1]! & 0x80) | this.#options.payloadType;
    packet.writeUInt16BE(this.#sequence, 2);
    packet.writeUInt32BE(this.#timestamp, 4);
    packet.writeUInt32BE(this.#options.ssrc, 8);
    const report = this.#report === null ? [] : this.control(this.#report);
    this.#report = null;
    return [packet, ...report];
  }

  /** Keeps of RTCP what ties timestamps to the time of day, by which sound and picture are brought together. */
  control(packet: Buffer): Buffer[] {
    if (packet.length < SENDER_REPORT_BYTES || packet[1] !== SENDER_REPORT) return [];
    if (this.#shift === null) {
      // It is sent ahead of the first packet, by which alone it can be understood.
      this.#report = Buffer.from(packet);
      return [];
    }
    const report = Buffer.from(packet.subarray(0, SENDER_REPORT_BYTES));
    report[0] = 0x80;
    report.writeUInt16BE(SENDER_REPORT_BYTES / 4 - 1, 2);
    report.writeUInt32BE(this.#options.ssrc, 4);
    report.writeUInt32BE(modulo(report.readUInt32BE(16) + this.#shift.timestamp, TIMESTAMPS), 16);
    return [report];
  }

  #shiftFor(sequence: number, timestamp: number, nowMs: number): { sequence: number; timestamp: number } {
    const passed = this.#at === null ? 0 : Math.max(1, Math.round(((nowMs - this.#at) * this.#options.clockRate) / 1_000));
    return { sequence: modulo(this.#sequence + 1 - sequence, SEQUENCES), timestamp: modulo(this.#timestamp + passed - timestamp, TIMESTAMPS) };
  }
}
