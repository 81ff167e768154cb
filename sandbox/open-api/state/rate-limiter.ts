import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';

const WINDOW_MS = 60_000;
const MAX_KEYS = 50_000;

/** Sliding windows of one minute, one for each key. */
export interface RateLimiter {
  /** Whether one more call fits; a refused call does not count. */
  admit(key: string, perMinute: number): boolean;
  reset(): void;
}

export function createRateLimiter(clock: Clock): RateLimiter {
  const calls = new BoundedMap<string, number[]>(MAX_KEYS);
  return {
    admit: (key, perMinute) => {
      const now = clock.now();
      const recent = (calls.get(key) ?? []).filter((at) => at > now - WINDOW_MS);
      const fits = recent.length < perMinute;
      if (fits) recent.push(now);
      calls.set(key, recent);
      return fits;
    },
    reset: () => calls.clear(),
  };
}
