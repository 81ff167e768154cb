/** Players of HLS by stream: each that has asked for a playlist within the last seconds is one. */
export interface ViewerCount {
  seen(streamId: string, viewer: string): void;
  count(streamId: string): number;
}

/** A player reloads at least each target duration (4 s); one late answer must not end it. */
const WINDOW_MS = 12_000;
/** Of one stream; more are not told apart from each other. */
const MAX_VIEWERS = 200_000;
const PRUNE_EVERY = 1_000;

export function createViewerCount(now: () => number = () => performance.now()): ViewerCount {
  const streams = new Map<string, Map<string, number>>();
  let calls = 0;

  function prune(streamId: string): Map<string, number> | null {
    const viewers = streams.get(streamId);
    if (!viewers) return null;
    // Kept in the order of their last request: the oldest first.
    for (const [viewer, at] of viewers) {
      if (now() - at <= WINDOW_MS) break;
      viewers.delete(viewer);
    }
    if (viewers.size === 0) streams.delete(streamId);
    return viewers;
  }

  return {
    seen(streamId, viewer) {
      if (++calls % PRUNE_EVERY === 0) for (const id of streams.keys()) prune(id);
      const viewers = streams.get(streamId) ?? new Map<string, number>();
      streams.set(streamId, viewers);
      if (!viewers.delete(viewer) && viewers.size >= MAX_VIEWERS) return;
      viewers.set(viewer, now());
    },
    count: (streamId) => prune(streamId)?.size ?? 0,
  };
}
