import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../../db/client.ts';
import { measureOutbox, type OutboxBacklog } from '../../db/outbox-backlog.repository.ts';

/** Messages that wait, and since when, by the way they go; asked of the database whenever Prometheus asks. */
export function addMessageMetrics(registry: Registry, db: Db, ways: readonly OutboxBacklog['way'][]): void {
  const common = { labelNames: ['way'], registers: [registry] };
  const age = new Gauge({ ...common, name: 'showrunner_outbox_oldest_seconds', help: 'Age of the oldest message that waits; 0: none does.' });
  new Gauge({
    ...common,
    name: 'showrunner_outbox_waiting',
    help: 'Messages for other systems that are still to be sent.',
    async collect() {
      try {
        for (const { way, waiting, oldest_s } of await measureOutbox(db)) {
          if (!ways.includes(way)) continue;
          this.set({ way }, waiting);
          age.set({ way }, oldest_s);
        }
      } catch {
        // Nothing is better than an old number that looks true.
        this.reset();
        age.reset();
      }
    },
  });
}
