const SPS = 7;
/** Slices: what parameters there are stands before them. ITU-T H.264 table 7-1. */
const SLICES = [1, 5];
const LENGTH_BYTES = 4;
/** A keyframe begins with a handful of NAL units: delimiter, parameter sets, messages. */
const MAX_UNITS = 32;

/** The sequence parameter set with which a sample (ISO/IEC 14496-15: NAL units, each behind its length) begins; null: it brings none. */
export function spsOfSample(bytes: Uint8Array, from: number): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from, units = 0; at + LENGTH_BYTES < bytes.length && units < MAX_UNITS; units++) {
    const length = view.getUint32(at);
    const unit = bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length);
    const type = unit[0]! & 0x1f;
    if (type === SPS) return unit;
    if (SLICES.includes(type)) return null;
    at += LENGTH_BYTES + length;
  }
  return null;
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index]);
