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
