const int64View = new DataView(new ArrayBuffer(8));

/**
 * Reads protobuf's wire format out of a Buffer in place. The generated decoders build every field of messages with
 * hundreds of them; this one lets a decoder take the few that are needed and step over the rest.
 * @throws RangeError where the bytes end too soon or name an impossible field
 */
export class WireReader {
  pos = 0;
  readonly buffer: Buffer;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  /** A field's tag (number × 8 + wire type), or the low 32 bits of any varint. */
  uint32(): number {
    const { buffer } = this;
    let byte = this.byte(buffer);
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 63) throw new RangeError('A varint is longer than 10 bytes.');
      byte = this.byte(buffer);
      if (shift < 32) value |= (byte & 0x7f) << shift;
    }
    return value >>> 0;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  /** A 64-bit varint can be true by its upper bits alone. */
  bool(): boolean {
    return this.int64() !== '0';
  }

  /** Signed 64-bit, as decimal text: TikTok's ids exceed what a number carries. */
  int64(): string {
    const { buffer } = this;
    let low = 0;
    let high = 0;
    let byte = 0x80;
    for (let shift = 0; byte > 0x7f; shift += 7) {
      if (shift > 63) throw new RangeError('A varint is longer than 10 bytes.');
      byte = this.byte(buffer);
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
    }
    if (high >>> 0 < 0x20_0000) return String((high >>> 0) * 0x1_0000_0000 + (low >>> 0));
    int64View.setInt32(0, high);
    int64View.setInt32(4, low);
    return int64View.getBigInt64(0).toString();
  }

  /** Reads a length and gives the position at which that many bytes end. */
  end(): number {
    const length = this.uint32();
    const end = this.pos + length;
    if (end > this.buffer.length) throw new RangeError('A field is longer than its message.');
    return end;
  }

  bytes(): Buffer {
    const end = this.end();
    const bytes = this.buffer.subarray(this.pos, end);
    this.pos = end;
    return bytes;
  }

  /** UTF-8 text without NUL, which PostgreSQL can not store. */
  string(): string {
    const end = this.end();
    const text = this.buffer.toString('utf8', this.pos, end);
    this.pos = end;
    return text.includes('\0') ? text.replaceAll('\0', '') : text;
  }

  /** Steps over the value of a field that nobody needs. */
  skip(tag: number): void {
    if (tag >>> 3 === 0) throw new RangeError('Field number 0 does not exist.');
    switch (tag & 7) {
      case 0:
        for (let length = 1; this.byte(this.buffer) > 0x7f; length++)
          if (length === 10) throw new RangeError('A varint is longer than 10 bytes.');
        return;
      case 1:
        this.pos += 8;
        break;
      case 2:
        this.pos = this.end();
        return;
      case 5:
        this.pos += 4;
        break;
      default:
        throw new RangeError(`Wire type ${tag & 7} is not used by TikTok.`);
    }
    if (this.pos > this.buffer.length) throw new RangeError('The message ends inside a field.');
  }

  /** A nested message must end exactly where its length said. */
  finish(end: number): void {
    if (this.pos !== end) throw new RangeError('A nested message is longer than its length says.');
  }

  private byte(buffer: Buffer): number {
    const byte = buffer[this.pos++];
    if (byte === undefined) throw new RangeError('The message ends inside a number.');
    return byte;
  }
}
