import type { Cache } from './cache.ts';
import { EVERYTHING, type CacheStore } from './cache-store.ts';

/** hit: kept. shared: another one's load. miss: loaded. bypass: the store, or what tells of changes, is away. */
export type CacheResult = 'hit' | 'shared' | 'miss' | 'bypass';

export interface CacheEvents {
  result(result: CacheResult): void;
  invalidated(tags: number): void;
  /** The store did not answer; it says itself that it is away. */
  failed(): void;
}

export interface StoredCache extends Cache {
  /** Changes may pass unheard: nothing that is kept is believed until `resume`. */
  pause(): void;
  /** Empties the cache, then believes it again. */
  resume(): Promise<void>;
}

const RETRY_MS = 1_000;

/**
 * A cache over a store. Where the store is away it loads, and never fails: then what changed meanwhile is not known there, so
 * the store is emptied before it is believed again.
 */
export function createCache(store: CacheStore, events: CacheEvents): StoredCache {
  const flights = new Map<string, Promise<unknown>>();
  /** 0: believed. Each pause has its own number, so that a resume that takes time does not end a later pause. */
  let pause = 0;
  let pauses = 0;
  /** Changes that the store missed. Nothing that it keeps is believed until it was emptied after the last of them. */
  let missed = 0;
  let mended = 0;
  let closed = false;
  let retry: NodeJS.Timeout | null = null;

  async function attempt<T>(operation: () => Promise<T>): Promise<T | null> {
    try {
      return await operation();
    } catch {
      events.failed();
      return null;
    }
  }

  /** One load for all that ask for the same key in the same state of its tags. */
  function load<T>(key: string, stamp: string, from: () => Promise<T>, keep: (value: T) => Promise<void>): Promise<T> {
    const flight = `${key}\n${stamp}`;
    const running = flights.get(flight) as Promise<T> | undefined;
    if (running) {
      events.result('shared');
      return running;
    }
    events.result('miss');
    const started = from();
    flights.set(flight, started);
    const end = (): void => void flights.delete(flight);
    void started.then(keep).then(end, end);
    return started;
  }

  const renew = async (tags: readonly string[]): Promise<boolean> =>
    (await attempt(async () => {
      await store.renew(tags);
      return true;
    })) ?? false;

  /** Empties the store, now or as soon as it takes it. */
  async function empty(): Promise<void> {
    if (closed || retry) return;
    const upTo = missed;
    if (await renew([EVERYTHING])) mended = upTo;
    if (mended === missed || closed) return;
    retry = setTimeout(() => {
      retry = null;
      void empty();
    }, RETRY_MS);
    retry.unref();
  }

  return {
    async through(key, tags, ttlS, from) {
      const found = pause > 0 || mended < missed ? null : await attempt(() => store.get(key, tags));
      if (found && found.text !== null) {
        events.result('hit');
        return JSON.parse(found.text);
      }
      if (!found) {
        events.result('bypass');
        return from();
      }
      return load(key, found.stamp, from, async (value) => {
        const text = JSON.stringify(value);
        if (text !== undefined) await attempt(() => store.put(key, found.stamp, ttlS, text));
      });
    },
    async invalidate(tags) {
      events.invalidated(tags.length);
      if (await renew(tags)) return;
      missed += 1;
      await empty();
    },
    pause() {
      pauses += 1;
      pause = pauses;
    },
    async resume() {
      const ended = pause;
      missed += 1;
      await empty();
      if (pause === ended) pause = 0;
    },
    async close() {
      closed = true;
      if (retry) clearTimeout(retry);
      await store.close();
    },
  };
}
