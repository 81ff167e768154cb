import { createHash } from 'node:crypto';
import { createFragmentReader } from '../../domain/streaming/fragments.ts';
import { Mp4Error } from '../../domain/streaming/mp4-boxes.ts';

export interface Salvaged {
  /** Of whole fragments; 0: there is none. */
  size_bytes: number;
  duration_ms: number;
  /** Of its first fragment, on the media's own clock. */
  start_ms: number;
  sha256: string;
}

/** So that a fault costs no more than what stands behind it. */
const STEP_BYTES = 4_096;

/**
 * What of a segment can be used: bytes that a kill cut off within a fragment, or that a disk which lost power never wrote, end before it.
 * @param init its run's init segment; where that can not be read, nothing can
 */
export function salvageSegment(init: Uint8Array, bytes: Uint8Array): Salvaged {
  const reader = createFragmentReader();
  let before = 0;
  let duration_ms = 0;
  let start_ms: number | null = null;
  try {
    reader.push(init);
    before = reader.whole;
    for (let at = 0; at < bytes.length; at += STEP_BYTES) {
      for (const event of reader.push(bytes.subarray(at, at + STEP_BYTES))) {
        if (event.kind !== 'fragment') continue;
        start_ms ??= event.fragment.start_ms;
        duration_ms += event.fragment.duration_ms;
      }
    }
  } catch (error) {
    if (!(error instanceof Mp4Error)) throw error;
  }
  const size_bytes = reader.whole - before;
  return { size_bytes, duration_ms, start_ms: start_ms ?? 0, sha256: createHash('sha256').update(bytes.subarray(0, size_bytes)).digest('hex') };
}
