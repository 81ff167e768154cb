import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

export interface ApiMetrics {
  registry: Registry;
  /** Seconds of each answer, by route pattern: ids in paths would make endless series. */
  requests: Histogram<'method' | 'route' | 'status'>;
  /** Webhooks of TikTok Shop by what became of them: new, repeated, or the code of the refusal. */
  shopWebhooks: Counter<'result'>;
  cache: CacheMetrics;
  /** Counts a verb that an app called and that there is not. */
  unknownVerb(name: string): void;
}

export interface CacheMetrics {
  /** hit, shared (another request's load), miss, bypass (the store, or what tells of changes, is away). */
  requests: Counter<'result'>;
  invalidations: Counter;
  /** Times that the store did not answer. */
  failures: Counter;
}

/** Metrics of one API process in a registry of their own. */
export function createApiMetrics({ processMetrics = true } = {}): ApiMetrics {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'showrunner_http_request_duration_seconds',
    help: 'Time from a request to the head of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const shopWebhooks = new Counter({
    name: 'showrunner_shop_webhooks_total',
    help: 'Webhooks of TikTok Shop: new, repeated, or refused with this code.',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  return { registry, requests, cache: cacheMetrics(registry), shopWebhooks, unknownVerb: unknownVerbs(registry) };
}

/** Names come from outside: so many are told apart, the others are "other". */
const MAX_NAMES = 100;

function unknownVerbs(registry: Registry): (name: string) => void {
  const names = new Set<string>();
  const counter = new Counter({ name: 'showrunner_unknown_verbs_total', help: 'Verbs that apps called and that this backend does not have.', labelNames: ['verb'] as const, registers: [registry] });
  return (name) => {
    if (names.size < MAX_NAMES) names.add(name);
    counter.inc({ verb: names.has(name) ? name : 'other' });
  };
}

function cacheMetrics(registry: Registry): CacheMetrics {
  const registers = [registry];
  return {
    requests: new Counter({ name: 'showrunner_cache_requests_total', help: 'Cached lists and details asked for: hit, shared, miss, bypass.', labelNames: ['result'] as const, registers }),
    invalidations: new Counter({ name: 'showrunner_cache_invalidations_total', help: 'Tags of cached lists and details that changed.', registers }),
    failures: new Counter({ name: 'showrunner_cache_failures_total', help: 'Times that the store of the cache did not answer.', registers }),
  };
}
