import { EVERYTHING, type CacheStore } from './cache-store.ts';

export interface MemoryStoreOptions {
  maxEntries?: number;
  /** Of texts and keys, all together. */
  maxBytes?: number;
  /** Milliseconds; for tests. */
  now?: () => number;
}

interface Entry {
  stamp: string;
  text: string;
  expiresAt: number;
  bytes: number;
}

/** Least recently used first out. A Map gives its keys in the order in which they were set. */
function touch<V>(map: Map<string, V>, key: string): V | undefined {
  const value = map.get(key);
  if (value === undefined) return undefined;
  map.delete(key);
  map.set(key, value);
  return value;
}

const oldestOf = (map: Map<string, unknown>): string => map.keys().next().value as string;

/** Keeps texts in this process, bounded in number and size. */
export function createMemoryStore({ maxEntries = 5_000, maxBytes = 64 * 1024 * 1024, now = Date.now }: MemoryStoreOptions = {}): CacheStore {
  const entries = new Map<string, Entry>();
  const stamps = new Map<string, number>();
  /** An entry has a few tags. */
  const maxStamps = maxEntries * 4;
  let bytes = 0;
  let clock = 0;

  const stampOf = (tag: string): number => touch(stamps, tag) ?? renewOne(tag);
  const renewOne = (tag: string): number => {
    clock += 1;
    stamps.delete(tag);
    stamps.set(tag, clock);
    if (stamps.size > maxStamps) stamps.delete(oldestOf(stamps));
    return clock;
  };
  const drop = (key: string): void => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };

  return {
    get(key, tags) {
      const stamp = [EVERYTHING, ...tags].map(stampOf).join(' ');
      const entry = touch(entries, key);
      if (!entry) return Promise.resolve({ text: null, stamp });
      if (entry.stamp === stamp && entry.expiresAt > now()) return Promise.resolve({ text: entry.text, stamp });
      drop(key);
      return Promise.resolve({ text: null, stamp });
    },
    put(key, stamp, ttlS, text) {
      drop(key);
      const entry = { stamp, text, expiresAt: now() + ttlS * 1_000, bytes: 2 * (text.length + key.length) };
      entries.set(key, entry);
      bytes += entry.bytes;
      while (entries.size > maxEntries || bytes > maxBytes) drop(oldestOf(entries));
      return Promise.resolve();
    },
    renew(tags) {
      for (const tag of tags) renewOne(tag);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
