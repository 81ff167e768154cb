import { createWake, type Wake } from '../../shop/messages/wake.ts';

export interface Wakes {
  /** Wakes everybody. */
  all(): void;
  /** Runs `body` with a wake of its own. */
  with<T>(body: (wake: Wake) => Promise<T>): Promise<T>;
}

/** For several who wait: an attempt that Temporal has given up may run beside its successor in one process. */
export function createWakes(): Wakes {
  const wakes = new Set<Wake>();
  return {
    all() {
      for (const wake of wakes) wake.wake();
    },
    async with(body) {
      const wake = createWake();
      wakes.add(wake);
      try {
        return await body(wake);
      } finally {
        wakes.delete(wake);
      }
    },
  };
}
