export interface RecentCache<V> {
  get(key: string): Promise<V>;
}

const MAX_ENTRIES = 10_000;

/** Remembers what `load` gave for `freshMs`; calls for the same key share one load, a failed one is forgotten. */
export function createRecentCache<V>(load: (key: string) => Promise<V>, freshMs: number): RecentCache<V> {
  const entries = new Map<string, { until: number; value: Promise<V> }>();
  return {
    get(key) {
      const now = Date.now();
      const known = entries.get(key);
      if (known && known.until > now) return known.value;
      if (entries.size >= MAX_ENTRIES) entries.clear();
      const value = load(key);
      const entry = { until: now + freshMs, value };
      entries.set(key, entry);
      value.catch(() => entries.get(key) === entry && entries.delete(key));
      return value;
    },
  };
}
