import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMemoryStore } from '../../api/cache-memory.ts';
import { cacheNamespace } from '../../api/cache-redis.ts';
import { EVERYTHING, type CacheStore } from '../../api/cache-store.ts';
import { createCache, type CacheResult } from '../../api/cache-through.ts';
import { changedRow } from '../../domain/names.ts';
import { eventually } from '../helpers/eventually.ts';

/** A load that ends when it is told to. */
function held<T>(): { load: () => Promise<T>; give: (value: T) => void; calls: () => number } {
  let calls = 0;
  let give: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (give = resolve));
  return {
    load: () => {
      calls += 1;
      return promise;
    },
    give,
    calls: () => calls,
  };
}

function watched(store: CacheStore) {
  const results: CacheResult[] = [];
  const cache = createCache(store, { result: (result) => results.push(result), invalidated: () => undefined, failed: () => undefined });
  return { cache, results };
}

const of = <T>(value: T) => (): Promise<T> => Promise.resolve(value);

describe('a cache', () => {
  test('loads once, and again after a change of one of its tags', async () => {
    const { cache, results } = watched(createMemoryStore());
    expect(await cache.through('list', ['a', 'b'], 60, of([1]))).toEqual([1]);
    expect(await cache.through('list', ['a', 'b'], 60, of([2]))).toEqual([1]);
    await cache.invalidate(['c']);
    expect(await cache.through('list', ['a', 'b'], 60, of([3]))).toEqual([1]);
    await cache.invalidate(['b']);
    expect(await cache.through('list', ['a', 'b'], 60, of([4]))).toEqual([4]);
    expect(results).toEqual(['miss', 'hit', 'hit', 'miss']);
  });

  test('keeps null, and nothing that JSON has no word for', async () => {
    const { cache, results } = watched(createMemoryStore());
    await cache.through('none', [], 60, of(null));
    expect(await cache.through('none', [], 60, of(1))).toBeNull();
    await cache.through('nothing', [], 60, of(undefined));
    expect(await cache.through('nothing', [], 60, of(1))).toBe(1);
    expect(results).toEqual(['miss', 'hit', 'miss', 'miss']);
  });

  test('lets those who ask while it loads wait for the same load', async () => {
    const { cache, results } = watched(createMemoryStore());
    const { load, give, calls } = held<number>();
    const asked = Array.from({ length: 50 }, () => cache.through('slow', ['t'], 60, load));
    give(7);
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, () => 7));
    expect(calls()).toBe(1);
    expect(results.filter((result) => result === 'shared')).toHaveLength(49);
  });

  test('never keeps, and never shares with later ones, a load that began before a change', async () => {
    const { cache } = watched(createMemoryStore());
    const old = held<string>();
    const before = cache.through('row', ['row:1'], 60, old.load);
    await eventually(() => old.calls() === 1);
    await cache.invalidate(['row:1']);
    const after = cache.through('row', ['row:1'], 60, of('new'));
    old.give('old');
    expect([await before, await after]).toEqual(['old', 'new']);
    expect(await cache.through('row', ['row:1'], 60, of('newest'))).toBe('new');
  });

  test('hands a failed load to all who waited, and keeps nothing of it', async () => {
    const { cache } = watched(createMemoryStore());
    const failing = (): Promise<never> => Promise.reject(new Error('the database is away'));
    const asked = [cache.through('row', [], 60, failing), cache.through('row', [], 60, failing)];
    for (const one of asked) await expect(one).rejects.toThrow('the database is away');
    expect(await cache.through('row', [], 60, of('there'))).toBe('there');
  });

  test('gives each caller a value of its own', async () => {
    const { cache } = watched(createMemoryStore());
    await cache.through('row', [], 60, of({ tags: ['a'] }));
    (await cache.through('row', [], 60, of({ tags: [] as string[] }))).tags.push('mine');
    expect(await cache.through('row', [], 60, of({ tags: [] as string[] }))).toEqual({ tags: ['a'] });
  });

  test('believes nothing while changes may pass unheard, and starts empty after that', async () => {
    const { cache, results } = watched(createMemoryStore());
    await cache.through('row', ['t'], 60, of(1));
    cache.pause();
    expect(await cache.through('row', ['t'], 60, of(2))).toBe(2);
    await cache.resume();
    expect(await cache.through('row', ['t'], 60, of(3))).toBe(3);
    expect(await cache.through('row', ['t'], 60, of(4))).toBe(3);
    expect(results).toEqual(['miss', 'bypass', 'miss', 'hit']);
  });

  test('stays paused when it is paused again while it resumes', async () => {
    const renewed = held<void>();
    const memory = createMemoryStore();
    const { cache, results } = watched({ ...memory, renew: renewed.load });
    cache.pause();
    const resumed = cache.resume();
    cache.pause();
    renewed.give();
    await resumed;
    await cache.through('row', [], 60, of(1));
    expect(results).toEqual(['bypass']);
  });

  test('loads where the store is away; what changed meanwhile is gone from the store before it is believed again', async () => {
    const memory = createMemoryStore();
    let away = false;
    const unless =
      <A extends unknown[], R>(operation: (...args: A) => Promise<R>) =>
      (...args: A): Promise<R> =>
        away ? Promise.reject(new Error('away')) : operation(...args);
    const { cache, results } = watched({ get: unless(memory.get), put: unless(memory.put), renew: unless(memory.renew), close: memory.close });
    await cache.through('row', ['t'], 60, of('old'));
    away = true;
    expect(await cache.through('row', ['t'], 60, of('from the database'))).toBe('from the database');
    await cache.invalidate(['t']);
    away = false;
    // It tries by itself, once a second.
    await eventually(async () => (await cache.through('row', ['t'], 60, of('new'))) === 'new' && results.at(-1) === 'hit', { timeoutMs: 10_000 });
    expect(results.slice(0, 2)).toEqual(['miss', 'bypass']);
    await cache.close();
  });

  test('never gives what was true only before the last change', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('read' as const), row: fc.integer({ min: 0, max: 3 }), slow: fc.boolean() }),
      fc.record({ kind: fc.constant('change' as const), row: fc.integer({ min: 0, max: 3 }) }),
      fc.constant({ kind: 'finish' as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { cache } = watched(createMemoryStore({ maxEntries: 2 }));
        const rows = [0, 0, 0, 0];
        const waiting: (() => void)[] = [];
        const reads: Promise<void>[] = [];
        for (const taken of steps) {
          if (taken.kind === 'change') {
            rows[taken.row]! += 1;
            await cache.invalidate([`row:${taken.row}`]);
          } else if (taken.kind === 'finish') {
            for (const go of waiting.splice(0)) go();
            await Promise.resolve();
          } else {
            const asked = rows[taken.row]!;
            const load = async (): Promise<number> => {
              const value = rows[taken.row]!;
              if (taken.slow) await new Promise<void>((resolve) => waiting.push(resolve));
              return value;
            };
            reads.push(cache.through(`row:${taken.row}`, [`row:${taken.row}`], 60, load).then((value) => expect(value).toBeGreaterThanOrEqual(asked)));
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
        while (waiting.length > 0) {
          for (const go of waiting.splice(0)) go();
          await new Promise((resolve) => setImmediate(resolve));
        }
        await Promise.all(reads);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the memory store', () => {
  test('drops what is too old', async () => {
    let now = 0;
    const store = createMemoryStore({ now: () => now });
    const { stamp } = await store.get('k', ['t']);
    await store.put('k', stamp, 30, '1');
    now = 29_999;
    expect((await store.get('k', ['t'])).text).toBe('1');
    now = 30_000;
    expect((await store.get('k', ['t'])).text).toBeNull();
  });

  test('drops what was used least recently, by number and by size', async () => {
    const byNumber = createMemoryStore({ maxEntries: 2 });
    const bySize = createMemoryStore({ maxBytes: 250 });
    for (const store of [byNumber, bySize]) {
      for (const key of ['a', 'b']) await store.put(key, (await store.get(key, [])).stamp, 60, 'x'.repeat(50));
      await store.get('a', []);
      await store.put('c', (await store.get('c', [])).stamp, 60, 'x'.repeat(50));
      expect(await Promise.all(['a', 'b', 'c'].map(async (key) => (await store.get(key, [])).text !== null))).toEqual([true, false, true]);
    }
  });

  test('forgets what belongs to a tag that it forgot', async () => {
    const store = createMemoryStore({ maxEntries: 1 });
    const { stamp } = await store.get('k', ['t']);
    await store.put('k', stamp, 60, '1');
    for (let other = 0; other < 10; other++) await store.renew([`other:${other}`]);
    expect((await store.get('k', ['t'])).text).toBeNull();
  });

  test('is emptied as a whole', async () => {
    const store = createMemoryStore();
    for (const key of ['a', 'b']) await store.put(key, (await store.get(key, [key])).stamp, 60, '1');
    await store.renew([EVERYTHING]);
    expect(await Promise.all(['a', 'b'].map(async (key) => (await store.get(key, [key])).text))).toEqual([null, null]);
  });
});

test('databases and versions of the code have caches of their own; a changed password does not matter', () => {
  const one = cacheNamespace('postgres://me:secret@db:5432/live', '1.0.0');
  expect(cacheNamespace('postgres://me:other@db:5432/live', '1.0.0')).toBe(one);
  expect(new Set([one, cacheNamespace('postgres://db:5432/test', '1.0.0'), cacheNamespace('postgres://db:5432/live', '1.0.1')]).size).toBe(3);
});

test('a notice names the row and its workspace', () => {
  expect(changedRow('01-row 02-workspace')).toEqual({ id: '01-row', workspace_id: '02-workspace' });
});
