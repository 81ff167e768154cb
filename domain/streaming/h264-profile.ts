/** What decoders tell apart; the level is no part of it. */
export type H264Profile = 'constrained-baseline' | 'baseline' | 'main' | 'constrained-high' | 'high';

/** profile_idc with the constraint flags that matter (x: any bit): RFC 6184, table 5. */
const PROFILES: readonly [idc: number, flags: string, profile: H264Profile][] = [
  [0x42, 'x1xx0000', 'constrained-baseline'],
  [0x4d, '1xxx0000', 'constrained-baseline'],
  [0x58, '11xx0000', 'constrained-baseline'],
  [0x42, 'x0xx0000', 'baseline'],
  [0x58, '10xx0000', 'baseline'],
  [0x4d, '0x0x0000', 'main'],
  [0x64, '00000000', 'high'],
  [0x64, '00001100', 'constrained-high'],
];

/** RFC 6184, 8.1: baseline without constraints, level 1, where an offer says nothing; senders mean the one that all have. */
const UNSAID = '42e01f';
/** 5.2: more than any encoder sends. */
const HIGHEST_LEVEL = '34';

/** @param id profile-level-id, six hex digits @returns null where it is none of those that are taken */
export function h264Profile(id: string = UNSAID): H264Profile | null {
  if (!/^[0-9a-f]{6}$/i.test(id)) return null;
  const idc = Number.parseInt(id.slice(0, 2), 16);
  const flags = Number.parseInt(id.slice(2, 4), 16).toString(2).padStart(8, '0');
  return PROFILES.find(([each, pattern]) => each === idc && [...pattern].every((bit, at) => bit === 'x' || bit === flags[at]))?.[2] ?? null;
}

/** The same profile at the highest level: what a receiver that takes any size says. */
export const atHighestLevel = (id: string = UNSAID): string => id.slice(0, 4) + HIGHEST_LEVEL;
