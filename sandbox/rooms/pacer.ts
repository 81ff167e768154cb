export interface PacerOptions {
  ratePerSecond: number;
  perFrame: number;
  /** Stops after so many; absent: goes on. */
  total?: number;
  durationMs?: number;
  /** At most so much is made up for after the process was held up; absent: all of it. */
  maxLagMs?: number;
  emit(count: number): void;
  onEnd?(): void;
}

export interface Pacer {
  stop(): void;
}

/** So much at one go, then other work gets its turn. */
const MOST_AT_ONCE = 2_000;

/**
 * Calls `emit` in an open loop: what is due by the clock is due, however slow the listeners are. Frames are full,
 * the last one excepted.
 */
export function startPacer(options: PacerOptions): Pacer {
  const { ratePerSecond, perFrame, maxLagMs = Number.POSITIVE_INFINITY, emit, onEnd } = options;
  const total = Math.min(
    options.total ?? Number.POSITIVE_INFINITY,
    options.durationMs === undefined ? Number.POSITIVE_INFINITY : Math.round((ratePerSecond * options.durationMs) / 1_000),
  );
  let startedAt = performance.now();
  let sent = 0;
  let timer: NodeJS.Timeout | null = null;

  function tick(): void {
    timer = null;
    const now = performance.now();
    let due = Math.min(total, Math.floor(((now - startedAt) * ratePerSecond) / 1_000));
    const behind = ((due - sent) / ratePerSecond) * 1_000;
    if (behind > maxLagMs) {
      startedAt += behind - maxLagMs;
      due = Math.floor(((now - startedAt) * ratePerSecond) / 1_000);
    }
    let turn = 0;
    while (due - sent >= perFrame && turn < MOST_AT_ONCE) turn += send(perFrame);
    if (due === total && sent < total && total - sent < perFrame) send(total - sent);
    if (sent >= total) return onEnd?.();
    const nextAt = startedAt + (Math.min(total, sent + perFrame) / ratePerSecond) * 1_000;
    timer = setTimeout(tick, Math.max(1, nextAt - performance.now()));
  }

  function send(count: number): number {
    sent += count;
    emit(count);
    return count;
  }

  timer = setTimeout(tick, 1);
  return {
    stop: () => {
      if (timer) clearTimeout(timer);
      timer = null;
      // An emit may stop its own pacer: nothing more is due then.
      sent = Number.POSITIVE_INFINITY;
    },
  };
}
