/** The sandbox's time: the real one, and an offset that tests may set, so that nobody waits for two hours. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  readonly offsetMs: number;
  /** Runs once the clock reads `dueMs`; the result takes it back. */
  at(dueMs: number, run: () => void): () => void;
  /** Sets the offset; what becomes due on the way runs at once, in its order, and each at its time. */
  setOffset(offsetMs: number): void;
  /** Forgets all that waits; the offset is 0 again. */
  reset(): void;
}

interface Waiting {
  dueMs: number;
  run: () => void;
  timer: NodeJS.Timeout | null;
}

/** setTimeout can't wait longer. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

export function createClock(): Clock {
  let offsetMs = 0;
  const waiting = new Set<Waiting>();
  const now = (): number => Date.now() + offsetMs;

  const arm = (entry: Waiting): void => {
    if (entry.timer) clearTimeout(entry.timer);
    entry.timer = setTimeout(
      () => {
        if (entry.dueMs > now()) return arm(entry);
        waiting.delete(entry);
        entry.run();
      },
      Math.min(Math.max(entry.dueMs - now(), 0), LONGEST_TIMEOUT_MS),
    );
    entry.timer.unref();
  };

  const earliestUntil = (untilMs: number): Waiting | undefined => {
    let earliest: Waiting | undefined;
    for (const entry of waiting) if (entry.dueMs <= untilMs && entry.dueMs < (earliest?.dueMs ?? Infinity)) earliest = entry;
    return earliest;
  };

  /** Time passes from one thing that is due to the next, as it would have by itself. */
  const passUntil = (untilOffsetMs: number): void => {
    for (;;) {
      const next = earliestUntil(Date.now() + untilOffsetMs);
      if (!next) return;
      drop(next);
      offsetMs = Math.max(offsetMs, next.dueMs - Date.now());
      next.run();
    }
  };

  const drop = (entry: Waiting): void => {
    if (entry.timer) clearTimeout(entry.timer);
    waiting.delete(entry);
  };

  return {
    now,
    get offsetMs() {
      return offsetMs;
    },
    at: (dueMs, run) => {
      const entry: Waiting = { dueMs, run, timer: null };
      waiting.add(entry);
      arm(entry);
      return () => drop(entry);
    },
    setOffset: (ms) => {
      passUntil(ms);
      offsetMs = ms;
      for (const entry of waiting) arm(entry);
    },
    reset: () => {
      for (const entry of [...waiting]) drop(entry);
      offsetMs = 0;
    },
  };
}
