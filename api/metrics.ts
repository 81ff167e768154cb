import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

export interface ApiMetrics {
  registry: Registry;
  /** Seconds of each answer, by route pattern: ids in paths would make endless series. */
  requests: Histogram<'method' | 'route' | 'status'>;
  /** Webhooks of TikTok Shop by what became of them: new, repeated, or the code of the refusal. */
  shopWebhooks: Counter<'result'>;
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
  return { registry, requests, shopWebhooks };
}
