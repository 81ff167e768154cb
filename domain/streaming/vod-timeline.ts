import type { VodGap, VodStretch } from '../contracts/vod.ts';

/** What of the recording goes into the video in one piece: segments of one run that follow each other. Milliseconds, wall clock. */
export interface KeptPiece {
  from_ms: number;
  /** How long it plays. */
  duration_ms: number;
  /** Why something is missing before it; []: nothing is known to be. */
  lost_before: readonly LostStretch[];
}

export interface LostStretch {
  from_ms: number;
  /** null: it was never closed. */
  duration_ms: number | null;
  reason: string;
}

export interface VodTimeline {
  stretches: VodStretch[];
  gaps: VodGap[];
  duration_ms: number;
}

/** Encoders' clocks and ours are never closer than that; what is shorter is no gap. */
const SHORTEST_GAP_MS = 500;
const NOBODY_SENT = 'Nobody sent anything: the encoder was away.';

/** Lays kept pieces one behind the other, in their order, and marks what is not there. @param lostAfter behind the last piece */
export function layOut(pieces: readonly KeptPiece[], lostAfter: readonly LostStretch[] = []): VodTimeline {
  const stretches: VodStretch[] = [];
  const gaps: VodGap[] = [];
  let at_ms = 0;
  let wall_ms: number | null = null;
  for (const { from_ms, duration_ms, lost_before } of pieces) {
    // Hosts' clocks differ: what seems to begin before the end of the last one began right after it.
    const from: number = Math.max(from_ms, wall_ms ?? -Infinity);
    const since: number = wall_ms ?? Math.min(from, ...lost_before.map((lost) => lost.from_ms));
    if (lost_before.length > 0 || from - since > SHORTEST_GAP_MS) gaps.push(gap(at_ms, since, from, lost_before));
    stretches.push({ at_ms, duration_ms, from: iso(from) });
    at_ms += duration_ms;
    wall_ms = from + duration_ms;
  }
  if (lostAfter.length > 0) {
    const since = wall_ms ?? Math.min(...lostAfter.map((lost) => lost.from_ms));
    gaps.push(gap(at_ms, since, Math.max(since, ...lostAfter.map((lost) => lost.from_ms + (lost.duration_ms ?? 0))), lostAfter));
  }
  return { stretches, gaps, duration_ms: at_ms };
}

const gap = (at_ms: number, from: number, to: number, lost: readonly LostStretch[]): VodGap => ({
  at_ms,
  from: iso(from),
  to: iso(to),
  reason: lost.length === 0 ? NOBODY_SENT : [...new Set(lost.map(({ reason }) => reason))].join(' '),
});

/**
 * Where in the video a moment of the wall clock is: what happened in a gap is at the gap, what happened before or after the
 * recording at its start or end. Never falls as the clock rises.
 */
export function placeOf(stretches: readonly VodStretch[], wallMs: number): number {
  const stretch = stretches.findLast(({ from }) => Date.parse(from) <= wallMs);
  return stretch === undefined ? 0 : stretch.at_ms + Math.min(wallMs - Date.parse(stretch.from), stretch.duration_ms);
}

/**
 * The earliest moment, in epoch milliseconds, that placeOf puts at this place or later. all: so is every moment (the start); none: no
 * moment is (behind the end).
 */
export function momentOf(stretches: readonly VodStretch[], atMs: number): number | 'all' | 'none' {
  if (atMs <= 0) return 'all';
  const stretch = stretches.find(({ at_ms, duration_ms }) => atMs <= at_ms + duration_ms);
  return stretch === undefined ? 'none' : Date.parse(stretch.from) + (atMs - stretch.at_ms);
}

const iso = (ms: number): string => new Date(ms).toISOString();
