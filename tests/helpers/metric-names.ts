import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Histogram, Registry } from 'prom-client';
import { createChatMetrics } from '../../api/chat/metrics.ts';
import { createApiMetrics } from '../../api/metrics.ts';
import type { Db } from '../../db/client.ts';
import type { StagePool } from '../../media/stage.ts';
import type { Egress } from '../../media/egress/egress.ts';
import { createEgressMetrics } from '../../workers/media/egress-metrics.ts';
import { addMediaMetrics, observeMediaHttp } from '../../workers/media/media-metrics.ts';
import { addStageMetrics } from '../../workers/media/stage-metrics.ts';
import { createWorkerMetrics } from '../../workers/metrics.ts';
import { addMessageMetrics } from '../../workers/shop/message-metrics.ts';
import { addGiftMetrics } from '../../workers/social/gift-metrics.ts';
import { addLedgerMetrics } from '../../workers/social/ledger-metrics.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url)), 'utf8');

/** Names of the metrics for which the dashboard and the alerts ask. */
export function asked(): string[] {
  const text = `${read('grafana/dashboards/showrunner.json')}${read('prometheus/alerts.yml')}`;
  return [...new Set([...text.matchAll(/\b(?:showrunner|temporal|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name))].sort();
}

/** Names under which our processes expose figures, as Prometheus stores them. Nothing is measured. */
export function exposedByUs(): Set<string> {
  const registry = new Registry();
  createChatMetrics(registry);
  addMessageMetrics(registry, {} as Db, []);
  addGiftMetrics(registry, {} as Db);
  addLedgerMetrics(registry, {} as Db);
  addStageMetrics(registry, {} as StagePool);
  addMediaMetrics({ registry, db: {} as Db, hostId: 'host', folder: '/' });
  observeMediaHttp(registry);
  createEgressMetrics(registry).measure({} as Egress, () => 0, () => []);
  const worker = createWorkerMetrics({ consumers: () => 0, attempts: () => 0 });
  const metrics = [registry, worker.registry, createApiMetrics().registry].flatMap((each) => each.getMetricsAsArray());
  return new Set(metrics.flatMap((metric) => (metric instanceof Histogram ? STORED.map((suffix) => `${metric.name}${suffix}`) : [metric.name])));
}

/** What Prometheus makes of a histogram. */
const STORED = ['_bucket', '_sum', '_count'];
