import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import type { Clock } from '../../open-api/state/clock.ts';

const WINDOW_MS = 1_000;
const MAX_KEYS = 20_000;

/** Sliding windows of one second, one for each app, shop and endpoint. */
export interface RateLimiter {
  /** Whether one more call fits; a refused call does not count. */
  admit(key: string, perSecond: number): boolean;
  reset(): void;
}

export function createRateLimiter(clock: Clock): RateLimiter {
  const calls = new BoundedMap<string, number[]>(MAX_KEYS);
  return {
    admit: (key, perSecond) => {
      const now = clock.now();
      const recent = (calls.get(key) ?? []).filter((at) => at > now - WINDOW_MS && at <= now);
      const fits = recent.length < perSecond;
      if (fits) recent.push(now);
      calls.set(key, recent);
      return fits;
    },
    reset: () => calls.clear(),
  };
}
