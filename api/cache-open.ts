import type { Logger } from 'pino';
import { NO_CACHE, type Cache } from './cache.ts';
import { listenForChanges } from './cache-hub.ts';
import { createMemoryStore } from './cache-memory.ts';
import { cacheNamespace, createRedisStore } from './cache-redis.ts';
import { createCache } from './cache-through.ts';
import type { ApiMetrics } from './metrics.ts';

export interface OpenCacheOptions {
  databaseUrl: string;
  /** null: in this process's memory. */
  redisUrl: string | null;
  /** CACHE_TTL_S; 0: nothing is kept. */
  ttlS: number;
  version: string;
  metrics: Pick<ApiMetrics, 'cache'>;
  logger: Logger;
}

/** The cache of one API process: in Redis, shared by all of them, or in memory; emptied of what changes. */
export function openCache({ databaseUrl, redisUrl, ttlS, version, metrics, logger }: OpenCacheOptions): Cache {
  if (ttlS === 0) return NO_CACHE;
  const store = redisUrl === null ? createMemoryStore() : createRedisStore({ url: redisUrl, namespace: cacheNamespace(databaseUrl, version), logger });
  const cache = createCache(store, {
    result: (result) => metrics.cache.requests.inc({ result }),
    invalidated: (tags) => metrics.cache.invalidations.inc(tags),
    failed: () => metrics.cache.failures.inc(),
  });
  return listenForChanges({ cache, databaseUrl, onError: (error) => logger.warn({ err: error }, 'what tells of changed streams lost its connection; nothing is cached until it is back') });
}
