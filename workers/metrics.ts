import { createServer, type Server } from 'node:http';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LiveEvent } from '../domain/contracts/live-event.ts';

export interface WorkerMetrics {
  registry: Registry;
  committed(events: readonly LiveEvent[], executions: number): void;
}

/** What a worker tells Prometheus. */
export function createWorkerMetrics(gauges: { consumers: () => number; attempts: () => number }): WorkerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const events = new Counter({ name: 'showrunner_events_total', help: 'Events stored, by type.', labelNames: ['type'], registers });
  const batches = new Counter({ name: 'showrunner_event_batches_total', help: 'Transactions that stored events.', registers });
  const fired = new Counter({ name: 'showrunner_executions_total', help: 'Rules that matched.', registers });
  const lag = new Histogram({ name: 'showrunner_event_store_seconds', help: 'From the arrival of an event to its commit.', buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30], registers });
  new Gauge({ name: 'showrunner_consumers', help: 'Livestreams consumed by this process.', registers, collect() { this.set(gauges.consumers()); } });
  new Gauge({ name: 'showrunner_first_attempts', help: 'First attempts under way or waiting.', registers, collect() { this.set(gauges.attempts()); } });
  return {
    registry,
    committed(stored, executions) {
      batches.inc();
      fired.inc(executions);
      const now = Date.now();
      for (const event of stored) {
        events.inc({ type: event.type });
        if (!event.is_history) lag.observe((now - Date.parse(event.received_at)) / 1_000);
      }
    },
  };
}

export interface ServedMetrics {
  registry: Registry;
  /** The Temporal SDK's; null: it has none. */
  sdkMetrics: (() => Promise<string>) | null;
  log: Pick<Logger, 'warn'>;
}

/** Serves /metrics and /health of a worker. */
export function serveMetrics({ registry, sdkMetrics, log }: ServedMetrics, host: string, port: number): Promise<Server> {
  const all = async (): Promise<string> => [await registry.metrics(), (await sdkMetrics?.()) ?? ''].join('');
  const server = createServer((request, response) => {
    if (request.url === '/health') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    } else if (request.url === '/metrics') {
      all().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (error: unknown) => {
          log.warn({ err: error }, 'the metrics could not be read');
          response.writeHead(500).end();
        },
      );
    } else {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
