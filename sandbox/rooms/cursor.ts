/** A place in a room's log, in TikTok's form. `run` tells a restarted log from the one before. */
export const formatCursor = (seq: number, run: string, nowMs: number): string => `t-${nowMs}_r-${seq}_d-1_u-${run}`;

/** @returns the sequence number, or null where the cursor is not one of this run */
export function parseCursor(cursor: string | null | undefined, run: string): number | null {
  const match = /^t-\d+_r-(\d{1,15})_d-1_u-(\w+)$/.exec(cursor ?? '');
  return match?.[2] === run ? Number(match[1]) : null;
}
