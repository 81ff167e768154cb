import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../../db/client.ts';
import { measureOutbox, type OutboxBacklog } from '../../db/outbox-backlog.repository.ts';
import { measureTogether } from '../measure-together.ts';

/** Messages that wait, and since when, by the way they go; asked of the database whenever Prometheus asks. */
export function addMessageMetrics(registry: Registry, db: Db, ways: readonly OutboxBacklog['way'][]): void {
  const collect = measureTogether(async () => {
    try {
      for (const { way, waiting: count, oldest_s } of await measureOutbox(db)) {
        if (!ways.includes(way)) continue;
        waiting.set({ way }, count);
        age.set({ way }, oldest_s);
      }
    } catch {
      // Nothing is better than an old number that looks true.
      waiting.reset();
      age.reset();
    }
  });
  const common = { labelNames: ['way'] as const, registers: [registry], collect };
  const age = new Gauge({ ...common, name: 'showrunner_outbox_oldest_seconds', help: 'Age of the oldest message that waits; 0: none does.' });
  const waiting = new Gauge({ ...common, name: 'showrunner_outbox_waiting', help: 'Messages for other systems that are still to be sent.' });
}
