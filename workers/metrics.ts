import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
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
  new Gauge({ name: 'showrunner_consumers', help: 'Livestreams consumed by this process.', registers, collect() { this.set(gauges.consumers()); } });
  new Gauge({ name: 'showrunner_first_attempts', help: 'First attempts under way or waiting.', registers, collect() { this.set(gauges.attempts()); } });
  return {
    registry,
    committed(stored, executions) {
      batches.inc();
      fired.inc(executions);
      for (const event of stored) events.inc({ type: event.type });
    },
  };
}

/** Serves /metrics and /health of a worker. */
export function serveMetrics(registry: Registry, host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/health') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    } else if (request.url === '/metrics') {
      void registry.metrics().then((text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text));
    } else {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
