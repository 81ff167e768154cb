export interface TokenBuckets {
  /** Takes one turn. @returns 0, or the seconds after which there is one again */
  take(key: string, nowMs: number): number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Token buckets in memory: `turns` in `periodMs` (a minute), all of which may come at once. At most `maxKeys` are kept; the
 * one that was longest unused goes first, and a bucket that was full again is the same as none.
 */
export function createTokenBuckets(turns: number, maxKeys = 10_000, periodMs = 60_000): TokenBuckets {
  const buckets = new Map<string, Bucket>();
  const perMs = turns / periodMs;

  return {
    take(key, nowMs) {
      const bucket = buckets.get(key) ?? { tokens: turns, atMs: nowMs };
      bucket.tokens = Math.min(turns, bucket.tokens + Math.max(0, nowMs - bucket.atMs) * perMs);
      bucket.atMs = nowMs;
      // Set again: a Map lists its keys in the order in which they were put in.
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > maxKeys) buckets.delete(buckets.keys().next().value ?? key);
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perMs / 1000));
      bucket.tokens -= 1;
      return 0;
    },
  };
}
