import type { Fragment } from '../contracts/recording.ts';

/**
 * How fragments become what players fetch: a segment begins, takes fragments, some of which together are a part, and ends.
 * A part ends before its segment does; each fragment is told of before the part that it closes.
 */
export type Cut =
  | { kind: 'begin'; start_ms: number; independent: boolean }
  | { kind: 'fragment'; fragment: Fragment }
  | { kind: 'part'; bytes: readonly Uint8Array[]; duration_ms: number; independent: boolean }
  | { kind: 'end'; duration_ms: number };

export interface SegmenterOptions {
  /** A segment ends at the first keyframe at or after this; where none comes, at twice of it. Milliseconds. */
  target_ms: number;
  /** No part is longer, unless a single fragment is. Milliseconds. */
  part_ms: number;
}

/** Segments of 2 s in parts of up to 500 ms: Apple's advice for low latency is 4 to 6 s and 1 s; half of it halves the delay. */
export const DEFAULT_CUTTING: SegmenterOptions = { target_ms: 2_000, part_ms: 500 };

/** A part that is not the last of its segment must have so much of the part target: RFC 8216bis §4.4.4.9. */
const LEAST_PART = 0.85;
/** Keyframes come a little early where frame rates are odd: 59.94, or an encoder's clock. */
const EARLY_MS = 50;

export interface Segmenter {
  push(fragment: Fragment): Cut[];
  /** Nothing more comes: ends what is open. */
  end(): Cut[];
  /** Of the segment that is open; 0: none is. */
  readonly open_ms: number;
}

export function createSegmenter({ target_ms, part_ms }: SegmenterOptions = DEFAULT_CUTTING): Segmenter {
  let open = false;
  let segmentMs = 0;
  let part: Fragment[] = [];
  let partMs = 0;

  function closePart(): Cut[] {
    if (part.length === 0) return [];
    const cut: Cut = { kind: 'part', bytes: part.map(({ bytes }) => bytes), duration_ms: partMs, independent: part.some(({ independent }) => independent) };
    part = [];
    partMs = 0;
    return [cut];
  }

  function end(): Cut[] {
    if (!open) return [];
    const cuts: Cut[] = [...closePart(), { kind: 'end', duration_ms: segmentMs }];
    open = false;
    segmentMs = 0;
    return cuts;
  }

  const isOver = ({ independent, duration_ms }: Fragment): boolean =>
    (independent && segmentMs >= target_ms - EARLY_MS) || segmentMs + duration_ms > 2 * target_ms;

  return {
    get open_ms() {
      return segmentMs;
    },
    end,
    push(fragment) {
      const cuts = open && isOver(fragment) ? end() : [];
      if (!open) {
        open = true;
        cuts.push({ kind: 'begin', start_ms: fragment.start_ms, independent: fragment.independent });
      }
      if (partMs > 0 && partMs + fragment.duration_ms > part_ms) cuts.push(...closePart());
      part.push(fragment);
      partMs += fragment.duration_ms;
      segmentMs += fragment.duration_ms;
      cuts.push({ kind: 'fragment', fragment });
      if (partMs >= LEAST_PART * part_ms) cuts.push(...closePart());
      return cuts;
    },
  };
}
