import { createHash, randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import type { Logger } from 'pino';
import { EVERYTHING, type CacheStore } from './cache-store.ts';

/** Above it the database is asked: waiting for a cache must not cost more than not having one. */
const ANSWER_MS = 500;
/** One that did not answer in time is left alone for so long: not every request waits to find out. */
const LEFT_ALONE_MS = 2_000;
/** A tag outlives every entry; one that is gone makes its entries unfindable, which costs a load. */
const TAG_TTL_S = 24 * 3_600;

export interface RedisStoreOptions {
  url: string;
  /** Keeps installations and versions apart that share a Redis. */
  namespace: string;
  logger: Pick<Logger, 'warn' | 'info'>;
}

/** A namespace for one database and one version of the code: what is kept has that version's shape. */
export function cacheNamespace(databaseUrl: string, version: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return createHash('sha256').update(`${host}${pathname} ${version}`).digest('hex').slice(0, 16);
}

/** Keeps texts in Redis, for all API processes. Says once that Redis is away, and once that it is back. */
export function createRedisStore({ url, namespace, logger }: RedisStoreOptions): CacheStore {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    pingInterval: 10_000,
    socket: { connectTimeout: 5_000, socketTimeout: 30_000, reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 5_000) },
  });
  let away = false;
  let leftAloneUntil = 0;
  const say = (error: unknown): void => {
    if (!away) logger.warn({ err: error }, 'Redis is away; lists and details come from the database');
    away = true;
  };
  const sayBack = (): void => {
    if (away) logger.info('Redis is back; lists and details are cached again');
    away = false;
  };
  client.on('error', say);
  client.connect().catch(say);

  /** The client's own time-out counts only until a command is sent. */
  async function ask<T>(operation: () => Promise<T>): Promise<T> {
    if (!client.isReady || Date.now() < leftAloneUntil) throw new Error('Redis is away');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        leftAloneUntil = Date.now() + LEFT_ALONE_MS;
        reject(new Error(`Redis did not answer within ${ANSWER_MS} ms`));
      }, ANSWER_MS);
    });
    try {
      const answer = await Promise.race([operation(), late]);
      sayBack();
      return answer;
    } catch (error) {
      say(error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  const entryKey = (key: string): string => `showrunner:cache:${namespace}:entry:${key}`;
  const tagKey = (tag: string): string => `showrunner:cache:${namespace}:tag:${tag}`;

  /** Tags that nobody has renewed yet, or that were evicted, get a stamp that never was. */
  async function stampsOf(keys: readonly string[], found: readonly (string | null)[]): Promise<string[]> {
    if (found.every((stamp) => stamp !== null)) return found as string[];
    const missing = keys.filter((_, index) => found[index] === null);
    await Promise.all(missing.map((key) => client.set(key, randomUUID(), { condition: 'NX', expiration: { type: 'EX', value: TAG_TTL_S } })));
    const stamps = await client.mGet([...keys]);
    if (stamps.some((stamp) => stamp === null)) throw new Error('Redis keeps nothing: its memory is full');
    return stamps as string[];
  }

  return {
    get: (key, tags) =>
      ask(async () => {
        const keys = [EVERYTHING, ...tags].map(tagKey);
        const [entry, ...found] = await client.mGet([entryKey(key), ...keys]);
        const stamp = (await stampsOf(keys, found)).join(' ');
        const end = entry?.indexOf('\n') ?? -1;
        return { text: entry && end >= 0 && entry.slice(0, end) === stamp ? entry.slice(end + 1) : null, stamp };
      }),
    async put(key, stamp, ttlS, text) {
      await ask(() => client.set(entryKey(key), `${stamp}\n${text}`, { expiration: { type: 'EX', value: ttlS } }));
    },
    async renew(tags) {
      await ask(() => Promise.all(tags.map((tag) => client.set(tagKey(tag), randomUUID(), { expiration: { type: 'EX', value: TAG_TTL_S } }))));
    },
    close() {
      client.destroy();
      return Promise.resolve();
    },
  };
}
