/** What _HLS_msn and _HLS_part ask to wait for: RFC 8216bis §6.2.5.2. */
export interface ReloadRequest {
  sequence: number;
  /** null: the whole segment. */
  part: number | null;
}

/** How far a playlist is. */
export interface LiveEdge {
  /** Of the newest closed segment; one less than the first where there is none. */
  last_sequence: number;
  /** Parts of the segment behind it that are there. */
  open_parts: number;
  /** Parts of the newest closed segment. */
  last_parts: number;
}

/** invalid: no request that could ever be answered; too_far: the player is ahead of us by more than it may. */
export type ReloadAnswer = 'ready' | 'wait' | 'too_far';

const SEGMENTS_AHEAD = 2;

/** Parts that a request may be ahead: §6.2.5.2, “Advance Part Limit”. */
const advanceParts = (partMs: number): number => (partMs >= 1_000 ? 3 : Math.ceil(3_000 / partMs));

/** Whole numbers only. @returns null: the query does not ask for a blocking reload; 'invalid': it may not be asked so */
export function parseReload(msn: string | undefined, part: string | undefined): ReloadRequest | 'invalid' | null {
  if (msn === undefined) return part === undefined ? null : 'invalid';
  if (!isWhole(msn) || (part !== undefined && !isWhole(part))) return 'invalid';
  return { sequence: Number(msn), part: part === undefined ? null : Number(part) };
}

export function answerReload({ sequence, part }: ReloadRequest, edge: LiveEdge, partMs: number): ReloadAnswer {
  if (sequence <= edge.last_sequence - 1) return 'ready';
  if (sequence === edge.last_sequence) {
    // A part behind a segment's last one is the first of the next segment.
    return part === null || part < edge.last_parts || edge.open_parts > 0 ? 'ready' : 'wait';
  }
  if (sequence > edge.last_sequence + SEGMENTS_AHEAD) return 'too_far';
  if (part === null) return 'wait';
  const ahead = sequence === edge.last_sequence + 1 ? part - edge.open_parts : part;
  if (ahead < 0) return 'ready';
  return ahead >= advanceParts(partMs) ? 'too_far' : 'wait';
}

const isWhole = (text: string): boolean => /^\d{1,15}$/.test(text);
