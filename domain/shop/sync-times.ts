/** Spreads the channels over the interval: the end of a UUIDv7 is random. Whole seconds, as Temporal keeps them. */
export const syncOffsetMs = (channelId: string, everyMs: number): number => Math.floor((Number.parseInt(channelId.slice(-8), 16) % everyMs) / 1_000) * 1_000;

/** When a channel's Schedule runs next, but for its jitter; epoch milliseconds. */
export function nextSyncMs(channelId: string, everyMs: number, nowMs: number): number {
  const offset = syncOffsetMs(channelId, everyMs);
  return Math.floor((nowMs - offset) / everyMs + 1) * everyMs + offset;
}

/** How much later than due a run may begin, so that not all begin in the same second. */
export const syncJitterMs = (everyMs: number): number => Math.floor(everyMs / 15);
