/** The sandbox's time: the real one, and an offset that tests may set, so that nobody waits for two hours. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  readonly offsetMs: number;
  /** Runs once the clock reads `dueMs`; the result takes it back. */
  at(dueMs: number, run: () => void): () => void;
  /** Sets the offset; what became due runs at once, in its order. */
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

  const runDue = (): void => {
    for (;;) {
      const [next] = [...waiting].filter(({ dueMs }) => dueMs <= now()).sort((a, b) => a.dueMs - b.dueMs);
      if (!next) return;
      drop(next);
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
      offsetMs = ms;
      runDue();
      for (const entry of waiting) arm(entry);
    },
    reset: () => {
      for (const entry of [...waiting]) drop(entry);
      offsetMs = 0;
    },
  };
}
