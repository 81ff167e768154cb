import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export type Int64 = string | number | bigint;

/** Writers of single protobuf fields; as proto3 wants it, a default value is left out. */
export function putString(writer: BinaryWriter, field: number, value: string | null | undefined): void {
  if (value) writer.tag(field, WireType.LengthDelimited).string(value);
}

export function putBytes(writer: BinaryWriter, field: number, value: Uint8Array | null | undefined): void {
  if (value) writer.tag(field, WireType.LengthDelimited).bytes(value);
}

export function putInt(writer: BinaryWriter, field: number, value: Int64 | null | undefined): void {
  if (value !== null && value !== undefined && BigInt(value) !== 0n) writer.tag(field, WireType.Varint).int64(value);
}

export function putBool(writer: BinaryWriter, field: number, value: boolean | undefined): void {
  if (value) writer.tag(field, WireType.Varint).bool(true);
}

/** Encodes a message by a function that puts its fields. */
export function message(put: (writer: BinaryWriter) => void): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  put(writer);
  return writer.finish();
}

/**
 * Puts length-delimited fields of one number (below 16) before a tail, in one buffer: a writer would allocate for each of
 * them, which counts at thousands of frames a second.
 */
export function concatFields(field: number, values: readonly Uint8Array[], tail: Uint8Array): Buffer {
  let length = tail.length;
  for (const value of values) length += 1 + varintLength(value.length) + value.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const value of values) {
    bytes[at++] = (field << 3) | WireType.LengthDelimited;
    for (let left = value.length; ; left >>>= 7) {
      bytes[at++] = left < 128 ? left : (left & 127) | 128;
      if (left < 128) break;
    }
    bytes.set(value, at);
    at += value.length;
  }
  bytes.set(tail, at);
  return bytes;
}

const varintLength = (value: number): number => (value < 128 ? 1 : 1 + varintLength(value >>> 7));
